using static Sagan.Native.Kernels.GpuViews;

namespace Sagan.Native.Kernels;

/// <summary>Launches BiasActivationBackward.</summary>
static class GpuBiasActivation
{
    /// <inheritdoc cref="IFusedBias.BiasActivationBackward"/>
    public static void BiasActivationBackward(GpuContext gpu, Storage g, Storage y, Storage dz, Storage? dbias, int rows, int columns,
        Activation act)
    {
        int n = rows * columns;
        if (act.Kind == ActivationKind.None || n == 0)
        {
            if (!ReferenceEquals(g, dz)) GpuElementwise.Copy(gpu, g, dz, n);
            if (dbias == null) return;
            if (n == 0) GpuElementwise.Fill(gpu, dbias, columns, 0);
            else GpuSum.SumAxis(gpu, g, dbias, 1, rows, columns);
        }
        else if (dbias == null)
        {
            Shape all = new(n);
            if (act.Kind == ActivationKind.Tanh) GpuZip.Zip(gpu, g, y, dz, new BroadcastSpec(all, all, all), new TanhGradOp());
            else GpuZip.Zip(gpu, g, y, dz, new BroadcastSpec(all, all, all), new LeakyReluGradOp(act.Slope));
        }
        else if (columns % 4 == 0)
            GpuSum.SumColumns<GpuActivationGradTerms4, GpuCompensatedSum4, GpuFloat4>(gpu,
                new GpuActivationGradTerms4(Float4s(g), Float4s(y), Float4s(dz), new GpuActivation(act)), dbias, 1, rows, columns / 4, 4);
        else
            GpuSum.SumColumns<GpuActivationGradTerms, GpuCompensatedSum, float>(gpu,
                new GpuActivationGradTerms(Floats(g), Floats(y), Floats(dz), new GpuActivation(act)), dbias, 1, rows, columns, 1);
    }
}
