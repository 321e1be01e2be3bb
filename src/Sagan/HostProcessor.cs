using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text;
using System.Text.Json.Nodes;
using Arm = System.Runtime.Intrinsics.Arm;
using X86 = System.Runtime.Intrinsics.X86;

namespace Sagan.Native;

/// <summary>
/// The processor this process runs on, as far as .NET lets it be used: a level switched off by DOTNET_Enable... is not listed.
/// </summary>
sealed record HostProcessor(string Name, int Processors, int VectorBits, IReadOnlyList<string> InstructionSets, long MemoryBytes)
{
    public static HostProcessor Current { get; } = new(
        ReadName(),
        Environment.ProcessorCount,
        Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 0,
        [.. Levels().Where(l => l.Supported).Select(l => l.Name)],
        GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);

    /// <summary>For example <c>AMD Ryzen 7, 16 processors, 256-bit vectors (SSE4.2 AVX2 FMA), 33.5 GB</c>.</summary>
    public override string ToString()
    {
        string levels = string.Join(' ', InstructionSets);
        return string.Create(CultureInfo.InvariantCulture, $"{Name}, {Processors} processors, {VectorBits}-bit vectors ({levels}), "
            + $"{MemoryBytes / 1e9:0.0} GB");
    }

    public JsonObject ToJson() => new()
    {
        ["name"] = Name,
        ["processors"] = Processors,
        ["vectorBits"] = VectorBits,
        ["instructionSets"] = new JsonArray([.. InstructionSets.Select(s => JsonValue.Create(s))]),
        ["memoryBytes"] = MemoryBytes,
    };

    static (string Name, bool Supported)[] Levels() =>
    [
        ("SSE4.2", X86.Sse42.IsSupported),
        ("AVX2", X86.Avx2.IsSupported),
        ("FMA", X86.Fma.IsSupported),
        ("AVX-512", X86.Avx512F.IsSupported),
        ("AdvSimd", Arm.AdvSimd.IsSupported),
        ("Dp", Arm.Dp.IsSupported),
    ];

    /// <summary>The name that an x86 processor gives itself; elsewhere what the system says, or the architecture.</summary>
    static string ReadName()
    {
        if (X86.X86Base.IsSupported && (uint)X86.X86Base.CpuId(unchecked((int)0x80000000), 0).Eax >= 0x80000004)
        {
            Span<int> words = stackalloc int[12];
            for (int i = 0; i < 3; i++)
                (words[4 * i], words[4 * i + 1], words[4 * i + 2], words[4 * i + 3]) = X86.X86Base.CpuId(unchecked((int)0x80000002) + i, 0);
            string name = Encoding.ASCII.GetString(MemoryMarshal.AsBytes(words)).Trim('\0', ' ');
            if (name.Length > 0) return name;
        }
        const string cpuInfo = "/proc/cpuinfo", label = "model name";
        string? line = File.Exists(cpuInfo) ? File.ReadLines(cpuInfo).FirstOrDefault(l => l.StartsWith(label, StringComparison.Ordinal))
            : null;
        return line?[(line.IndexOf(':') + 1)..].Trim() ?? $"{RuntimeInformation.ProcessArchitecture} processor";
    }
}
