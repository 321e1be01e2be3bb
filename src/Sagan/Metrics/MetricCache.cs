using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Sagan.Native.IO;
using Sagan.Native.Kernels;

namespace Sagan.Native.Metrics;

/// <summary>
/// A folder that keeps what metrics compute again and again: the features of reference sets, and trained stand-in networks. A file's name
/// is a hash of what it is for, its content carries that in full and a hash of the values, and it is written whole or not at all; a file
/// that is damaged or that cannot be read or written costs a warning and the time to compute its content again, never an error.
/// </summary>
/// <param name="folder">Made when something is first kept in it.</param>
/// <param name="warn">Told of files that are no good.</param>
public sealed class MetricCache(string folder, Action<string>? warn = null)
{
    const string KeyEntry = "sagan.key", HashEntry = "sagan.sha256", FeaturesEntry = "features", LogitsEntry = "logits";

    /// <summary>The folder.</summary>
    public string Folder => folder;

    /// <summary>
    /// <c>$SAGAN_CACHE</c>, else <c>$XDG_CACHE_HOME/sagan</c>, else <c>sagan</c> among the user's local application data.
    /// </summary>
    public static string DefaultFolder(Func<string, string?>? variable = null)
    {
        variable ??= Environment.GetEnvironmentVariable;
        if (variable("SAGAN_CACHE") is { Length: > 0 } own) return own;
        if (variable("XDG_CACHE_HOME") is { Length: > 0 } cache) return Path.Combine(cache, "sagan");
        string local = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData,
            Environment.SpecialFolderOption.DoNotVerify);
        return Path.Combine(local.Length > 0 ? local : Path.GetTempPath(), "sagan");
    }

    /// <summary>
    /// The features of <paramref name="count"/> images, [count, width] with [count, classes] logits: kept ones, or else computed and kept.
    /// </summary>
    /// <param name="key">Data, images and network: whatever the features depend on.</param>
    /// <param name="count">Number of images.</param>
    /// <param name="network">Gives width and number of classes.</param>
    /// <param name="compute">Called where there is nothing to read.</param>
    public Features Features(string key, int count, FeatureNetwork network, Func<Features> compute)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(compute);
        key = $"features 1|{network.Key}|{key}|{count}";
        Features? kept = null;
        Read("features", key, file => kept = new Features(Values(file, FeaturesEntry, count, network.Width), network.Width,
            network.Classes == 0 ? null : Values(file, LogitsEntry, count, network.Classes)));
        if (kept != null) return kept;
        Features f = compute();
        Write("features", key, file =>
        {
            Add(file, FeaturesEntry, new Shape(f.Count, f.Width), f.Values);
            if (f.Logits != null) Add(file, LogitsEntry, new Shape(f.Count, f.Classes), f.Logits);
        });
        return f;
    }

    /// <summary>Fills parameters with kept values, or else by <paramref name="compute"/>, and keeps them.</summary>
    public void Parameters(string key, IReadOnlyList<(string Name, Parameter Parameter)> state, Action compute)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(compute);
        key = $"network 1|{key}";
        bool found = Read("network", key, file =>
        {
            float[][] values = [.. state.Select(s => Values(file, s.Name, s.Parameter.Shape.Count))];
            for (int i = 0; i < values.Length; i++) state[i].Parameter.Assign(values[i]);
        });
        if (found) return;
        compute();
        Write("network", key, file =>
        {
            foreach ((string name, Parameter p) in state) Add(file, name, new Shape(p.Shape.Count), p.Value.ToArray());
        });
    }

    string PathOf(string kind, string key) => Path.Combine(folder, $"{kind}-{Hash(Encoding.UTF8.GetBytes(key))[..32]}.safetensors");

    bool Read(string kind, string key, Action<SafetensorsReader> use)
    {
        string path = PathOf(kind, key);
        if (!File.Exists(path)) return false;
        try
        {
            using SafetensorsReader file = new(path);
            if (file.Metadata.GetValueOrDefault(KeyEntry) != key) throw new RunFileException("it is not what its name says");
            use(file);
            return true;
        }
        catch (Exception e) when (e is SafetensorsException or SaganException or IOException or UnauthorizedAccessException)
        {
            warn?.Invoke($"{path}: the cached file is no good and its content is computed again: {e.Message}");
            return false;
        }
    }

    void Write(string kind, string key, Action<SafetensorsWriter> fill)
    {
        string path = PathOf(kind, key);
        try
        {
            Directory.CreateDirectory(folder);
            SafetensorsWriter file = new();
            file.Metadata[KeyEntry] = key;
            fill(file);
            file.Save(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            warn?.Invoke($"{path}: cannot be written, so it will be computed again next time: {e.Message}");
        }
    }

    static void Add(SafetensorsWriter file, string name, Shape shape, float[] values)
    {
        file.Add(name, shape, values);
        file.Metadata[$"{HashEntry}.{name}"] = Hash(MemoryMarshal.AsBytes<float>(values));
    }

    // Checked against what is expected before anything is allocated, and against its hash after.
    static float[] Values(SafetensorsReader file, string name, params long[] shape)
    {
        if (!file[name].Shape.SequenceEqual(shape))
            throw new RunFileException($"'{name}' is [{string.Join(", ", file[name].Shape)}], expected [{string.Join(", ", shape)}]");
        float[] values = file.Read<float>(name);
        if (file.Metadata.GetValueOrDefault($"{HashEntry}.{name}") != Hash(MemoryMarshal.AsBytes<float>(values)))
            throw new RunFileException($"the values of '{name}' are not the ones that were written");
        return values;
    }

    static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
