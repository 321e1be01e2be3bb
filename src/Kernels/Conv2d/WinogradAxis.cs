namespace Sagan.Native.Kernels;

/// <summary>
/// One axis of the outputs of a convolution whose kernel has Taps = 2 or 3 elements along it, cut into tiles: wide ones make 5 - Taps
/// outputs from 4 inputs, narrow ones 4 - Taps outputs from 3 inputs. A tile takes as many products as it has inputs, so as many as
/// possible are wide; they come first. 16 outputs of 2 taps: 3 3 3 3 2 2, 22 products instead of 32.
/// </summary>
readonly struct WinogradAxis
{
    public readonly int Taps, Wide, Narrow;

    public WinogradAxis(int length, int taps)
    {
        Taps = taps;
        // With 2 taps, length = 3 wide + 2 narrow; with 3, length = 2 wide + narrow.
        Narrow = taps == 2 ? 2 * length % 3 : length % 2;
        Wide = (length - Narrow * (4 - taps)) / (5 - taps);
    }

    /// <summary>Whether an axis of this length can be cut: of 2 taps it has at least 2 outputs.</summary>
    public static bool Suits(int length, int taps) => taps is 2 or 3 && length >= 2;

    public int Tiles => Wide + Narrow;

    /// <summary>Points at which the longest tiles are multiplied: 4 or 3.</summary>
    public int Points => Wide > 0 ? 4 : 3;

    /// <summary>Products of all tiles, for one other index of everything.</summary>
    public int Products => 4 * Wide + 3 * Narrow;

    /// <summary>The first output of a tile.</summary>
    public int Start(int tile) => tile * (5 - Taps) - Math.Max(0, tile - Wide);
}
