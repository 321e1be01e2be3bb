namespace Sagan.Native.Kernels;

/// <summary>a + b.</summary>
readonly struct AddOp : IBinaryOp
{
    public float Invoke(float a, float b) => a + b;

    public V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => a + b;
}

/// <summary>a - b.</summary>
readonly struct SubtractOp : IBinaryOp
{
    public float Invoke(float a, float b) => a - b;

    public V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => a - b;
}

/// <summary>a b.</summary>
readonly struct MultiplyOp : IBinaryOp
{
    public float Invoke(float a, float b) => a * b;

    public V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => a * b;
}

/// <summary>a / b.</summary>
readonly struct DivideOp : IBinaryOp
{
    public float Invoke(float a, float b) => a / b;

    public V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => a / b;
}

/// <summary>The larger of a and b; NaN when either is NaN.</summary>
readonly struct MaxOp : IBinaryOp
{
    public float Invoke(float a, float b) => MathF.Max(a, b);

    public V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => V.Max(a, b);
}

/// <summary>a + scale b.</summary>
readonly record struct AddScaledOp(float Scale) : IBinaryOp
{
    public float Invoke(float a, float b) => a + Scale * b;

    public V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => V.MultiplyAdd(V.Create(Scale), b, a);
}

/// <summary>a + weight (b - a): the exponential moving average of a towards b.</summary>
readonly record struct LerpOp(float Weight) : IBinaryOp
{
    public float Invoke(float a, float b) => a + Weight * (b - a);

    public V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => V.MultiplyAdd(V.Create(Weight), b - a, a);
}

/// <summary>
/// a &lt; b ? 0 : a == b ? 1/2 : 1: the share of a in the gradient of max(a, b). Where either is NaN both have all of it.
/// </summary>
readonly struct MaxShareOp : IBinaryOp
{
    public float Invoke(float a, float b) => b > a ? 0 : a == b ? 0.5f : 1;

    public V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> =>
        V.Select(V.GreaterThan(b, a), V.Create(0), V.Select(V.EqualTo(a, b), V.Create(0.5f), V.Create(1)));
}

/// <summary>share == 0 ? 0 : share g: a part of a gradient, of which nothing is nothing, also where g is infinite or NaN.</summary>
readonly struct ShareOp : IBinaryOp
{
    public float Invoke(float g, float share) => share == 0 ? 0 : share * g;

    public V Invoke<V>(V g, V share) where V : unmanaged, ISimd<V> => V.Select(V.EqualTo(share, V.Create(0)), V.Create(0), share * g);
}

/// <summary>
/// g act'(z) for act = leaky ReLU, told from y = act(z): y &lt;= 0 ? slope g : g, with 0 for slope g where slope is 0, whatever g. So a NaN
/// among the y passes g on, as PyTorch's ReLU does (its leaky ReLU gives slope g there).
/// </summary>
readonly record struct LeakyReluGradOp(float Slope) : IBinaryOp
{
    public float Invoke(float g, float y) => 0 >= y ? Slope == 0 ? 0 : Slope * g : g;

    public V Invoke<V>(V g, V y) where V : unmanaged, ISimd<V> =>
        V.Select(V.GreaterThanOrEqual(V.Create(0), y), Slope == 0 ? V.Create(0) : V.Create(Slope) * g, g);
}

/// <summary>g (1 - y^2): the gradient of tanh, y = tanh z.</summary>
readonly struct TanhGradOp : IBinaryOp
{
    public float Invoke(float g, float y) => g * (1 - y * y);

    public V Invoke<V>(V g, V y) where V : unmanaged, ISimd<V> => g * (V.Create(1) - y * y);
}

/// <summary>g y (1 - y): the gradient of the sigmoid, y = sigmoid z.</summary>
readonly struct SigmoidGradOp : IBinaryOp
{
    public float Invoke(float g, float y) => g * (y * (1 - y));

    public V Invoke<V>(V g, V y) where V : unmanaged, ISimd<V> => g * (y * (V.Create(1) - y));
}
