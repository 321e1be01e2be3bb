namespace Sagan.Native.Kernels;

/// <summary>a + b.</summary>
public readonly struct AddOp : IBinaryOp
{
    public float Invoke(float a, float b) => a + b;

    public V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => a + b;
}

/// <summary>a - b.</summary>
public readonly struct SubtractOp : IBinaryOp
{
    public float Invoke(float a, float b) => a - b;

    public V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => a - b;
}

/// <summary>a b.</summary>
public readonly struct MultiplyOp : IBinaryOp
{
    public float Invoke(float a, float b) => a * b;

    public V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => a * b;
}

/// <summary>a / b.</summary>
public readonly struct DivideOp : IBinaryOp
{
    public float Invoke(float a, float b) => a / b;

    public V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => a / b;
}

/// <summary>The larger of a and b; NaN when either is NaN.</summary>
public readonly struct MaxOp : IBinaryOp
{
    public float Invoke(float a, float b) => MathF.Max(a, b);

    public V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => V.Max(a, b);
}

/// <summary>a + scale b.</summary>
public readonly record struct AddScaledOp(float Scale) : IBinaryOp
{
    public float Invoke(float a, float b) => a + Scale * b;

    public V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => V.MultiplyAdd(V.Create(Scale), b, a);
}

/// <summary>a + weight (b - a): the exponential moving average of a towards b.</summary>
public readonly record struct LerpOp(float Weight) : IBinaryOp
{
    public float Invoke(float a, float b) => a + Weight * (b - a);

    public V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => V.MultiplyAdd(V.Create(Weight), b - a, a);
}

/// <summary>a &gt; b ? 1 : a == b ? 1/2 : 0: the share of a in the gradient of max(a, b).</summary>
public readonly struct MaxShareOp : IBinaryOp
{
    public float Invoke(float a, float b) => a > b ? 1 : a == b ? 0.5f : 0;

    public V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> =>
        V.Select(V.GreaterThan(a, b), V.Create(1), V.Select(V.EqualTo(a, b), V.Create(0.5f), V.Create(0)));
}

/// <summary>g act'(z) for act = leaky ReLU, told from y = act(z): y &gt; 0 ? g : slope g.</summary>
public readonly record struct LeakyReluGradOp(float Slope) : IBinaryOp
{
    public float Invoke(float g, float y) => y > 0 ? g : Slope * g;

    public V Invoke<V>(V g, V y) where V : unmanaged, ISimd<V> => V.Select(V.GreaterThan(y, V.Create(0)), g, V.Create(Slope) * g);
}

/// <summary>g (1 - y^2): the gradient of tanh, y = tanh z.</summary>
public readonly struct TanhGradOp : IBinaryOp
{
    public float Invoke(float g, float y) => g * (1 - y * y);

    public V Invoke<V>(V g, V y) where V : unmanaged, ISimd<V> => g * (V.Create(1) - y * y);
}

/// <summary>g y (1 - y): the gradient of the sigmoid, y = sigmoid z.</summary>
public readonly struct SigmoidGradOp : IBinaryOp
{
    public float Invoke(float g, float y) => g * (y * (1 - y));

    public V Invoke<V>(V g, V y) where V : unmanaged, ISimd<V> => g * (y * (V.Create(1) - y));
}
