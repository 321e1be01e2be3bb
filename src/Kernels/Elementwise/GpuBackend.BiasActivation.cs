namespace Sagan.Native.Kernels;

public sealed partial class GpuBackend
{
    /// <inheritdoc cref="IFusedBias.BiasActivationBackward"/>
    public void BiasActivationBackward(Storage g, Storage y, Storage dz, Storage? dbias, int rows, int columns, Activation act)
    {
        int n = rows * columns;
        if (act.Kind == ActivationKind.None || n == 0)
        {
            if (!ReferenceEquals(g, dz)) Copy(g, dz, n);
            if (dbias == null) return;
            if (n == 0) Fill(dbias, columns, 0);
            else SumAxis(g, dbias, 1, rows, columns);
        }
        else if (dbias == null)
        {
            Shape all = new(n);
            if (act.Kind == ActivationKind.Tanh) Zip(g, y, dz, new BroadcastSpec(all, all, all), new TanhGradOp());
            else Zip(g, y, dz, new BroadcastSpec(all, all, all), new LeakyReluGradOp(act.Slope));
        }
        else if (columns % 4 == 0)
            SumColumns<GpuActivationGradTerms4, GpuSum4, GpuFloat4>(
                new GpuActivationGradTerms4(Float4s(g), Float4s(y), Float4s(dz), new GpuActivation(act)), dbias, 1, rows, columns / 4, 4);
        else
            SumColumns<GpuActivationGradTerms, GpuSum, float>(
                new GpuActivationGradTerms(Floats(g), Floats(y), Floats(dz), new GpuActivation(act)), dbias, 1, rows, columns, 1);
    }
}
