using System.Globalization;
using System.Text.Json;

namespace Sagan.Native.Benchmarks;

/// <summary>Earlier timings of kernels, read from what <c>sagan bench kernels --json</c> printed.</summary>
sealed class KernelBaseline
{
    readonly string path;
    readonly Dictionary<(string Kernel, string Shape), double> milliseconds = [];

    KernelBaseline(string path, KernelMachine machine) => (this.path, Machine) = (path, machine);

    public KernelMachine Machine { get; }

    /// <summary>Throws <see cref="RunFileException"/> where the file is missing or is something else.</summary>
    public static KernelBaseline Read(string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            JsonElement root = document.RootElement;
            int? threads = root.GetProperty("threads").ValueKind == JsonValueKind.Null ? null : root.GetProperty("threads").GetInt32();
            KernelBaseline baseline = new(path, new KernelMachine(Text(root, "device"), Text(root, "processor"), threads, root.GetProperty("batch").GetInt32()));
            foreach (JsonElement k in root.GetProperty("kernels").EnumerateArray())
            {
                double ms = k.GetProperty("ms").GetDouble();
                if (!(ms > 0)) throw new FormatException($"{Text(k, "kernel")} takes {ms} ms");
                if (!baseline.milliseconds.TryAdd((Text(k, "kernel"), Text(k, "shape")), ms)) throw new FormatException($"{Text(k, "kernel")} {Text(k, "shape")} is there twice");
            }
            return baseline;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new RunFileException($"--baseline {path}: the file cannot be read: {e.Message}", e);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new RunFileException($"--baseline {path}: this is not what `sagan bench kernels --json` prints: {e.Message}", e);
        }
    }

    static string Text(JsonElement e, string key) => e.GetProperty(key).GetString() ?? throw new FormatException($"{key} is null");

    /// <summary>Throws <see cref="UsageException"/> where the baseline was measured on something else.</summary>
    public void Require(KernelMachine here)
    {
        if (Machine != here) throw new UsageException($"--baseline {path}: it was measured on another machine or with other settings ({Machine}; now {here}), so times cannot be compared.");
    }

    /// <summary>Milliseconds of a case then, or null.</summary>
    public double? Of(KernelCase c) => milliseconds.TryGetValue((c.Kernel, c.Shape), out double ms) ? ms : null;

    /// <summary>Throws <see cref="CheckFailedException"/> with a line for each kernel that is slower than before by more than the fraction.</summary>
    public void Check(IReadOnlyCollection<KernelTiming> timings, double fraction)
    {
        (KernelTiming Now, double Before)[] both = [.. timings.Where(t => Of(t.Case) != null).Select(t => (t, Of(t.Case)!.Value))];
        if (both.Length == 0) throw new UsageException($"--baseline {path}: it has none of the kernels that were timed.");
        (KernelTiming Now, double Before)[] slower = [.. both.Where(b => b.Now.Milliseconds > b.Before * (1 + fraction))];
        if (slower.Length == 0) return;
        CultureInfo culture = CultureInfo.InvariantCulture;
        IEnumerable<string> lines = slower.Select(s =>
            string.Create(culture, $"  {s.Now.Case.Name}: {s.Now.Milliseconds:0.0000} ms, in the baseline {s.Before:0.0000} ms ({100 * (s.Now.Milliseconds / s.Before - 1):+0} %)"));
        throw new CheckFailedException(string.Create(culture, $"bench kernels: {slower.Length} of {both.Length} kernels are slower by more than {100 * fraction:0.##} % than in {path}:\n")
            + string.Join('\n', lines));
    }
}
