namespace Sagan.Native.Images;

/// <summary>One colour component of a JPEG: its sampling, its tables, and its samples as they are decoded.</summary>
sealed class JpegComponent(int id, int h, int v, int quantisation)
{
    public int Id { get; } = id;

    /// <summary>Horizontal and vertical sampling factor, 1 to 4.</summary>
    public int H { get; } = h;

    public int V { get; } = v;

    /// <summary>Number of its quantisation table.</summary>
    public int Quantisation { get; } = quantisation;

    /// <summary>Size in samples: that of the picture times H / Hmax, rounded up.</summary>
    public int Width { get; private set; }

    public int Height { get; private set; }

    /// <summary>Size in blocks of 8x8, a whole number of MCUs.</summary>
    public int BlocksWide { get; private set; }

    public int BlocksHigh { get; private set; }

    /// <summary>The quantisation steps in zigzag order, those in force at the component's first scan; null before it.</summary>
    public ushort[]? Steps { get; set; }

    /// <summary>The samples, [8 BlocksHigh, 8 BlocksWide].</summary>
    public byte[] Samples { get; private set; } = [];

    public int Stride => 8 * BlocksWide;

    /// <summary>The quantised coefficients of a progressive JPEG, 64 a block in natural order.</summary>
    public short[] Coefficients { get; private set; } = [];

    /// <summary>Prediction of the next DC coefficient, in a scan.</summary>
    public int Prediction { get; set; }

    public JpegHuffman? Dc { get; set; }

    public JpegHuffman? Ac { get; set; }

    public long Blocks => (long)BlocksWide * BlocksHigh;

    public void Place(int width, int height, int hMax, int vMax)
    {
        (Width, Height) = ((width * H + hMax - 1) / hMax, (height * V + vMax - 1) / vMax);
        BlocksWide = (width + 8 * hMax - 1) / (8 * hMax) * H;
        BlocksHigh = (height + 8 * vMax - 1) / (8 * vMax) * V;
    }

    public void Allocate(bool progressive)
    {
        Samples = new byte[64 * Blocks];
        Coefficients = progressive ? new short[64 * Blocks] : [];
    }

    /// <summary>Turns the coefficients of a progressive JPEG into samples.</summary>
    public void TransformAll()
    {
        Span<int> block = stackalloc int[64];
        for (int y = 0; y < BlocksHigh; y++)
        {
            for (int x = 0; x < BlocksWide; x++)
            {
                ReadOnlySpan<short> from = Coefficients.AsSpan((y * BlocksWide + x) * 64, 64);
                for (int k = 0; k < 64; k++)
                {
                    int i = JpegScan.Natural[k];
                    block[i] = from[i] * Steps![k];
                }
                JpegTransform.Inverse(block, Samples.AsSpan(y * 8 * Stride + x * 8), Stride);
            }
        }
        Coefficients = [];
    }
}
