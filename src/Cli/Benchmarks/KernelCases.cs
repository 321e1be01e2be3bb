using Sagan.Native.Kernels;
using static Sagan.Native.Benchmarks.KernelFamily;
using Operand = Sagan.Native.Benchmarks.KernelOperands.Operand;

namespace Sagan.Native.Benchmarks;

/// <summary>
/// Every kernel of a device at the shapes of SAGAN 64x64, and at some of larger images: 3x3 convolutions of residual networks, and
/// attention over 64x64 maps. Those have a batch of at most 4, so that all cases together take half a minute on a processor; their cost is
/// linear in the batch. Cases of fused kernels that the device does not have are left out.
/// </summary>
sealed class KernelCases
{
    const int SmallBatch = 4;

    // Heykeetae's networks: width at each resolution, and where attention is.
    static readonly (int Resolution, int Channels)[] Stages = [(4, 512), (8, 256), (16, 128), (32, 64)];

    readonly Backend device;
    readonly KernelOperands o;
    readonly int n, few;

    KernelCases(Device device, int batch)
    {
        this.device = device.Backend;
        o = new KernelOperands(device);
        (n, few) = (batch, Math.Min(batch, SmallBatch));
    }

    /// <summary>All cases for a batch size.</summary>
    public static KernelCase[] All(Device device, int batch)
    {
        KernelCases k = new(device, batch);
        return [.. k.Convolutions(), .. k.AttentionCases(), .. k.Products(), .. k.Normalisations(), .. k.Rest()];
    }

    /// <summary>The kernels of these shapes alone, for a batch size.</summary>
    public static KernelCase[] Of(Device device, int batch, OwnShapes shapes)
    {
        KernelCases k = new(device, batch);
        return
        [
            .. shapes.Convolutions.SelectMany(s => k.ConvolutionKernels(s.Spec(batch))),
            .. k.AttentionKernels(shapes.Attentions.Select(s => new AttentionSpec(batch, s.N, s.N, s.Dk, s.Dv, 1))),
            .. k.Products(shapes.Products),
        ];
    }

    IEnumerable<KernelCase> Convolutions()
    {
        // Discriminator 3 -> 64 -> 128 -> 256 -> 512; read backwards (input gradient) the same are the generator's transposed convolutions.
        (int Size, int Ci, int Co)[] layers = [(64, 3, 64), (32, 64, 128), (16, 128, 256), (8, 256, 512)];
        foreach ((int size, int ci, int co) in layers)
            foreach (KernelCase k in ConvolutionKernels(new Conv2dSpec(n, size, size, ci, co, 4, 4, 2, 1, size / 2, size / 2)))
                yield return k;
        foreach (KernelCase k in ConvolutionKernels(new Conv2dSpec(n, 4, 4, 512, 1, 4, 4, 1, 0, 1, 1))) yield return k;
        foreach (KernelCase k in ConvolutionKernels(new Conv2dSpec(n, 4, 4, 512, 128, 4, 4, 1, 0, 1, 1))) yield return k;
        foreach ((int size, int c) in ((int, int)[])[(128, 64), (64, 128), (32, 256), (16, 512)])
            foreach (KernelCase k in ConvolutionKernels(new Conv2dSpec(few, size, size, c, c, 3, 3, 1, 1, size, size))) yield return k;
    }

    IEnumerable<KernelCase> ConvolutionKernels(Conv2dSpec s)
    {
        int xs = s.N * s.H * s.W * s.Ci, ws = s.Co * s.Kh * s.Kw * s.Ci, ys = s.N * s.OutH * s.OutW * s.Co;
        Operand x = o[xs], w = o[ws], y = o[ys], b = o[s.Co];
        string shape = $"{s.Ci}->{s.Co} @{s.H} k{s.Kh}s{s.Stride}";
        double bytes = 4.0 * (xs + (double)ws + ys);
        KernelCase Case(string name, Action run) => new(Convolution, name, shape, s.Flops, bytes, run);
        yield return Case("conv2d", () => device.Conv2d(x, w, y, s));
        if (device is IFusedBias fused)
            yield return Case("conv2d + bias + leaky relu", () => fused.Conv2dBias(x, w, null, b, y, s, Activation.LeakyRelu(0.1f)));
        yield return Case("conv2d input grad", () => device.Conv2dInputGrad(y, w, x, s));
        yield return Case("conv2d weight grad", () => device.Conv2dWeightGrad(x, y, w, s));
    }

    IEnumerable<KernelCase> AttentionCases()
    {
        IEnumerable<AttentionSpec> stages = Stages.Select(t => Self(n, t.Resolution * t.Resolution, t.Channels));
        return AttentionKernels(stages.Concat([Self(n, 1024, 128), Self(few, 4096, 64)]));
    }

