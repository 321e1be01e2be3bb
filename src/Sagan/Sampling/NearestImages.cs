using Sagan.Native.Data;
using Sagan.Native.Data.Images;

namespace Sagan.Native.Sampling;

/// <summary>
/// The images of a data set that are nearest to a given one, by the distance of their pixels: has the generator learned its data by heart?
/// </summary>
static class NearestImages
{
    /// <summary>
    /// The numbers and distances of the k nearest: root mean square over all pixels and channels, in levels of 0 to 255, nearest first.
    /// </summary>
    public static (int Index, double Distance)[] Find(Image image, ImageDataset data, int k)
    {
        double[] distance = new double[data.Count];
        Parallel.For(0, data.Count, i =>
            distance[i] = Math.Sqrt((double)SquaredDistance(image.Pixels, data.Pixels(i)) / image.Pixels.Length));
        return [.. Enumerable.Range(0, data.Count).OrderBy(i => distance[i]).ThenBy(i => i).Take(k).Select(i => (i, distance[i]))];
    }

    static long SquaredDistance(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        long sum = 0;
        for (int i = 0; i < a.Length; i++)
        {
            int d = a[i] - b[i];
            sum += d * d;
        }
        return sum;
    }
}
