namespace Sagan.Native.Kernels;

/// <summary>Cuts along one axis: x is [Outer, Length, Inner], the piece [Outer, Count, Inner] begins at Start.</summary>
readonly record struct SliceSpec(int Outer, int Length, int Inner, int Start, int Count);
