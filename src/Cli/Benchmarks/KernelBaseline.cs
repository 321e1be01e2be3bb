using System.Globalization;
using System.Text.Json;
using Sagan.Native.IO;
using Sagan.Native.Measuring;

namespace Sagan.Native.Benchmarks;

/// <summary>Earlier timings of kernels, read from what <c>sagan bench kernels --json</c> printed.</summary>
sealed class KernelBaseline
{
    readonly string path;
    readonly KernelMachine machine;
    readonly Dictionary<(string Kernel, string Shape), Samples> samples = [];

    KernelBaseline(string path, KernelMachine machine) => (this.path, this.machine) = (path, machine);

    /// <summary>Throws <see cref="RunFileException"/> where the file is missing or is something else.</summary>
    public static KernelBaseline Read(string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(Content(path));
            JsonElement root = document.RootElement;
            JsonElement threads = root.GetProperty("threads");
            KernelMachine machine = new(Text(root, "device"), Text(root, "processor"),
                threads.ValueKind == JsonValueKind.Null ? null : threads.GetInt32(),
                root.GetProperty("batch").GetInt32(), Setting(root, "matmul_precision"), Setting(root, "convolution"));
            KernelBaseline baseline = new(path, machine);
            foreach (JsonElement k in root.GetProperty("kernels").EnumerateArray())
            {
                (string kernel, string shape) = (Text(k, "kernel"), Text(k, "shape"));
                if (!k.TryGetProperty("samples_ms", out JsonElement times))
                    throw new FormatException($"{kernel} {shape} has no samples_ms; an earlier version measured it: measure it again");
                Samples before = new(times.EnumerateArray().Select(t => 1e-3 * t.GetDouble()));
                if (!baseline.samples.TryAdd((kernel, shape), before)) throw new FormatException($"{kernel} {shape} is there twice");
            }
            return baseline;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException
            or ArgumentException)
        {
            throw new RunFileException($"--baseline {path}: this is not what `{ShellCommand.Of("bench", "kernels", "--json")}` prints: "
                + $"{e.Message}", e);
        }
    }

    static byte[] Content(string path)
    {
        try
        {
            using FileStream file = RegularFile.OpenRead(path);
            byte[] content = new byte[file.Length];
            file.ReadExactly(content);
            return content;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new RunFileException($"--baseline {path}: the file cannot be read: {e.Message}", e);
        }
    }

    // Of what is not as it is by itself.
    static string? Setting(JsonElement root, string key) => root.TryGetProperty(key, out JsonElement set) ? set.GetString() : null;

    static string Text(JsonElement e, string key) => e.GetProperty(key).GetString() ?? throw new FormatException($"{key} is null");

    /// <summary>Throws <see cref="UsageException"/> where the baseline was measured on something else.</summary>
    public void Require(KernelMachine here)
    {
        if (machine != here)
            throw new UsageException($"--baseline {path}: it was measured on another device or with other settings "
                + $"({machine}; now {here}).");
    }

    /// <summary>How long a case took then, or null.</summary>
    public Samples? Of(KernelCase c) => samples.GetValueOrDefault((c.Kernel, c.Shape));

    /// <summary>
    /// Throws <see cref="CheckFailedException"/> with a line for each kernel that is slower than before by more than the fraction, and not
    /// by accident: see <see cref="Samples.IsLongerThan"/>.
    /// </summary>
    public void Check(IReadOnlyCollection<KernelTiming> timings, double fraction)
    {
        (KernelTiming Now, Samples Before)[] both = [.. timings.Where(t => Of(t.Case) != null).Select(t => (t, Of(t.Case)!))];
        if (both.Length == 0) throw new UsageException($"--baseline {path}: it has none of the kernels that were timed.");
        (KernelTiming Now, Samples Before)[] slower = [.. both.Where(b => b.Now.Warm.IsLongerThan(b.Before, fraction))];
        if (slower.Length == 0) return;
        CultureInfo culture = CultureInfo.InvariantCulture;
        string head = string.Create(culture,
            $"bench kernels: {slower.Length} of {both.Length} kernels are slower by more than {100 * fraction:0.##} % than in {path}:");
        throw new CheckFailedException(string.Join('\n', [head, .. slower.Select(s => Line(s.Now, s.Before))]));

        string Line(KernelTiming t, Samples before) => string.Create(culture,
            $"  {t.Case.Name}: {t.Warm}, in the baseline {before}: {100 * (t.Warm.Median / before.Median - 1):+0} %");
    }
}
