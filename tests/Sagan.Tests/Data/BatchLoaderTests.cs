using System.Runtime.CompilerServices;
using Sagan.Native.Data;
using Sagan.Native.Data.Images;

namespace Sagan.Native.Tests.Data;

[Quick]
public class BatchLoaderTests
{
    static ImageDataset Creatures(int count, int channels = 3) =>
        Dataset.Open("creatures", new DatasetOptions { Size = 16, CreatureCount = count, Channels = channels });

    [Fact]
    public void Every_epoch_holds_every_image_once_and_epochs_differ()
    {
        EpochOrder order = new(11, 37);
        int[] first = [.. Enumerable.Range(0, 37).Select(i => order[i])], second = [.. Enumerable.Range(37, 37).Select(i => order[i])];
        Assert.Equal(Enumerable.Range(0, 37), first.Order());
        Assert.Equal(Enumerable.Range(0, 37), second.Order());
        Assert.NotEqual(first, second);
        Assert.NotEqual(first, Enumerable.Range(0, 37).Select(i => new EpochOrder(12, 37)[i]).ToArray());
        // Backwards gives the same as forwards.
        Assert.Equal(first, Enumerable.Range(0, 37).Reverse().Select(i => order[i]).Reverse().ToArray());
    }

    [Fact]
    public void Batches_and_images_are_tensors()
    {
        using ImageDataset data = Creatures(20);
        using BatchLoader loader = new(data, 6, seed: 4);
        Batch batch = loader.Next();
        Tensor x = batch.ToTensor();
        Assert.Equal([6, 16, 16, 3], x.Shape.ToArray());
        Assert.Equal(batch.Pixels, x.ToArray());
        Assert.Equal(batch.Labels, batch.ToLabels().ToArray());
        int[] chosen = [.. Enumerable.Range(0, 6).Select(i => new EpochOrder(4, 20)[i])];
        Assert.Equal(x.ToArray(), data.ToTensor(chosen).ToArray());
        Assert.Equal(batch.Labels, chosen.Select(data.Label));
        Assert.Equal([0, 16, 16, 3], data.ToTensor([]).Shape.ToArray());
    }

    /// <summary>Each of 6 elements comes to each place about equally often.</summary>
    [Fact]
    public void Permutations_are_uniform()
    {
        int[,] counts = new int[6, 6];
        EpochOrder order = new(3, 6);
        for (int epoch = 0; epoch < 6000; epoch++)
        {
            for (int place = 0; place < 6; place++)
            {
                counts[place, order[epoch * 6 + place]]++;
            }
        }
        Assert.All(counts.Cast<int>(), n => Assert.InRange(n, 850, 1150));
    }

    [Fact]
    public void The_tail_of_an_epoch_flows_into_the_next()
    {
        using ImageDataset data = Creatures(10);
        using BatchLoader loader = new(data, 4, seed: 5);
        EpochOrder order = new(5, 10);
        for (int step = 0; step < 10; step++)
        {
            Batch batch = loader.Next();
            Assert.Equal(step, batch.Step);
            for (int i = 0; i < 4; i++)
            {
                float[] x = new float[data.ImageBytes];
                PixelRange.ToSigned(data.Pixels(order[step * 4 + i]), x);
                Assert.Equal(x, batch.Pixels.AsSpan(i * x.Length, x.Length).ToArray());
                Assert.Equal(data.Label(order[step * 4 + i]), batch.Labels[i]);
            }
        }
        Assert.Null(loader.Warning);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(1)]
    public void Seeking_gives_what_going_there_gives(int channels)
    {
        using ImageDataset data = Creatures(23, channels);
        (float[] Pixels, int[] Labels)[] all = new (float[], int[])[40];
        using (BatchLoader loader = new(data, 5, seed: 9, flip: true))
        {
            for (int step = 0; step < all.Length; step++)
            {
                Batch batch = loader.Next();
                all[step] = ([.. batch.Pixels], [.. batch.Labels]);
            }
        }
        using BatchLoader jumping = new(data, 5, seed: 9, flip: true, ahead: 3);
        Random random = new(2);
        for (int i = 0; i < 60; i++)
        {
            int step = random.Next(all.Length);
            jumping.Seek(step);
            for (int k = step; k < Math.Min(all.Length, step + random.Next(1, 5)); k++)
            {
                Assert.Equal(k, jumping.Step);
                Batch batch = jumping.Next();
                Assert.Equal(k, batch.Step);
                Assert.Equal(all[k].Pixels, batch.Pixels);
                Assert.Equal(all[k].Labels, batch.Labels);
            }
        }
    }

    [Fact]
    public void A_batch_is_left_alone_until_the_next_call()
    {
        using ImageDataset data = Creatures(50);
        using BatchLoader loader = new(data, 8, seed: 1, ahead: 1);
        for (int step = 0; step < 20; step++)
        {
            Batch batch = loader.Next();
            float[] before = [.. batch.Pixels];
            Thread.Sleep(2);
            Assert.Equal(before, batch.Pixels);
        }
    }

