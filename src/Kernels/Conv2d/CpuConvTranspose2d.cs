namespace Sagan.Native.Kernels;

// The transposed convolution dx[n,h,w,c] = act(bias[c] + scale sum of dy[n,i,j,o] w[o,u,v,c] over i stride + u - padding = h, j stride + v
// - padding = w), in one of three ways:
//   one window that is the whole image, or 1x1 windows: a plain product;
//   at most 8 channels: ScatteredConvTranspose;
//   else stride^2 phases, each a convolution of stride 1 with its share of the kernel: no multiplication by inserted zeros, no col2im;
//   these by Winograd's products where they suit (WinogradConv2d).
// 2 N OutH OutW Co Kh Kw Ci flops. Tiles, numerics and timings: Gemm.cs.
static unsafe class CpuConvTranspose2d
{
    public static void Conv2dInputGrad(Storage dy, Storage w, Storage dx, in Conv2dSpec s, ConvolutionAlgorithm algorithm) =>
        ConvTranspose2dBias(dy, w, null, null, dx, s, Activation.None, algorithm);

    public static void ConvTranspose2dBias(Storage dy, Storage w, Storage? scale, Storage? bias, Storage dx, in Conv2dSpec s,
        Activation act, ConvolutionAlgorithm algorithm)
    {
        using ScratchScope scratch = ScratchArena.Enter();
        float factor = CpuMatMul.Scale(scale);
        float* pb = bias == null ? null : bias.Pointer();
        if (s.IsMatMul(out int rows, out int inputs, out int outputs))
        {
            if (pb != null && inputs > s.Ci) pb = Repeat(scratch, pb, s.Ci, inputs);
            Gemm.Run(rows, inputs, outputs, new RowOperand(dy.Pointer(), outputs), new ColumnOperand(w.Pointer(), inputs),
                new Epilogue<MatrixRows>(new(dx.Pointer(), inputs), pb, act, factor));
            return;
        }
        if (ScatteredConvTranspose.Suits(s))
        {
            Simd.Run(new ScatteredConvTranspose(dy.Pointer(), w.Pointer(), pb, factor, dx.Pointer(), s, act));
            return;
        }
        bool winograd = algorithm == ConvolutionAlgorithm.Auto && WinogradConv2d.SuitsTransposed(s);
        for (int a = 0; a < Math.Min(s.Stride, s.H); a++)
            for (int b = 0; b < Math.Min(s.Stride, s.W); b++)
            {
                ConvPhase y = new(a, s.H, s.Kh, s.Stride, s.Padding), x = new(b, s.W, s.Kw, s.Stride, s.Padding);
                if (winograd)
                {
                    WinogradConv2d.Phase(dy.Pointer(), w.Pointer(), factor, pb, dx.Pointer(), s, act, y, x);
                    continue;
                }
                PhaseRows rowsOfPhase = new(dx.Pointer(), s, y, x);
                Gemm.Run(s.N * y.Count * x.Count, s.Ci, y.Taps * x.Taps * s.Co,
                    new WindowRowOperand(new Windows(dy.Pointer(), s.OutH, s.OutW, s.Co, y.Count, x.Count, y.Taps, x.Taps, 1, y.Origin,
                    x.Origin)), new PhaseWeightOperand(w.Pointer(), s, y, x), new Epilogue<PhaseRows>(rowsOfPhase, pb, act, factor));
            }
    }

    // The bias of one pixel for all pixels of an image.
    static float* Repeat(in ScratchScope scratch, float* x, int n, int count)
    {
        float* y = scratch.Floats(count);
        for (int i = 0; i < count; i += n) new ReadOnlySpan<float>(x, n).CopyTo(new Span<float>(y + i, n));
        return y;
    }

    /// <summary>The pixels of dx that belong to a phase.</summary>
    readonly struct PhaseRows(float* dx, Conv2dSpec s, ConvPhase y, ConvPhase x) : IOutputRows
    {
        public float* Row(int r)
        {
            (int image, int j) = Math.DivRem(r, x.Count);
            (image, int i) = Math.DivRem(image, y.Count);
            return dx + (((long)image * s.H + y.Start + i * s.Stride) * s.W + x.Start + j * s.Stride) * s.Ci;
        }
    }

    /// <summary>Element (c, k), k = (ty, tx, o): w[o, u, v, c] with u, v the kernel rows and columns of the taps.</summary>
    readonly struct PhaseWeightOperand(float* w, Conv2dSpec s, ConvPhase y, ConvPhase x) : IOperand
    {
        public static bool InRows => false;

        public int Ld => 0;

        public float* At(int i, int k) => null;

        public void Pack<V>(int first, int count, int k, int depth, float* p, int lanes, long panelSize) where V : unmanaged, ISimd<V>
        {
            (int tap, int o) = Math.DivRem(k, s.Co);
            (int ty, int tx) = Math.DivRem(tap, x.Taps);
            long ld = (long)s.Kh * s.Kw * s.Ci;
            while (depth > 0)
            {
                float* q = w + o * ld + ((long)(y.Last - ty * s.Stride) * s.Kw + x.Last - tx * s.Stride) * s.Ci + first;
                int n = Math.Min(depth, s.Co - o);
                for (int d = 0; d < n; d++, q += ld, p += lanes) PackTools.Spread<V>(q, count, p, lanes, panelSize);
                depth -= n;
                o = 0;
                if (++tx == x.Taps)
                {
                    tx = 0;
                    ty++;
                }
            }
        }
    }
}
