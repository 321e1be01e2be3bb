using Sagan.Native.Kernels;
using Sagan.Native.Metrics;

namespace Sagan.Native.Tests.Metrics;

[Quick]
public class PairsTests
{
    [Theory]
    [InlineData(1, 1, 1, 256)]
    [InlineData(5, 9, 3, 4)]
    [InlineData(23, 14, 37, 8)]
    [InlineData(40, 40, 64, 7)]
    public void Every_pair_is_visited_once_with_its_value(int rows, int columns, int width, int tile)
    {
        Features x = Clouds.Normal(rows, width, 1), y = Clouds.Normal(columns, width, 2);
        float[] distances = Collect<SquaredDistance>(x, y, tile), dots = Collect<DotProduct>(x, y, tile);
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++)
            {
                double d = Clouds.SquaredDistance(x, i, y, j), dot = 0, size = 0;
                for (int k = 0; k < width; k++)
                    (dot, size) = (dot + (double)x.Row(i)[k] * y.Row(j)[k], size + Math.Abs((double)x.Row(i)[k] * y.Row(j)[k]));
                // Float32 sums of at most 64 terms.
                Assert.Equal(d, distances[i * columns + j], 1e-5 * d);
                Assert.Equal(dot, dots[i * columns + j], 1e-5 * size);
            }
    }

    [Fact]
    public void Neither_tile_nor_threads_nor_order_change_a_bit()
    {
        Features x = Clouds.Normal(70, 45, 1), y = Clouds.Normal(33, 45, 2);
        float[] expected = Collect<SquaredDistance>(x, y, 256);
        foreach (int tile in (int[])[1, 2, 5, 16, 31]) Assert.Equal(expected, Collect<SquaredDistance>(x, y, tile));
        float[] exchanged = Collect<SquaredDistance>(y, x, 8);
        for (int i = 0; i < 70; i++)
            for (int j = 0; j < 33; j++) Assert.Equal(expected[i * 33 + j], exchanged[j * 70 + i]);
        int threads = WorkerPool.Threads;
        try
        {
            WorkerPool.Threads = 1;
            Assert.Equal(expected, Collect<SquaredDistance>(x, y, 16));
        }
        finally
        {
            WorkerPool.Threads = threads;
        }
        Assert.Equal(0, Collect<SquaredDistance>(x, x, 16)[71]);
    }

    [Fact]
    public void The_upper_half_leaves_out_the_tiles_below_the_diagonal()
    {
        double[] x = [.. Clouds.Normal(20, 6, 1).Values.Select(v => (double)v)];
        bool[] seen = new bool[400];
        Pairs.Visit<double, DoubleProduct>(x, x, 6, (row, first, values) =>
            seen.AsSpan(row * 20 + first, values.Length).Fill(true), tile: 5, upper: true);
        for (int i = 0; i < 20; i++)
            for (int j = 0; j < 20; j++) Assert.Equal(j / 5 >= i / 5, seen[i * 20 + j]);
    }

    static float[] Collect<TPairing>(Features x, Features y, int tile) where TPairing : struct, IPairing<float>
    {
        float[] all = new float[x.Count * y.Count];
        int[] next = new int[x.Count];
        Pairs.Visit<float, TPairing>(x.Values, y.Values, x.Width, (row, first, values) =>
        {
            Assert.Equal(next[row], first);
            next[row] += values.Length;
            values.CopyTo(all.AsSpan(row * y.Count + first));
        }, tile);
        Assert.All(next, n => Assert.Equal(y.Count, n));
        return all;
    }
}
