using Sagan.Native.Interchange.Torch;
using Sagan.Native.IO;

namespace Sagan.Native.Tests.Interchange;

/// <summary>
/// Damaged .pth files of both containers, from a fixed seed. Each is either read in full or refused with a <see cref="SaganException"/>,
/// and none takes much more memory than its size.
/// </summary>
[Quick]
public class PthFuzzTests
{
    static void Check(byte[] file, string what)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            using PthReader r = new(new MemoryStream(file), "fuzz");
            foreach (TensorEntry e in r.Entries)
            {
                Assert.InRange(e.Count * e.Dtype.Size(), 0, file.Length);
                Assert.Equal(e.Count, r.Read<double>(e.Name).Length);
            }
        }
        catch (SaganException e)
        {
            Assert.InRange(e.Message.Length, 20, 3000);
            Assert.True(e.Message.All(c => !char.IsControl(c)), $"{what}: control characters in {e.Message}");
        }
        catch (Exception e) when (e is not Xunit.Sdk.XunitException)
        {
            throw new InvalidOperationException($"{what}: {e.GetType().Name} instead of a SaganException", e);
        }
        // Opening a zip costs some 20 kB and an exception 10 kB. Measured for whole files: 22 times their size, most of it the conversion
        // to double.
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < 300_000 + 50L * file.Length, $"{what}: {allocated} bytes allocated for a file of {file.Length}");
    }

    [Theory]
    [InlineData("zip", 1)]
    [InlineData("stream", 2)]
    [InlineData("nested", 3)]
    [InlineData("nested_stream", 4)]
    public void Damage_is_refused_or_harmless(string name, int seed)
    {
        byte[] whole = InterchangeGolden.File($"pth/{name}.pth");
        Random random = new(seed);
        for (int i = 0; i < 1500; i++)
        {
            byte[] file = [.. whole];
            int flips = 1 << random.Next(5);
            for (int k = 0; k < flips; k++) file[random.Next(file.Length)] ^= (byte)(1 << random.Next(8));
            Check(file, $"{name}, damage {i}");
        }
        for (int i = 0; i < 300; i++) Check(whole[..random.Next(whole.Length)], $"{name}, truncation {i}");
        for (int i = 0; i < 300; i++)
        {
            byte[] file = [.. whole];
            int from = random.Next(file.Length), count = Math.Min(random.Next(1, 9), file.Length - from);
            file.AsSpan(from, count).Fill((byte)(random.Next(2) * 255));
            Check(file, $"{name}, fill {i}");
        }
    }
}
