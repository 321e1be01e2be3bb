using Sagan.Native.Kernels;

namespace Sagan.Native.Ladder;

/// <summary>The threads of rungs on all cores: as many as the engine's, which they are compared with.</summary>
static class Cores
{
    public static ParallelOptions All => new() { MaxDegreeOfParallelism = WorkerPool.Threads };
}