    IEnumerable<KernelCase> AttentionKernels(IEnumerable<AttentionSpec> specs)
    {
        if (device is not IFusedAttention fused) yield break;
        foreach (AttentionSpec s in specs)
        {
            int keys = s.Batch * s.N * s.Dk, values = s.Batch * s.N * s.Dv;
            Operand q = o[keys], k = o[keys, 1], v = o[values], y = o[values, 1], rows = o[2 * s.Batch * s.N];
            Operand g = o[values, 2], dq = o[keys, 2], dk = o[keys, 3], dv = o[values, 3];
            // Backward: four products where forward has two, and the scores once more.
            double scores = 2.0 * s.Batch * s.N * s.M * s.Dk, forward = scores + 2.0 * s.Batch * s.N * s.M * s.Dv,
                backward = 2 * forward + scores;
            double bytes = 4.0 * (2 * keys + 2 * values);
            KernelCase Case(string name, double flops, double traffic, Action run) =>
                new(Attention, name, $"N={s.N} dk={s.Dk} dv={s.Dv}", flops, traffic, run);
            void Forward() => fused.Attention(q, k, v, y, rows, s);
            void Backward() => fused.AttentionBackward(q, k, v, y, rows, g, dq, dk, dv, s);
            yield return Case("attention", forward, bytes, Forward);
            // rows and y must belong to q, k and v.
            yield return Case("attention backward", backward, 3 * bytes, Backward) with { Before = Forward };
            yield return Case("attention forward + backward", forward + backward, 4 * bytes, () => { Forward(); Backward(); });
        }
    }

    // Queries and keys have an eighth of the channels.
    static AttentionSpec Self(int batch, int positions, int channels) => new(batch, positions, positions, channels / 8, channels, 1);

    IEnumerable<KernelCase> Products()
    {
        foreach ((int r, int c) in Stages)
            foreach (int width in (int[])[c / 8, c])
            {
                MatMulSpec s = new(1, n * r * r, width, c, false, true, 0, 0);
                Operand a = o[s.M * s.K], b = o[s.K * s.N], y = o[s.M * s.N, 1];
                MatMulSpec inputs = new(1, s.M, s.K, s.N, false, false, 0, 0), weights = new(1, s.N, s.K, s.M, true, false, 0, 0);
                yield return MatMul("matmul (1x1 conv)", s, () => device.MatMul(a, b, y, s));
                yield return MatMul("matmul (1x1 input grad)", inputs, () => device.MatMul(y, b, a, inputs));
                yield return MatMul("matmul (1x1 weight grad)", weights, () => device.MatMul(y, a, b, weights));
            }
        (int M, int N, int K)[] shapes =
        [
            (256, 256, 256), (512, 512, 512), (1024, 1024, 1024), (2048, 2048, 2048),
            // A SAGAN's convolutions and 1x1 convolutions as products: long and thin in each of the three ways.
            (512, 256, 2048), (256, 1024, 1024), (128, 4096, 2048), (64, 16384, 1024), (1024, 1024, 16), (1024, 128, 1024),
                (4096, 64, 4096),
        ];
        foreach (KernelCase k in Products(shapes)) yield return k;
    }

    IEnumerable<KernelCase> Products(IEnumerable<(int M, int N, int K)> shapes)
    {
        foreach ((int rows, int columns, int terms) in shapes)
        {
            MatMulSpec s = new(1, rows, columns, terms, false, false, 0, 0);
            Operand a = o[rows * terms], b = o[terms * columns, 1], y = o[rows * columns, 2];
            yield return MatMul("matmul", s, () => device.MatMul(a, b, y, s));
        }
    }

    static KernelCase MatMul(string name, MatMulSpec s, Action run) =>
        new(Product, name, $"{s.M}x{s.N}x{s.K}", 2.0 * s.M * s.N * s.K, 4.0 * ((double)s.M * s.K + (double)s.K * s.N + (double)s.M * s.N),
            run);

