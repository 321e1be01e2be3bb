namespace Sagan.Native.Metrics;

/// <summary>Which images lie among the others: precision, recall, density, coverage. Each is a share, except density.</summary>
/// <param name="Precision">Share of the fakes that look like some real image: how good they are.</param>
/// <param name="Recall">Share of the real images that some fake comes near: how much of the data is made.</param>
/// <param name="Density">How many balls of real images a fake lies in, relative to what is expected of real ones: about 1 for real images,
/// and may be more.</param>
/// <param name="Coverage">Share of the real images with a fake in their ball.</param>
public readonly record struct PrecisionRecall(double Precision, double Recall, double Density, double Coverage);

/// <summary>
/// Sets of features as unions of balls around each of their points, whose radius r_k is the distance to the point's k-th nearest neighbour
/// in its set.
/// <code>precision = share of fakes y with |y - x_i| at most r_3(x_i) for some real x_i      recall = the same with real and fake exchanged
/// density = 1/(5 M) sum over fakes y of the number of real x_i with |y - x_i| below r_5(x_i)
/// coverage = share of real x_i with some |y - x_i| below r_5(x_i)</code>
/// Sources: Kynkaanniemi et al. 2019, "Improved Precision and Recall Metric", equations 1 and 2 (k = 3, the border belongs to the ball);
/// Naeem et al. 2020, "Reliable Fidelity and Diversity Metrics", equations 3 and 4 (k = 5, and as in the authors' code the border does not
/// belong to it: a set has density 1 in itself).
/// </summary>
public static class Manifold
{
    /// <summary>Neighbours of precision and recall, and of density and coverage.</summary>
    public const int PrecisionNeighbours = 3, DensityNeighbours = 5;

    /// <summary>All four, by brute force in tiles: time N1 N2 D + N1^2 D + N2^2 D, memory N D.</summary>
    /// <param name="real">Features of real images.</param>
    /// <param name="fake">Features of generated ones.</param>
    /// <param name="tile">Pairs computed at a time along either axis; does not change the values.</param>
    public static PrecisionRecall Of(Features real, Features fake, int tile = Pairs.Tile)
    {
        Features.CheckPair("precision and recall", real, fake, DensityNeighbours + 1);
        float[] realRadii = NearestNeighbours.SquaredDistances(real, DensityNeighbours, tile);
        float[] fakeRadii = NearestNeighbours.SquaredDistances(fake, PrecisionNeighbours, tile);
        bool[] precise = new bool[fake.Count], recalled = new bool[real.Count], covered = new bool[real.Count];
        long[] balls = new long[fake.Count];
        Pairs.Visit<float, SquaredDistance>(fake.Values, real.Values, fake.Width, (y, first, distances) =>
        {
            for (int i = 0; i < distances.Length; i++)
            {
                ReadOnlySpan<float> radii = realRadii.AsSpan((first + i) * DensityNeighbours, DensityNeighbours);
                precise[y] |= distances[i] <= radii[PrecisionNeighbours - 1];
                if (distances[i] < radii[DensityNeighbours - 1]) balls[y]++;
            }
        }, tile);
        // Once more with the sets exchanged, so that each thread writes to rows of its own.
        Pairs.Visit<float, SquaredDistance>(real.Values, fake.Values, real.Width, (x, first, distances) =>
        {
            for (int j = 0; j < distances.Length; j++)
            {
                recalled[x] |= distances[j] <= fakeRadii[(first + j) * PrecisionNeighbours + PrecisionNeighbours - 1];
                covered[x] |= distances[j] < realRadii[x * DensityNeighbours + DensityNeighbours - 1];
            }
        }, tile);
        return new PrecisionRecall(Share(precise), Share(recalled), balls.Sum() / ((double)DensityNeighbours * fake.Count), Share(covered));
    }

    static double Share(bool[] x) => x.Count(v => v) / (double)x.Length;
}
