using Sagan.Native.Kernels;
using Sagan.Native.Measuring;

namespace Sagan.Native.Ladder;

/// <summary>One form of a kernel on the way from the plainest to the one in the engine.</summary>
/// <param name="Name">What a table calls it.</param>
/// <param name="Adds">What it does that the rung below does not.</param>
/// <param name="Run">Computes the outputs from the inputs; on a GPU, enqueues it.</param>
sealed record Rung(string Name, string Adds, Action<Operands> Run);

/// <summary>All forms of one kernel on one device, for one problem.</summary>
/// <param name="Name">The kernel.</param>
/// <param name="Problem">What is computed, in words.</param>
/// <param name="Device">Where the rungs run.</param>
/// <param name="Shape">Operands and work.</param>
/// <param name="Reference">The definition, on the reference device.</param>
/// <param name="Rungs">From the plainest upwards; the last one is the engine's.</param>
/// <param name="Tolerance">How far results may be from the reference's, relative to their root mean square.</param>
sealed record KernelLadder(string Name, string Problem, Device Device, KernelShape Shape, Action<Operands> Reference,
    IReadOnlyList<Rung> Rungs, double Tolerance);
