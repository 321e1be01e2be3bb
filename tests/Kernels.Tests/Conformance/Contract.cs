using Sagan.Native.Kernels;

namespace Sagan.Native.Tests.Conformance;

/// <summary>
/// The lines of the contract in Backend.cs, each as a check of one case on one device. A check throws when the line is broken.
/// </summary>
static class Contract
{
    /// <summary>True when the device has the capability that the case needs; a capability is optional.</summary>
    public static bool Offers(Device device, KernelCase c) => c.Capability?.IsInstanceOfType(device.Backend) ?? true;

    /// <summary>
    /// Accuracy: every element of every output within the stated bound of the definition. Returns the largest error relative to its bound.
    /// </summary>
    public static double AgreesWithDefinition(KernelCase c, Device device) =>
        AgreesWithDefinition(c, device, c.Execute(device.Backend, device.Pool.Rent, c.Values()));

    /// <inheritdoc cref="AgreesWithDefinition(KernelCase, Device)"/>
    public static double AgreesWithDefinition(KernelCase c, Device device, float[][] actual)
    {
        float[][] expected = c.Define(c.Values());
        double largest = 0;
        foreach (int i in Written(c))
        {
            double[] bound = c.Bound(c, i, expected[i]);
            (double ratio, int at) = Bounds.Worst(actual[i], expected[i], bound);
            largest = Math.Max(largest, ratio);
            if (ratio > 1)
                Assert.Fail($"{c.Name} on {device}: {c.Operands[i].Name}[{at}] is {actual[i][at]:g9}, " +
                    $"the definition gives {expected[i][at]:g9}, allowed error {bound[at]:g3}.");
        }
        return largest;
    }

    /// <summary>Same inputs, same bits: for 1, 2, 3 and 4 threads, and for a second run.</summary>
    public static void GivesTheSameBitsForAnyThreadCount(KernelCase c, Device device) => SameBits.OnAnyThreads(() =>
    {
        float[][] result = c.Execute(device.Backend, device.Pool.Rent, c.Values());
        return [.. Written(c).Select(i => result[i])];
    });

    /// <summary>
    /// Accuracy; inputs are never written; outputs are fully overwritten, so that what they held before does not show; the same bits again,
    /// also where NaN follows the storages' elements in use; and where an output may be an input, the bits of separate storages. Since a
    /// call takes long on some devices, the first call serves all of these.
    /// </summary>
    public static void IsKept(KernelCase c, Device device)
    {
        // The first call finds NaN in its outputs, the second a number.
        float[][] before = c.Values(), first = c.Execute(device.Backend, device.Pool.Rent, c.Values()),
            second = c.Execute(device.Backend, n => FollowedByNaN(device.Pool, n), Prefilled(c, 12345.678f));
        AgreesWithDefinition(c, device, first);
        AssertSameOutputs(c, first, second, "two calls, with outputs prefilled with NaN and with 12345.678");
        for (int i = 0; i < before.Length; i++)
            if (c.Operands[i].Role == Role.Input) AssertSame(c, i, before[i], first[i], "before and after the call");
        // Each pair alone, and all at once.
        IEnumerable<(int, int)[]> aliases = c.Aliases.Select(pair => new[] { pair });
        foreach ((int, int)[] pairs in c.Aliases.Length > 1 ? aliases.Append(c.Aliases) : aliases)
            AssertSameOutputs(c, first, c.Execute(device.Backend, device.Pool.Rent, c.Values(), pairs), "separate storages and in place");
    }

    static Storage FollowedByNaN(Pool pool, int count)
    {
        const int Tail = 16;
        Storage s = pool.Rent(count + Tail);
        float[] values = new float[count + Tail];
        Array.Fill(values, float.NaN);
        s.CopyFrom(values);
        return s;
    }

    /// <summary>
    /// Nothing outside the blocks is touched (a fault ends the process), nothing after an output's last element is written, and what
    /// follows the last element of an input (NaN, or a number) does not show in the result, which is returned.
    /// </summary>
    public static float[][] StaysInsideItsStorages(KernelCase c, Device device)
    {
        float[][]? first = null;
        foreach ((bool atEnd, float padding) in ((bool, float)[])[(true, float.NaN), (false, 12345.678f)])
        {
            using GuardedMemory memory = new(atEnd, padding);
            float[][] result = c.Execute(device.Backend, memory.Rent, c.Values());
            memory.CheckPadding();
            first ??= result;
            AssertSameOutputs(c, first, result, "storages followed by NaN and by 12345.678");
        }
        return first!;
    }

    /// <summary>Of its intermediate memory a kernel reads only what it has written: NaN in the rest does not show in the result.</summary>
    public static void ReadsNoScratchThatItHasNotWritten(KernelCase c, Device device)
    {
        bool before = ScratchArena.Poisons;
        try
        {
            ScratchArena.Poisons = false;
            float[][] expected = c.Execute(device.Backend, device.Pool.Rent, c.Values());
            ScratchArena.Poisons = true;
            AssertSameOutputs(c, expected, c.Execute(device.Backend, device.Pool.Rent, c.Values()),
                "intermediate memory of any content and of NaN");
        }
        finally
        {
            ScratchArena.Poisons = before;
        }
    }

    public static void GatherNamesAnIndexThatIsOutOfRange(Device device)
    {
        foreach (int bad in (int[])[-1, 5, int.MaxValue])
        {
            Storage x = device.Pool.Rent(15), y = device.Pool.Rent(9), index = device.Pool.Rent(3);
            index.CopyFrom([4, bad, 0]);
            IndexOutOfRangeException e = Assert.Throws<IndexOutOfRangeException>(() =>
                device.Backend.Gather(x, index, y, new GatherSpec(5, 3, 3)));
            Assert.Contains($"{bad}", e.Message, StringComparison.Ordinal);
            foreach (Storage s in (Storage[])[x, y, index]) s.Release();
        }
    }

    static IEnumerable<int> Written(KernelCase c) => Enumerable.Range(0, c.Operands.Length).Where(i => c.Operands[i].Role != Role.Input);

    static float[][] Prefilled(KernelCase c, float value)
    {
        float[][] values = c.Values();
        for (int i = 0; i < values.Length; i++)
            if (c.Operands[i].Role == Role.Output) Array.Fill(values[i], value);
        return values;
    }

    static void AssertSameOutputs(KernelCase c, float[][] a, float[][] b, string between)
    {
        foreach (int i in Written(c)) AssertSame(c, i, a[i], b[i], between);
    }

    static void AssertSame(KernelCase c, int operand, float[] a, float[] b, string between) =>
        SameBits.Assert(a, b, $"{c.Name}: between {between}: {c.Operands[operand].Name}");
}
