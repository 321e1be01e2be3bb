using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

/// <summary>Up to <see cref="Shape.MaxRank"/> integers inside a spec.</summary>
[InlineArray(Shape.MaxRank)]
struct Axes
{
    int first;
}