    IEnumerable<KernelCase> Normalisations()
    {
        foreach ((int r, int c) in Stages)
        {
            BatchNormSpec s = new(n * r * r, c, 1e-5f, Activation.Relu);
            int count = s.Rows * c;
            Operand x = o[count], y = o[count, 1], g = o[count, 2], dx = o[count, 3];
            Operand w = o[c], b = o[c, 1], m = o[c, 2], v = o[c, 3], dw = o[c, 4], db = o[c, 5];
            KernelCase Case(string name, double bytes, Action run) => new(Normalisation, name, $"[{s.Rows}, {c}]", 0, bytes, run);
            if (device is IFusedBatchNorm batchNorm)
            {
                void Forward() => batchNorm.BatchNorm(x, w, b, y, m, v, s);
                void Backward() => batchNorm.BatchNormBackward(g, x, y, w, m, v, dx, dw, db, s);
                yield return Case("batch norm + relu", 12.0 * count, Forward);
                yield return Case("batch norm + relu backward", 28.0 * count, Backward) with { Before = Forward };
                yield return Case("batch norm + relu forward + backward", 40.0 * count, () => { Forward(); Backward(); });
            }
            if (device is IFusedBias bias)
                yield return Case("bias + leaky relu backward", 12.0 * count, () =>
                    bias.BiasActivationBackward(g, y, dx, db, s.Rows, c, Activation.LeakyRelu(0.1f)));
        }
        if (device is not IFusedSpectralNorm spectral) yield break;
        foreach ((int rows, int columns) in ((int, int)[])[(512, 4096), (256, 2048), (128, 1024), (64, 48)])
        {
            PowerIterationSpec s = new(rows, columns, false, 1, 1e-12f, NormEpsilon.Max);
            Operand w = o[rows * columns], u = o[rows], v = o[columns], sigma = o[1], scaled = o[rows * columns, 1];
            BroadcastSpec byScalar = new(new Shape(rows, columns), new Shape(), new Shape(rows, columns));
            KernelCase Case(string name, double bytes, Action run) =>
                new(Normalisation, name, $"[{rows}, {columns}]", 6.0 * rows * columns, bytes, run);
            yield return Case("power iteration", 8.0 * rows * columns, () => spectral.PowerIteration(w, u, v, u, v, sigma, s));
            yield return Case("spectral norm", 16.0 * rows * columns, () =>
            {
                spectral.PowerIteration(w, u, v, u, v, sigma, s);
                device.Zip(w, sigma, scaled, byScalar, default(DivideOp));
            });
        }
    }

    IEnumerable<KernelCase> Rest()
    {
        int count = n * 32 * 32 * 64;
        Operand x = o[count], a = o[count, 1], y = o[count, 2], index = o[count / 4, 3];
        Shape flat = new(count);
        BroadcastSpec same = new(flat, flat, flat);
        static KernelCase Case(string name, string shape, double bytes, Action run) => new(Elementwise, name, shape, 0, bytes, run);
        yield return Case("add", $"[{count}]", 12.0 * count, () => device.Zip(x, a, y, same, default(AddOp)));
        yield return Case("tanh", $"[{count}]", 8.0 * count, () => device.Map(x, y, count, default(TanhOp)));
        yield return Case("exp", $"[{count}]", 8.0 * count, () => device.Map(x, y, count, default(ExpOp)));
        yield return Case("leaky relu", $"[{count}]", 8.0 * count, () => device.Map(x, y, count, new LeakyReluOp(0.1f)));
        ReduceSpec rows = new(new Shape(count / 64, 64), [true, false]);
        yield return Case("sum over rows", $"[{count / 64}, 64]", 4.0 * count, () => device.Sum(x, y, rows));
        yield return Case("softmax", $"[{count / 1024}, 1024]", 8.0 * count, () => device.Softmax(x, y, count / 1024, 1024));
        PermuteSpec nchw = new(new Shape(n, 32, 32, 64), [0, 3, 1, 2]);
        yield return Case("permute NHWC to NCHW", $"[{n}, 32, 32, 64]", 8.0 * count, () => device.Permute(x, y, nchw));
        ImageSpec half = new(n, 16, 16, 64);
        yield return Case("upsample 2x", $"[{n}, 16, 16, 64]", 5.0 * count, () => device.Upsample2x(a, y, half));
        yield return Case("sum pool 2x2", $"[{n}, 32, 32, 64]", 5.0 * count, () => device.SumPool2x2(x, y, half));
        MaxPool2dSpec pool = new(n, 32, 32, 64, 2, 2, 0, 16, 16);
        yield return Case("max pool 2x2", $"[{n}, 32, 32, 64]", 6.0 * count, () => device.MaxPool2d(x, y, index, pool));
        yield return Case("random normal", $"[{count}]", 4.0 * count, () => device.RandomNormal(y, count, new PhiloxKey(1, 0, 0)));
        if (device is not IFusedAdam fused) yield break;
        int[] sizes = [2_097_152, 524_288, 131_072, 8_192, 512];
        AdamSlot[]? group = null;
        AdamSpec adam = new(1e-6f, 0, 0.9, 1e-8f, 1, AdamForm.Torch);
        yield return Case("adam", $"{sizes.Sum()} parameters", 28.0 * sizes.Sum(), () =>
            fused.Adam(group ??= [.. sizes.Select(c => new AdamSlot(o[c], o[c, 1], o[c, 2], o[c, 3], c))], adam));
    }
}
