namespace Sagan.Native.Kernels;

/// <summary>How a device does convolutions of which there are several ways.</summary>
public enum ConvolutionAlgorithm
{
    /// <summary>
    /// As is fastest. On the CPU, kernels of 4x4 with stride 2 and of 3x3 with stride 1 by Winograd's products, which need less than half
    /// the multiplications; sums are as exact as direct ones, relative to the largest input of a window, and a NaN or an infinity reaches
    /// the outputs of a tile, of up to 3x3, that its neighbours are in.
    /// </summary>
    Auto,

    /// <summary>As the sum of products that the definition is.</summary>
    Direct,
}

/// <summary>A backend that has several ways of doing convolutions.</summary>
interface IConvolutionAlgorithms
{
    /// <summary>The way that is taken.</summary>
    ConvolutionAlgorithm Convolution { get; set; }
}
