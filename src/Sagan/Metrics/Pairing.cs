using System.Numerics;

namespace Sagan.Native.Metrics;

/// <summary>
/// A sum over the components of two vectors, one step at a time, for a vector of lanes and for the components that fill no vector.
/// </summary>
interface IPairing<T> where T : unmanaged
{
    static abstract Vector<T> Add(Vector<T> sum, Vector<T> x, Vector<T> y);

    static abstract T Add(T sum, T x, T y);
}

/// <summary>sum x y in float32.</summary>
readonly struct DotProduct : IPairing<float>
{
    public static Vector<float> Add(Vector<float> sum, Vector<float> x, Vector<float> y) => Vector.FusedMultiplyAdd(x, y, sum);

    public static float Add(float sum, float x, float y) => MathF.FusedMultiplyAdd(x, y, sum);
}

/// <summary>sum (x - y)^2 in float32: exactly 0 for equal vectors, and the same bits when x and y change places.</summary>
readonly struct SquaredDistance : IPairing<float>
{
    public static Vector<float> Add(Vector<float> sum, Vector<float> x, Vector<float> y) => Vector.FusedMultiplyAdd(x - y, x - y, sum);

    public static float Add(float sum, float x, float y) => MathF.FusedMultiplyAdd(x - y, x - y, sum);
}

/// <summary>sum x y in double.</summary>
readonly struct DoubleProduct : IPairing<double>
{
    public static Vector<double> Add(Vector<double> sum, Vector<double> x, Vector<double> y) => Vector.FusedMultiplyAdd(x, y, sum);

    public static double Add(double sum, double x, double y) => Math.FusedMultiplyAdd(x, y, sum);
}
