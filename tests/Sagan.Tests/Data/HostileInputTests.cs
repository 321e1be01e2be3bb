using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Compression;
using System.IO.Hashing;
using Sagan.Native.Data;
using Sagan.Native.Data.Images;
using Sagan.Native.Tests.Images;

namespace Sagan.Native.Tests.Data;

/// <summary>
/// Thousands of damaged files of every format from fixed seeds: each is read, or refused by a <see cref="DataException"/> that names the
/// file; never another exception, a hang, or memory out of proportion to the file.
/// </summary>
public class HostileInputTests
{
    const string Name = "hostile.file";

    /// <summary>
    /// Memory a small file may ask for: a palette picture of 1 bit per pixel packs 1032 * 8 pixels of 4 bytes into one byte of a file.
    /// </summary>
    const long AnyFile = 2_000_000, PerByte = 40_000;
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    static readonly uint[] Extremes = [0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x00010000, 0x0000FFFF];

    [Fact]
    public void Png()
    {
        byte[][] corpus = [.. ImageGolden.Names("png", ".png").Select(n => ImageGolden.File($"png/{n[0]}.png"))];
        (int read, int refused) = Attack(corpus, 6000, 1, FixChecksums, file => ImageFile.Decode(file, Name));
        Assert.True(read > 50 && refused > 3000, $"{read} read, {refused} refused");
    }

    [Fact]
    public void Jpeg()
    {
        byte[][] corpus = [.. ImageGolden.Names("jpeg", ".jpg").Select(n => ImageGolden.File($"jpeg/{n[0]}.jpg"))];
        (int read, int refused) = Attack(corpus, 6000, 2, file => file, file => ImageFile.Decode(file, Name));
        Assert.True(read > 50 && refused > 2000, $"{read} read, {refused} refused");
    }

    [Theory]
    [InlineData(".gif", 3000, 300, 1500)]
    [InlineData(".bmp", 2000, 300, 300)]
    [InlineData(".webp", 2000, 100, 500)]
    [InlineData(".jpg", 1000, 10, 300)]
    public void Other_formats(string extension, int count, int mostlyRead, int mostlyRefused)
    {
        byte[][] corpus = [.. ImageGolden.Names("other", extension).Select(n => ImageGolden.File($"other/{n[0]}{extension}"))];
        // In a lossless WebP a pixel may take no bit at all, and the package makes room for as many Huffman tables as it is told, 65536 of
        // up to 4486 codes of 8 bytes: the limit of pixels and that of the format are all there is.
        long most = extension == ".webp" ? 4_000_000L * (ImageLimit.DefaultMegapixels + 1) + 65536L * 4486 * 8 : AnyFile;
        (int read, int refused) = Attack(corpus, count, 8, file => file, file => ImageFile.Decode(file, Name), most);
        Assert.True(read > mostlyRead && refused > mostlyRefused, $"{read} read, {refused} refused");
    }

    [Fact]
    public void Idx()
    {
        byte[] plain = [0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5, .. new byte[60]];
        byte[] wide = [0, 0, 0x0D, 2, 0, 0, 0, 2, 0, 0, 0, 3, .. new byte[24]];
        byte[][] corpus = [plain, wide, Gzip(plain), Gzip([.. plain[..16], .. Enumerable.Range(0, 60).Select(i => (byte)(i * 37))])];
        (int read, int refused) = Attack(corpus, 5000, 3, file => file, file =>
        {
            IdxSource source = new(Name, file, ImageLimit.Default);
            for (int i = 0; i < Math.Min(3, source.Count); i++)
            {
                source.Read(i);
            }
        });
        Assert.True(read > 50 && refused > 2000, $"{read} read, {refused} refused");
    }

    [Fact]
    public void Zip()
    {
        (int read, int refused) = Attack([Archive(CompressionLevel.Optimal), Archive(CompressionLevel.NoCompression)], 3000, 4, file =>
            file, file =>
        {
            using ZipSource source = new(Name, new MemoryStream(file), ImageLimit.Default);
            DataException? last = null;
            for (int i = 0; i < source.Count; i++)
            {
                try
                {
                    source.Read(i);
                }
                catch (DataException e)
                {
                    last = e;
                }
            }
            if (last is not null)
            {
                throw new DataException(Name, last.Message);
            }
        });
        Assert.True(read > 20 && refused > 1000, $"{read} read, {refused} refused");
    }

    [Fact]
    public void Cifar_and_whole_folders_of_damaged_files()
    {
        using TemporaryFolder folder = new();
        byte[] record = new byte[2 * CifarSource.Record];
        (record[0], record[CifarSource.Record]) = (3, 9);
        (int read, int refused) = Attack([record], 300, 5, file => file, file =>
        {
            File.WriteAllBytes(folder / "a.bin", file);
            try
            {
                Dataset.Open(folder / "a.bin", new DatasetOptions { Size = 8 }).Dispose();
            }
            catch (DataException e)
            {
                throw new DataException(Name, e.Message);
            }
        });
        Assert.True(read > 20 && refused > 100, $"{read} read, {refused} refused");
        Random random = new(6);
        byte[][] corpus = [.. ImageGolden.Names("jpeg", ".jpg").Take(20).Select(n => ImageGolden.File($"jpeg/{n[0]}.jpg"))];
        for (int i = 0; i < 200; i++)
        {
            File.WriteAllBytes(folder / $"images/{i:000}.jpg", i % 3 == 0 ? corpus[i % 20] : Damage(corpus, random));
        }
        using ImageDataset data = Dataset.Open(folder / "images", new DatasetOptions { Size = 8 });
        Assert.Equal(200, data.Count + data.Report.Skipped.Count);
        Assert.InRange(data.Count, 67, 190);
    }

