namespace Sagan.Native.Models;

/// <summary>How far a network has grown.</summary>
/// <param name="Size">Width and height of the images that it works on.</param>
/// <param name="Alpha">Weight of the blocks for this size, in (0, 1]; those for the size before have the rest.</param>
public readonly record struct Growth(int Size, float Alpha);
