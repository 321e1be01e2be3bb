using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

/// <summary>
/// The activation of a fused kernel, chosen at run time: all threads take the same branch, so one compiled kernel serves every activation
/// at the cost of a predicate. A field of kernels; the host makes it.
/// </summary>
readonly struct GpuActivation
{
    // Not the enum, so that the kernel's parameters are plain numbers.
    const int LeakyRelu = (int)ActivationKind.LeakyRelu, Tanh = (int)ActivationKind.Tanh;

    readonly int kind;
    readonly float slope;

    public GpuActivation(Activation act)
    {
        if (act.Kind is not (ActivationKind.None or ActivationKind.LeakyRelu or ActivationKind.Tanh))
            throw new ArgumentOutOfRangeException(nameof(act), act.Kind, "this activation is unknown.");
        (kind, slope) = ((int)act.Kind, act.Slope);
    }

    /// <summary>True where act(z) = z: then y need not be read for the gradient.</summary>
    public bool IsNone => kind == (int)ActivationKind.None;

    /// <summary>act(z).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(float z)
    {
        if (kind == LeakyRelu) return new LeakyReluOp(slope).Invoke(z);
        return kind == Tanh ? SimdMath.Tanh(new GpuLane(z)).Value : z;
    }

    /// <summary>g act'(z), told from y = act(z).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Gradient(float g, float y)
    {
        if (kind == LeakyRelu) return new LeakyReluGradOp(slope).Invoke(g, y);
        return kind == Tanh ? g * (1 - y * y) : g;
    }

    /// <summary>act of four neighbours.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuFloat4 Apply(GpuFloat4 z) => new(Apply(z.X), Apply(z.Y), Apply(z.Z), Apply(z.W));

    /// <summary>g act'(z) of four neighbours.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuFloat4 Gradient(GpuFloat4 g, GpuFloat4 y) =>
        new(Gradient(g.X, y.X), Gradient(g.Y, y.Y), Gradient(g.Z, y.Z), Gradient(g.W, y.W));
}
