namespace Sagan.Native.Kernels;

public sealed unsafe partial class CpuBackend
{
    public void BiasActivationBackward(Storage g, Storage y, Storage dz, Storage dbias, int rows, int columns, Activation act)
    {
        float* pg = Floats(g), py = Floats(y), pz = Floats(dz), pb = Floats(dbias);
        new Span<float>(pb, columns).Clear();
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++)
            {
                long at = (long)i * columns + j;
                float z = act.Kind switch
                {
                    ActivationKind.LeakyRelu => new LeakyReluGradOp(act.Slope).Invoke(pg[at], py[at]),
                    ActivationKind.Tanh => new TanhGradOp().Invoke(pg[at], py[at]),
                    _ => pg[at],
                };
                pz[at] = z;
                pb[j] += z;
            }
    }
}