    /// <summary>Random bytes behind every magic number: the formats' readers from their first branch on.</summary>
    [Fact]
    public void Random_bytes_behind_every_signature()
    {
        byte[][] heads =
        [
            [.. PngFile.Signature], [0xFF, 0xD8, 0xFF], [0xFF, 0xD8, 0xFF, 0xC2, 0, 17, 8], [0, 0, 8, 3],
            [0x1F, 0x8B, 8, 0], [], [.. "RIFF"u8, 100, 0, 0, 0, .. "WEBPVP8 "u8], [.. "RIFF"u8, 100, 0, 0, 0, .. "WEBPVP8L"u8],
                [.. "GIF89a"u8], [.. "BM"u8],
        ];
        Random random = new(7);
        for (int i = 0; i < 4000; i++)
        {
            byte[] tail = new byte[random.Next(200)];
            random.NextBytes(tail);
            byte[] file = [.. heads[i % heads.Length], .. tail];
            Exception? e = Record.Exception(() => ImageFile.Decode(file, Name));
            Assert.True(e is null or DataException, e?.ToString());
            e = Record.Exception(() => IdxFile.Read(file, Name));
            Assert.True(e is null or DataException, e?.ToString());
        }
    }

    static (int Read, int Refused) Attack(byte[][] corpus, int count, int seed, Func<byte[], byte[]> repair, Action<byte[]> read,
        long anyFile = AnyFile)
    {
        Random random = new(seed);
        int good = 0, refused = 0;
        foreach (byte[] file in corpus)
        {
            Record.Exception(() => read(file));
        }
        for (int i = 0; i < count; i++)
        {
            byte[] file = Damage(corpus, random);
            file = random.Next(3) > 0 ? repair(file) : file;
            long before = GC.GetAllocatedBytesForCurrentThread(), start = Stopwatch.GetTimestamp();
            Exception? e = Record.Exception(() => read(file));
            TimeSpan time = Stopwatch.GetElapsedTime(start);
            long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            string what = $"case {i} of seed {seed}, {file.Length} bytes, {Convert.ToHexString(file.AsSpan(0, Math.Min(file.Length, 64)))}";
            Assert.True(e is null or DataException, $"{what}: {e}");
            Assert.True(e is null || e.Message.StartsWith(Name + ": ", StringComparison.Ordinal) && !e.Message.Contains('\n'),
                $"{what}: {e?.Message}");
            Assert.True(bytes <= anyFile + PerByte * file.Length, $"{what}: {bytes} bytes of memory");
            Assert.True(time < Patience, $"{what}: {time}");
            (good, refused) = e is null ? (good + 1, refused) : (good, refused + 1);
        }
        return (good, refused);
    }

    static byte[] Damage(byte[][] corpus, Random random)
    {
        List<byte> file = [.. corpus[random.Next(corpus.Length)]];
        for (int n = random.Next(1, 4); n > 0 && file.Count > 0; n--)
        {
            // Half of the damage goes to the headers, where the lengths are.
            int at = random.Next(random.Next(2) == 0 ? Math.Min(file.Count, 64) : file.Count);
            int length = Math.Min(random.Next(1, 40), file.Count - at);
            switch (random.Next(8))
            {
                case 0:
                    file.RemoveRange(at, file.Count - at);
                    break;
                case 1 or 2:
                    file[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 3:
                    file[at] = (byte)random.Next(256);
                    break;
                case 4:
                    file.RemoveRange(at, length);
                    break;
                case 5:
                    file.InsertRange(at, file.GetRange(random.Next(file.Count - length + 1), length));
                    break;
                case 6:
                    byte[] extreme = new byte[4];
                    BinaryPrimitives.WriteUInt32BigEndian(extreme, Extremes[random.Next(Extremes.Length)]);
                    for (int i = 0; i < 4 && at + i < file.Count; i++)
                    {
                        file[at + i] = extreme[i];
                    }
                    break;
                default:
                    byte[] other = corpus[random.Next(corpus.Length)];
                    int from = random.Next(other.Length);
                    file.InsertRange(at, other[from..Math.Min(other.Length, from + length)]);
                    break;
            }
        }
        return [.. file];
    }

    /// <summary>
    /// Makes the checksums of the chunks right again, as far as the chunks go, so that the damage reaches the code behind them.
    /// </summary>
    static byte[] FixChecksums(byte[] file)
    {
        for (long at = 8; at + 12 <= file.Length;)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan((int)at));
            if (length > file.Length - at - 12)
            {
                break;
            }
            BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan((int)(at + 8 + length)),
                Crc32.HashToUInt32(file.AsSpan((int)at + 4, (int)length + 4)));
            at += 12 + length;
        }
        return file;
    }

    static byte[] Gzip(byte[] data)
    {
        using MemoryStream stream = new();
        using (GZipStream gzip = new(stream, CompressionLevel.Optimal))
        {
            gzip.Write(data);
        }
        return stream.ToArray();
    }

    static byte[] Archive(CompressionLevel level)
    {
        using MemoryStream stream = new();
        using (ZipArchive zip = new(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            byte[] jpeg = ImageGolden.File("jpeg/p-444-5x3.jpg"), png = ImageGolden.File("png/c2-d8.png");
            foreach ((string name, byte[] data) in new (string, byte[])[] { ("a/1.jpg", jpeg), ("b/2.png", png), ("x.txt", [1, 2, 3]) })
            {
                using Stream entry = zip.CreateEntry(name, level).Open();
                entry.Write(data);
            }
        }
        return stream.ToArray();
    }
}
