namespace Sagan.Native.Training;

/// <summary>What a discriminator update is computed from.</summary>
/// <param name="Real">[N,H,W,C] in [-1, 1].</param>
/// <param name="Z">[N, ZDim].</param>
public sealed record DiscriminatorInput(Tensor Real, Tensor Z)
{
    /// <summary>[N] uniform in [0, 1), for losses with a gradient penalty.</summary>
    public Tensor? Alpha { get; init; }

    /// <summary>[N,H,W,C] uniform in [0, 1), for the penalty of dragan.</summary>
    public Tensor? Noise { get; init; }

    /// <summary>[N, ZDim] near Z, for consistency under changes of the latent vector.</summary>
    public Tensor? NearZ { get; init; }

    /// <summary>Classes of the real images, in a conditional model.</summary>
    public int[]? RealClasses { get; init; }

    /// <summary>Classes that the fakes are to be of, in a conditional model.</summary>
    public int[]? FakeClasses { get; init; }

    /// <summary>Number of the update: what augmentation draws depends on it.</summary>
    public long Draw { get; init; }

    /// <summary>Part number i of k equal ones.</summary>
    internal DiscriminatorInput Part(int i, int k)
    {
        if (k == 1) return this;
        int n = Real.Shape[0] / k;
        return this with
        {
            Real = Ops.Slice(Real, 0, i * n, n),
            Z = Ops.Slice(Z, 0, i * n, n),
            NearZ = NearZ == null ? null : Ops.Slice(NearZ, 0, i * n, n),
            Alpha = Alpha == null ? null : Ops.Slice(Alpha, 0, i * n, n),
            Noise = Noise == null ? null : Ops.Slice(Noise, 0, i * n, n),
            RealClasses = RealClasses?[(i * n)..((i + 1) * n)],
            FakeClasses = FakeClasses?[(i * n)..((i + 1) * n)],
            Draw = Draw * k + i,
        };
    }

    /// <summary>The same with some real images, and their classes, replaced by the fakes beside them.</summary>
    internal DiscriminatorInput Deceived(Tensor fake, bool[] replaced)
    {
        int n = Real.Shape[0];
        Tensor all = Ops.Concat(Real, fake).Reshape(2 * n, -1);
        IndexTensor chosen = IndexTensor.From([.. Enumerable.Range(0, n).Select(i => replaced[i] ? n + i : i)], Real.Device);
        return this with
        {
            Real = Ops.Reshape(Ops.Gather(all, chosen), Real.Shape),
            RealClasses = RealClasses == null ? null
                : [.. Enumerable.Range(0, n).Select(i => replaced[i] ? FakeClasses![i] : RealClasses[i])],
        };
    }
}
