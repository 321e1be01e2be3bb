using Sagan.Native.Configuration;
using Sagan.Native.IO;
using Sagan.Native.Modules;

namespace Sagan.Native.Interchange;

/// <summary>
/// State dicts of other programs under the names that the networks here have, which are PyTorch's and heykeetae's own.
/// <code>module.X                                 X                    DataParallel; stripped once, where all names have it
/// X.parametrizations.W.original            X.W_orig             torch.nn.utils.parametrizations.spectral_norm
/// X.parametrizations.W.0._u, ._v           X.W_u, X.W_v
/// X.W beside X.W_orig                      left out             torch.nn.utils.spectral_norm of PyTorch before 1.0: the divided weight</code>
/// </summary>
static class ForeignStateDict
{
    const string Parallel = "module.", Parametrizations = ".parametrizations.";

    /// <summary>The same file under our names.</summary>
    public static TensorFile Named(TensorFile file)
    {
        bool parallel = file.Entries.Count > 0 && file.Entries.All(e => e.Name.StartsWith(Parallel, StringComparison.Ordinal));
        HashSet<string> names = [.. file.Entries.Select(e => e.Name)];
        return new RenamedTensorFile(file, name =>
        {
            if (names.Contains(name + "_orig") && names.Contains(name + "_u")) return null;
            return Hooked(parallel ? name[Parallel.Length..] : name);
        });
    }

    /// <summary>Whose spectral norm the names are of; <see cref="SpectralNormKind.None"/> where there is none among them.</summary>
    public static SpectralNormKind SpectralNormOf(TensorFile named) =>
        named.Entries.Any(e => e.Name.EndsWith(".module.weight_bar", StringComparison.Ordinal)) ? SpectralNormKind.Heykeetae
        : named.Entries.Any(e => e.Name.EndsWith(".weight_orig", StringComparison.Ordinal)) ? SpectralNormKind.Torch
        : SpectralNormKind.None;

    /// <summary>
    /// Loads a network from a file under our names, all or nothing: see <see cref="StateDict.Load(TensorFile, IEnumerable{ValueTuple{string, Parameter}},
    /// string)"/>. Where a spectral norm's v is missing, as PyTorch before 1.0 left it out, v = l2n(W^T u).
    /// </summary>
    public static void Load(TensorFile named, Module network)
    {
        List<SpectralNorm> derived = [];
        HashSet<string> absent = [];
        foreach ((string name, Module module) in network.Descendants())
        {
            if (module is not SpectralNorm norm) continue;
            string? v = norm.State().Select(s => $"{name}.{s.Name}").FirstOrDefault(n => n.EndsWith("weight_v", StringComparison.Ordinal));
            if (v == null || named.Contains(v) || !named.Contains(v[..^1] + "u")) continue;
            derived.Add(norm);
            absent.Add(v);
        }
        StateDict.Load(named, network.State().Where(s => !absent.Contains(s.Name)));
        foreach (SpectralNorm norm in derived) norm.DeriveV();
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
