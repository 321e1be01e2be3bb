namespace Sagan.Native;

// What reads well as a method: y = x.Sum(). Each is the function of Ops of the same name.
public sealed partial class Tensor
{
    /// <summary><see cref="Ops.Sum(Tensor, ReadOnlySpan{int}, bool)"/>.</summary>
    public Tensor Sum(ReadOnlySpan<int> axes = default, bool keepDims = false) => Ops.Sum(this, axes, keepDims);

    /// <summary><see cref="Ops.Sum(Tensor, int, bool)"/>.</summary>
    public Tensor Sum(int axis, bool keepDims = false) => Ops.Sum(this, axis, keepDims);

    /// <summary><see cref="Ops.Mean(Tensor, ReadOnlySpan{int}, bool)"/>.</summary>
    public Tensor Mean(ReadOnlySpan<int> axes = default, bool keepDims = false) => Ops.Mean(this, axes, keepDims);

    /// <summary><see cref="Ops.Mean(Tensor, int, bool)"/>.</summary>
    public Tensor Mean(int axis, bool keepDims = false) => Ops.Mean(this, axis, keepDims);

    /// <summary><see cref="Ops.Var"/>.</summary>
    public Tensor Var(ReadOnlySpan<int> axes = default, bool keepDims = false, int correction = 1) =>
        Ops.Var(this, axes, keepDims, correction);

    /// <summary><see cref="Ops.Max(Tensor, ReadOnlySpan{int}, bool)"/>.</summary>
    public Tensor Max(ReadOnlySpan<int> axes = default, bool keepDims = false) => Ops.Max(this, axes, keepDims);

    /// <summary><see cref="Ops.Max(Tensor, int, bool)"/>.</summary>
    public Tensor Max(int axis, bool keepDims = false) => Ops.Max(this, axis, keepDims);

    /// <summary><see cref="Ops.Min(Tensor, ReadOnlySpan{int}, bool)"/>.</summary>
    public Tensor Min(ReadOnlySpan<int> axes = default, bool keepDims = false) => Ops.Min(this, axes, keepDims);

    /// <summary><see cref="Ops.Min(Tensor, int, bool)"/>.</summary>
    public Tensor Min(int axis, bool keepDims = false) => Ops.Min(this, axis, keepDims);

    /// <summary><see cref="Ops.ArgMax"/>.</summary>
    public IndexTensor ArgMax(int axis = -1) => Ops.ArgMax(this, axis);

    /// <summary><see cref="Ops.ArgMin"/>.</summary>
    public IndexTensor ArgMin(int axis = -1) => Ops.ArgMin(this, axis);

    /// <summary><see cref="Ops.MatMul"/>.</summary>
    public Tensor MatMul(Tensor b, bool transposeA = false, bool transposeB = false) => Ops.MatMul(this, b, transposeA, transposeB);

    /// <summary><see cref="Ops.Permute"/>.</summary>
    public Tensor Permute(params ReadOnlySpan<int> order) => Ops.Permute(this, order);

    /// <summary><see cref="Ops.Transpose"/>.</summary>
    public Tensor Transpose(int a = -2, int b = -1) => Ops.Transpose(this, a, b);

    /// <summary><see cref="Ops.Squeeze(Tensor)"/>.</summary>
    public Tensor Squeeze() => Ops.Squeeze(this);

    /// <summary><see cref="Ops.Squeeze(Tensor, int)"/>.</summary>
    public Tensor Squeeze(int axis) => Ops.Squeeze(this, axis);

    /// <summary><see cref="Ops.Unsqueeze"/>.</summary>
    public Tensor Unsqueeze(int axis) => Ops.Unsqueeze(this, axis);

    /// <summary><see cref="Ops.Flatten"/>.</summary>
    public Tensor Flatten(int start = 0) => Ops.Flatten(this, start);

    /// <summary><see cref="Ops.Clamp"/>.</summary>
    public Tensor Clamp(float low = float.NegativeInfinity, float high = float.PositiveInfinity) => Ops.Clamp(this, low, high);

    /// <summary><see cref="Ops.Exp"/>.</summary>
    public Tensor Exp() => Ops.Exp(this);

    /// <summary><see cref="Ops.Log"/>.</summary>
    public Tensor Log() => Ops.Log(this);

    /// <summary><see cref="Ops.Sqrt"/>.</summary>
    public Tensor Sqrt() => Ops.Sqrt(this);

    /// <summary><see cref="Ops.Square"/>.</summary>
    public Tensor Square() => Ops.Square(this);

    /// <summary><see cref="Ops.Abs"/>.</summary>
    public Tensor Abs() => Ops.Abs(this);

    /// <summary><see cref="Ops.Tanh"/>.</summary>
    public Tensor Tanh() => Ops.Tanh(this);

    /// <summary><see cref="Ops.Sigmoid"/>.</summary>
    public Tensor Sigmoid() => Ops.Sigmoid(this);

    /// <summary><see cref="Ops.Relu"/>.</summary>
    public Tensor Relu() => Ops.Relu(this);

    /// <summary><see cref="Ops.Softmax(Tensor, int)"/>.</summary>
    public Tensor Softmax(int axis = -1) => Ops.Softmax(this, axis);

    /// <summary><see cref="Ops.LogSoftmax"/>.</summary>
    public Tensor LogSoftmax(int axis = -1) => Ops.LogSoftmax(this, axis);
}
