namespace Sagan.Native.Kernels;

/// <summary>
/// What a thread brings of one factor from the device's memory to its registers for the next step: elements of two rows, or of four
/// neighbours across, two (TF32) or four float4s.
/// </summary>
struct GpuTensorFetch<TPrecision, TLoader>(TLoader from) where TPrecision : struct, IGpuTensorPrecision where TLoader : struct, IGpuLoader
{
    // Where neighbours lie across, the first serves for all.
    TLoader first = from, second = from;

    public GpuFloat4 V0, V1, V2, V3;

    /// <summary>
    /// Which of 8 places along k a thread takes, and its four outer indices, where neighbours lie across: bits 3, 7, 6 and 5, 4, 2, 1, 0.
    /// </summary>
    public static int Across(int thread) => 4 * ((thread & 7) | ((thread >> 1) & 24));

    /// <inheritdoc cref="Across"/>
    public static int Place(int thread) => ((thread >> 6) & 3) | ((thread >> 1) & 4);

    public void Seek(int entry, int outer, int other)
    {
        first.Seek(entry, outer);
        if (TLoader.AlongK) second.Seek(entry, other);
    }

    /// <summary>
    /// Neighbours along k: V0 from k on and V1 from k + apart on, V2 and V3 of the other row. Across: V0 to V3 at k, k + 1, k + apart, k +
    /// apart + 1.
    /// TF32 has no second part.
    /// </summary>
    public void Load(int k, int apart)
    {
        V0 = first.Load(k);
        if (TLoader.AlongK)
        {
            V2 = second.Load(k);
            if (!TPrecision.Paired) return;
            V1 = first.Load(k + apart);
            V3 = second.Load(k + apart);
        }
        else
        {
            V1 = first.Load(k + 1);
            if (!TPrecision.Paired) return;
            V2 = first.Load(k + apart);
            V3 = first.Load(k + apart + 1);
        }
    }
}
