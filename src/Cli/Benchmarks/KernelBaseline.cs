using System.Globalization;
using System.Text.Json;
using Sagan.Native.IO;

namespace Sagan.Native.Benchmarks;

/// <summary>Earlier timings of kernels, read from what <c>sagan bench kernels --json</c> printed.</summary>
sealed class KernelBaseline
{
    readonly string path;
    readonly KernelMachine machine;
    readonly Dictionary<(string Kernel, string Shape), double> milliseconds = [];

    KernelBaseline(string path, KernelMachine machine) => (this.path, this.machine) = (path, machine);

    /// <summary>Throws <see cref="RunFileException"/> where the file is missing or is something else.</summary>
    public static KernelBaseline Read(string path)
    {
        try
        {
            using FileStream file = RegularFile.OpenRead(path);
            using JsonDocument document = JsonDocument.Parse(file);
            JsonElement root = document.RootElement;
            JsonElement threads = root.GetProperty("threads");
            KernelMachine machine = new(Text(root, "device"), Text(root, "processor"),
                threads.ValueKind == JsonValueKind.Null ? null : threads.GetInt32(),
                root.GetProperty("batch").GetInt32(),
                    root.TryGetProperty("matmul_precision", out JsonElement precision) ? precision.GetString() : null);
            KernelBaseline baseline = new(path, machine);
            foreach (JsonElement k in root.GetProperty("kernels").EnumerateArray())
            {
                (string kernel, string shape, double ms) = (Text(k, "kernel"), Text(k, "shape"), k.GetProperty("ms").GetDouble());
                if (!(ms > 0)) throw new FormatException($"{kernel} {shape} takes {ms} ms");
                if (!baseline.milliseconds.TryAdd((kernel, shape), ms)) throw new FormatException($"{kernel} {shape} is there twice");
            }
            return baseline;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new RunFileException($"--baseline {path}: the file cannot be read: {e.Message}", e);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new RunFileException($"--baseline {path}: this is not what `{ShellCommand.Of("bench", "kernels", "--json")}` prints: "
                + $"{e.Message}", e);
        }
    }

    static string Text(JsonElement e, string key) => e.GetProperty(key).GetString() ?? throw new FormatException($"{key} is null");

    /// <summary>Throws <see cref="UsageException"/> where the baseline was measured on something else.</summary>
    public void Require(KernelMachine here)
    {
        if (machine != here)
            throw new UsageException($"--baseline {path}: it was measured on another device or with other settings "
                + $"({machine}; now {here}).");
    }

    /// <summary>Milliseconds of a case then, or null.</summary>
    public double? Of(KernelCase c) => milliseconds.TryGetValue((c.Kernel, c.Shape), out double ms) ? ms : null;

    /// <summary>
    /// Throws <see cref="CheckFailedException"/> with a line for each kernel that is slower than before by more than the fraction.
    /// </summary>
    public void Check(IReadOnlyCollection<KernelTiming> timings, double fraction)
    {
        (KernelTiming Now, double Before)[] both = [.. timings.Where(t => Of(t.Case) != null).Select(t => (t, Of(t.Case)!.Value))];
        if (both.Length == 0) throw new UsageException($"--baseline {path}: it has none of the kernels that were timed.");
        (KernelTiming Now, double Before)[] slower = [.. both.Where(b => b.Now.Milliseconds > b.Before * (1 + fraction))];
        if (slower.Length == 0) return;
        CultureInfo culture = CultureInfo.InvariantCulture;
        string head = string.Create(culture,
            $"bench kernels: {slower.Length} of {both.Length} kernels are slower by more than {100 * fraction:0.##} % than in {path}:");
        throw new CheckFailedException(string.Join('\n', [head, .. slower.Select(s => Line(s.Now, s.Before))]));

        string Line(KernelTiming t, double before) => string.Create(culture,
            $"  {t.Case.Name}: {t.Milliseconds:0.0000} ms, in the baseline {before:0.0000} ms "
            + $"({100 * (t.Milliseconds / before - 1):+0} %)");
    }
}
