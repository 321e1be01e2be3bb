using Sagan.Native.Kernels;
using Sagan.Native.Tests.Sanitizer;

namespace Sagan.Native.Tests.Conformance;

/// <summary>
/// The GPU's kernels, under the sanitizer, held to the contract of Backend.cs: with the tiles of large GPUs, at sizes that threads taking
/// turns can do.
/// </summary>
public sealed class GpuConformanceTests
{
    static readonly Device Gpu = SanitizerQueue.Device(prefersSmallTiles: false),
        SmallTiles = SanitizerQueue.Device(prefersSmallTiles: true);

    // Kernels without barriers are quick; where threads take turns at barriers, a large case takes seconds.
    static readonly string[] Quick = ["Fill", "Copy", "Map", "Zip", "RandomUniform", "RandomNormal"];

    static bool IsSmall(KernelCase c) => c.Operands.Sum(o => (long)o.Count) < (Quick.Contains(c.Method) ? 250_000 : 20_000);

    // A product with scale, bias and activation is the kernel of the plain product, told other numbers; with tanh it is another. So of the
    // larger ones two are enough beside the plain, and the small ones are all there.
    static bool IsRepetition(KernelCase c) => c.Capability == typeof(IFusedBias) &&
        c.Method != nameof(IFusedBias.BiasActivationBackward) && c.Operands.Sum(o => (long)o.Count) > 1000 &&
        !c.Sizes.EndsWith(" scale bias leaky 0.1", StringComparison.Ordinal) &&
        !c.Sizes.EndsWith(" scale bias Tanh", StringComparison.Ordinal) ||
        // A row of top-k meets at a hundred barriers, whatever it holds: each size once, with ties.
        (c.Method == nameof(Backend.TopKMask) && KernelCases.All.Any(o => o.Name == c.Name + " of ties"));

    public static TheoryData<string> All => KernelCases.Names(c => IsSmall(c) && !IsRepetition(c));

    public static TheoryData<string> Products => KernelCases.Names(c => IsSmall(c) && c.Capability == null &&
        (c.Method.Contains("MatMul", StringComparison.Ordinal) || c.Method.Contains("Conv", StringComparison.Ordinal)));

    [Theory, MemberData(nameof(All))]
    public void Keeps_the_contract(string name) => Contract.IsKept(KernelCases.Named(name), Gpu);

    [Theory, MemberData(nameof(Products))]
    public void Agrees_with_the_definition_in_small_tiles(string name) =>
        Contract.AgreesWithDefinition(KernelCases.Named(name), SmallTiles);

    [Fact]
    public void Gather_names_an_index_that_is_out_of_range() => Contract.GatherNamesAnIndexThatIsOutOfRange(Gpu);
}
