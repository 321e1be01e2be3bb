using Sagan.Native.Kernels;

namespace Sagan.Native.Tests.Conformance;

/// <summary>
/// Every primitive and every fused kernel at ordinary, odd, empty and SAGAN's sizes. A test fails when one has no line here.
/// </summary>
static partial class KernelCases
{
    public static IReadOnlyList<KernelCase> All => field ??=
        [.. Elementwise(), .. Functions(), .. Broadcasts(), .. Axes(), .. MatMuls(), .. Convolutions(), .. Images(), .. TopKs(),
        .. Tables(), .. Randoms(),
        .. Attentions(), .. BatchNorms(), .. BiasActivations(), .. Residuals(), .. SpectralNorms(), .. Adams(), .. NonFinite(), .. Empty()];

    /// <summary>
    /// For a theory: each case under its name, optionally only those that pass the filter. Small ones are quick, where the device is.
    /// </summary>
    public static TheoryData<string> Names(Func<KernelCase, bool>? filter = null, bool areQuick = true)
    {
        const int Small = 2000;
        TheoryData<string> rows = [];
        foreach (KernelCase c in All.Where(c => filter?.Invoke(c) ?? true))
        {
            TheoryDataRow<string> row = new(c.Name);
            bool isQuick = areQuick && c.Operands.Sum(o => (long)o.Count) < Small;
            rows.Add(isQuick ? row.WithTrait(QuickAttribute.Category, QuickAttribute.Quick) : row);
        }
        return rows;
    }

    public static KernelCase Named(string name) => ByName[name];

    static Dictionary<string, KernelCase> ByName => field ??= All.ToDictionary(c => c.Name);

    // Around the vector widths 4, 8 and 16, and one that is shared among threads.
    static readonly int[] Lengths = [0, 1, 3, 5, 15, 16, 17, 33, 1000, 70_001];
}