    [Fact]
    public void Flip_mirrors_about_half_of_the_samples_and_only_those()
    {
        using ImageDataset data = Creatures(64);
        using BatchLoader plain = new(data, 64, seed: 2), flipped = new(data, 64, seed: 2, flip: true);
        int mirrored = 0;
        for (int step = 0; step < 8; step++)
        {
            Batch a = plain.Next(), b = flipped.Next();
            Assert.Equal(a.Labels, b.Labels);
            for (int i = 0; i < 64; i++)
            {
                float[] x = a.Pixels.AsSpan(i * 768, 768).ToArray(), y = b.Pixels.AsSpan(i * 768, 768).ToArray();
                float[] m = [.. Enumerable.Range(0, 768).Select(k => x[(k / 48 * 16 + 15 - k % 48 / 3) * 3 + k % 3])];
                Assert.True(y.SequenceEqual(x) || y.SequenceEqual(m));
                mirrored += y.SequenceEqual(x) ? 0 : 1;
            }
        }
        Assert.InRange(mirrored, 206, 306);
    }

    [Fact]
    public void Fewer_images_than_a_batch_repeat_with_a_warning()
    {
        using ImageDataset data = Creatures(3);
        using BatchLoader loader = new(data, 8, seed: 2);
        Assert.Contains("3 images, fewer than a batch of 8", loader.Warning);
        Batch batch = loader.Next();
        Assert.Equal(8, batch.Labels.Length);
        Assert.All(batch.Pixels, x => Assert.InRange(x, -1, 1));
    }

    [Fact]
    public void Dispose_stops_the_thread_and_ends_the_use()
    {
        using ImageDataset data = Creatures(20);
        BatchLoader idle = new(data, 4, seed: 1), busy = new(data, 4, seed: 1);
        busy.Next();
        busy.Dispose();
        busy.Dispose();
        idle.Dispose();
        Assert.Throws<ObjectDisposedException>(() => busy.Next());
        Assert.Throws<ObjectDisposedException>(() => idle.Seek(3));
        // A thread that went on would hold its loader.
        WeakReference loader = Used(data);
        GC.Collect();
        Assert.False(loader.IsAlive);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static WeakReference Used(ImageDataset data)
        {
            using BatchLoader loader = new(data, 4, seed: 1);
            loader.Next();
            return new WeakReference(loader);
        }
    }

    [Fact]
    public void A_file_that_goes_away_is_an_error_of_Next_until_Seek()
    {
        using TemporaryFolder folder = new();
        for (int i = 0; i < 4; i++)
        {
            ImageFile.Save(folder / $"{i}.png", Creature.FromSeed(1, i).Draw(16));
        }
        using ImageDataset data = Dataset.Open(folder.Path, new DatasetOptions { Size = 16, CacheBytes = 0 });
        Assert.False(data.Report.Cached);
        using BatchLoader loader = new(data, 2, seed: 1, ahead: 1);
        float[] first = [.. loader.Next().Pixels];
        byte[][] files = [.. Enumerable.Range(0, 4).Select(i => File.ReadAllBytes(folder / $"{i}.png"))];
        for (int i = 0; i < 4; i++)
        {
            File.Delete(folder / $"{i}.png");
        }
        DataException? e = null;
        for (int i = 0; i < 4 && e is null; i++)
        {
            e = Record.Exception(() => loader.Next()) as DataException;
        }
        Assert.NotNull(e);
        Assert.Contains(".png: cannot be opened", e.Message);
        Assert.Throws<DataException>(() => loader.Next());
        for (int i = 0; i < 4; i++)
        {
            File.WriteAllBytes(folder / $"{i}.png", files[i]);
        }
        loader.Seek(0);
        Assert.Equal(first, loader.Next().Pixels);
    }

    [Fact]
    public void Decoding_on_demand_gives_the_same_batches()
    {
        using TemporaryFolder folder = new();
        for (int i = 0; i < 12; i++)
        {
            ImageFile.Save(folder / $"{i:00}.png", Creature.FromSeed(1, i).Draw(24));
        }
        using ImageDataset cached = Dataset.Open(folder.Path, new DatasetOptions { Size = 16 });
        using ImageDataset lazy = Dataset.Open(folder.Path, new DatasetOptions { Size = 16, CacheBytes = 12 * 768 - 1 });
        Assert.True(cached.Report.Cached);
        Assert.False(lazy.Report.Cached);
        Assert.Equal(cached.Report.ContentHash, lazy.Report.ContentHash);
        using BatchLoader a = new(cached, 7, seed: 3, flip: true), b = new(lazy, 7, seed: 3, flip: true);
        for (int step = 0; step < 5; step++)
        {
            Assert.Equal(a.Next().Pixels, b.Next().Pixels);
        }
    }
}
