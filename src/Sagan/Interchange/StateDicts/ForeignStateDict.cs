using Sagan.Native.IO;
using Sagan.Native.Models;
using Sagan.Native.Modules;

namespace Sagan.Native.Interchange.StateDicts;

/// <summary>
/// State dicts of other programs under the names that the networks here have, which are PyTorch's and heykeetae's own.
/// <code>P.X                                      X                    P: what stands before all names of one network (DataParallel,
/// torch.compile, Lightning, ...)
/// X.parametrizations.W.original            X.W_orig             torch.nn.utils.parametrizations.spectral_norm
/// X.parametrizations.W.0._u, ._v           X.W_u, X.W_v
/// X.W beside X.W_orig                      left out             torch.nn.utils.spectral_norm of PyTorch before 1.0: the divided weight,
/// which gives v</code>
/// Generators of BigGAN-PyTorch and of StudioGAN: see <see cref="BigGanNames"/> and <see cref="StudioGanNames"/>.
/// </summary>
static class ForeignStateDict
{
    const string Parametrizations = ".parametrizations.";

    /// <summary>
    /// The last layer of a network: here and in heykeetae's code, in BigGAN-PyTorch, in StudioGAN. Each network has one, and none has it
    /// further in.
    /// </summary>
    static readonly string[] landmarks = ["last", "output_layer", "conv2d5"];

    /// <summary>
    /// What stands before the names of each network in the file, such as <c>module.</c>, in the file's order; empty where no network is
    /// known.
    /// </summary>
    public static IReadOnlyList<string> Prefixes(TensorFile file)
    {
        List<string> found = [];
        foreach (TensorEntry e in file.Entries)
        {
            string[] parts = e.Name.Split('.');
            int at = Array.FindIndex(parts, p => landmarks.Contains(p));
            string prefix = string.Concat(parts.Take(Math.Max(at, 0)).Select(p => p + "."));
            if (at >= 0 && at < parts.Length - 1 && !found.Contains(prefix)) found.Add(prefix);
        }
        return found;
    }

    /// <summary>The tensors of the file whose names begin with a prefix, under our names.</summary>
    /// <param name="file">Owned from now on.</param>
    /// <param name="prefix">What is taken off; null: what all names begin with, where that is clear.</param>
    public static TensorFile Named(TensorFile file, string? prefix = null)
    {
        string before = prefix ?? (Prefixes(file) is [var only] && file.Entries.All(e => e.Name.StartsWith(only, StringComparison.Ordinal))
            ? only : "");
        HashSet<string> names = [.. file.Entries.Select(e => e.Name)];
        RenamedTensorFile named = new(file, name =>
            !name.StartsWith(before, StringComparison.Ordinal) || names.Contains(name + "_orig") && names.Contains(name + "_u")
                ? null
                : Hooked(name[before.Length..]));
        return BigGanNames.Are(named) ? BigGanNames.Of(named) : StudioGanNames.Are(named) ? StudioGanNames.Of(named) : named;
    }

    /// <summary>Whose spectral norm the names are of; <see cref="SpectralNormKind.None"/> where there is none among them.</summary>
    public static SpectralNormKind SpectralNormOf(TensorFile named) =>
        named.Entries.Any(e => e.Name.EndsWith(".module.weight_bar", StringComparison.Ordinal)) ? SpectralNormKind.Heykeetae
        : named.Entries.Any(e => e.Name.EndsWith(".weight_orig", StringComparison.Ordinal)) ? SpectralNormKind.Torch
        : SpectralNormKind.None;

    /// <summary>Whether a file under our names has what the network needs, and no more.</summary>
    public static bool Fits(TensorFile named, Module network) => StateDict.Problems(named, [.. Expected(named, network)]).Count == 0;

    /// <summary>
    /// Loads a network from a file under our names, all or nothing: see
    /// <see cref="StateDict.Load(TensorFile, IEnumerable{ValueTuple{string, Parameter}}, string)"/>. Where a spectral norm's v is missing,
    /// as PyTorch before 1.0 left it out, it comes from the divided weight (<see cref="DividedWeight"/>), and where that is missing too, v
    /// = l2n(W^T u). A tensor that holds NaN or infinity is refused by name.
    /// </summary>
    public static void Load(TensorFile named, Module network)
    {
        foreach (TensorEntry e in named.Entries.Where(e => !e.Dtype.IsInteger()))
            if (NonFinite.In(named.Read<float>(e.Name)) is { } what)
                throw named.NotConvertible(e, $"has {what}: such weights make no images; take a checkpoint from before its training "
                    + "diverged");
        StateDict.Load(named, Expected(named, network));
        foreach ((string name, SpectralNorm norm, bool hasV) in Norms(named, network))
            // PyTorch's loader solves for v wherever the divided weight is there, even beside a v.
            if (Divisor(named, $"{name}.weight_orig") is { } sigma) norm.SolveV((w, u) => DividedWeight.SolveV(w, u, sigma));
            else if (!hasV) norm.DeriveV();
    }

    // What the file is to have: v only where it has one.
    static IEnumerable<(string Name, Parameter Parameter)> Expected(TensorFile named, Module network)
    {
        HashSet<string> absent = [.. Norms(named, network).Where(n => !n.HasV)
            .SelectMany(n => n.Norm.State().Select(s => $"{n.Name}.{s.Name}")).Where(IsV)];
        return network.State().Where(s => !absent.Contains(s.Name));
    }

    // The spectral norms that keep v, and whose u the file has.
    static IEnumerable<(string Name, SpectralNorm Norm, bool HasV)> Norms(TensorFile named, Module network)
    {
        foreach ((string name, Module module) in network.Descendants())
            if (module is SpectralNorm norm && norm.State().Select(s => $"{name}.{s.Name}").FirstOrDefault(IsV) is { } v
                && named.Contains(v[..^1] + "u"))
                yield return (name, norm, named.Contains(v));
    }

    static bool IsV(string name) => name.EndsWith("weight_v", StringComparison.Ordinal);

    static double? Divisor(TensorFile named, string weight)
    {
        if (named is not RenamedTensorFile renamed || !named.Contains(weight)) return null;
        string own = renamed.Original(weight);
        if (!own.EndsWith("_orig", StringComparison.Ordinal)) return null;
        string divided = own[..^"_orig".Length];
        return renamed.Inner.Contains(divided) ? DividedWeight.Sigma(renamed.Inner.Read<float>(own), renamed.Inner.Read<float>(divided))
            : null;
    }

    // torch.nn.utils.spectral_norm's name of a tensor that torch.nn.utils.parametrizations names.
    static string Hooked(string name)
    {
        int at = name.IndexOf(Parametrizations, StringComparison.Ordinal);
        if (at < 0) return name;
        string layer = name[..at];
        return name[(at + Parametrizations.Length)..].Split('.') switch
        {
            [var weight, "original"] => $"{layer}.{weight}_orig",
            [var weight, "0", "_u"] => $"{layer}.{weight}_u",
            [var weight, "0", "_v"] => $"{layer}.{weight}_v",
            _ => name,
        };
    }
}
