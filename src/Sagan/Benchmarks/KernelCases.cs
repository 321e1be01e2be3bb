using Sagan.Native.Kernels;

namespace Sagan.Native.Benchmarks;

/// <summary>One kernel at one shape: its work, and a call of it on operands that are there already.</summary>
sealed record KernelCase(string Kernel, string Shape, double Flops, double Bytes, Action Run);

/// <summary>
/// Every kernel of the CPU at the shapes of SAGAN 64x64, and at some of larger images: 3x3 convolutions of residual networks, and attention over 64x64 maps.
/// Those have a batch of 4, so that all cases together take half a minute; their cost is linear in the batch.
/// </summary>
static class KernelCases
{
    const int SmallBatch = 4;

    // Heykeetae's networks: width at each resolution, and where attention is.
    static readonly (int Resolution, int Channels)[] Stages = [(4, 512), (8, 256), (16, 128), (32, 64)];

    /// <summary>All cases for a batch size. Operands are random and live as long as the cases.</summary>
    public static IEnumerable<KernelCase> All(int batch)
    {
        CpuBackend cpu = (CpuBackend)Device.Cpu.Backend;
        Operands o = new();
        return [.. Convolutions(cpu, o, batch), .. Attention(cpu, o, batch), .. Products(cpu, o, batch), .. Normalisation(cpu, o, batch), .. Elementwise(cpu, o, batch)];
    }

    static IEnumerable<KernelCase> Convolutions(CpuBackend cpu, Operands o, int n)
    {
        // Discriminator 3 -> 64 -> 128 -> 256 -> 512; read backwards (input gradient) the same are the generator's transposed convolutions.
        (int Size, int Ci, int Co)[] layers = [(64, 3, 64), (32, 64, 128), (16, 128, 256), (8, 256, 512)];
        foreach ((int size, int ci, int co) in layers)
            foreach (KernelCase k in Trio(cpu, o, new Conv2dSpec(n, size, size, ci, co, 4, 4, 2, 1, size / 2, size / 2))) yield return k;
        foreach (KernelCase k in Trio(cpu, o, new Conv2dSpec(n, 4, 4, 512, 1, 4, 4, 1, 0, 1, 1))) yield return k;
        foreach (KernelCase k in Trio(cpu, o, new Conv2dSpec(n, 4, 4, 512, 128, 4, 4, 1, 0, 1, 1))) yield return k;
        foreach ((int size, int c) in ((int, int)[])[(128, 64), (64, 128), (32, 256), (16, 512)])
            foreach (KernelCase k in Trio(cpu, o, new Conv2dSpec(SmallBatch, size, size, c, c, 3, 3, 1, 1, size, size))) yield return k;
    }

    static IEnumerable<KernelCase> Trio(CpuBackend cpu, Operands o, Conv2dSpec s)
    {
        int xs = s.N * s.H * s.W * s.Ci, ws = s.Co * s.Kh * s.Kw * s.Ci, ys = s.N * s.OutH * s.OutW * s.Co;
        Storage x = o[xs], w = o[ws], y = o[ys], b = o[s.Co];
        string shape = $"{s.Ci}->{s.Co} @{s.H} k{s.Kh}s{s.Stride}";
        double bytes = 4.0 * (xs + (double)ws + ys);
        yield return new("conv2d", shape, s.Flops, bytes, () => cpu.Conv2d(x, w, y, s));
        yield return new("conv2d + bias + leaky relu", shape, s.Flops, bytes, () => cpu.Conv2dBias(x, w, null, b, y, s, Activation.LeakyRelu(0.1f)));
        yield return new("conv2d input grad", shape, s.Flops, bytes, () => cpu.Conv2dInputGrad(y, w, x, s));
        yield return new("conv2d weight grad", shape, s.Flops, bytes, () => cpu.Conv2dWeightGrad(x, y, w, s));
    }

    static IEnumerable<KernelCase> Attention(CpuBackend cpu, Operands o, int n)
    {
        IEnumerable<AttentionSpec> stages = Stages.Select(t => new AttentionSpec(n, t.Resolution * t.Resolution, t.Resolution * t.Resolution, t.Channels / 8, t.Channels, 1));
        foreach (AttentionSpec s in stages.Concat([new(n, 1024, 1024, 16, 128, 1), new(SmallBatch, 4096, 4096, 8, 64, 1)]))
        {
            int keys = s.Batch * s.N * s.Dk, values = s.Batch * s.N * s.Dv;
            Storage q = o[keys], k = o[keys, 1], v = o[values], y = o[values, 1], lse = o[s.Batch * s.N], g = o[values, 2], dq = o[keys, 2], dk = o[keys, 3], dv = o[values, 3];
            // Backward: four products where forward has two, and the scores once more.
            double scores = 2.0 * s.Batch * s.N * s.M * s.Dk, forward = scores + 2.0 * s.Batch * s.N * s.M * s.Dv, backward = 2 * forward + scores, bytes = 4.0 * (2 * keys + 2 * values);
            string shape = $"N={s.N} dk={s.Dk} dv={s.Dv}";
            void Forward() => cpu.Attention(q, k, v, y, lse, s);
            void Backward() => cpu.AttentionBackward(q, k, v, y, lse, g, dq, dk, dv, s);
            yield return new("attention", shape, forward, bytes, Forward);
            // lse and y must belong to q, k and v.
            Forward();
            yield return new("attention backward", shape, backward, 3 * bytes, Backward);
            yield return new("attention forward + backward", shape, forward + backward, 4 * bytes, () => { Forward(); Backward(); });
        }
    }

    static IEnumerable<KernelCase> Products(CpuBackend cpu, Operands o, int n)
    {
        foreach ((int r, int c) in Stages)
            foreach (int width in (int[])[c / 8, c])
            {
                MatMulSpec s = new(1, n * r * r, width, c, false, true, 0, 0);
                Storage a = o[s.M * s.K], b = o[s.K * s.N], y = o[s.M * s.N, 1];
                MatMulSpec inputs = new(1, s.M, s.K, s.N, false, false, 0, 0), weights = new(1, s.N, s.K, s.M, true, false, 0, 0);
                yield return Product("matmul (1x1 conv)", s, () => cpu.MatMul(a, b, y, s));
                yield return Product("matmul (1x1 input grad)", inputs, () => cpu.MatMul(y, b, a, inputs));
                yield return Product("matmul (1x1 weight grad)", weights, () => cpu.MatMul(y, a, b, weights));
            }
        (int, int, int)[] shapes =
        [
            (256, 256, 256), (512, 512, 512), (1024, 1024, 1024), (2048, 2048, 2048),
            // A SAGAN's convolutions and 1x1 convolutions as products: long and thin in each of the three ways.
            (512, 256, 2048), (256, 1024, 1024), (128, 4096, 2048), (64, 16384, 1024), (1024, 1024, 16), (1024, 128, 1024), (4096, 64, 4096),
        ];
        foreach ((int rows, int columns, int terms) in shapes)
        {
            MatMulSpec s = new(1, rows, columns, terms, false, false, 0, 0);
            Storage a = o[rows * terms], b = o[terms * columns, 1], y = o[rows * columns, 2];
            yield return Product("matmul", s, () => cpu.MatMul(a, b, y, s));
        }
    }

    static KernelCase Product(string name, MatMulSpec s, Action run) =>
        new(name, $"{s.M}x{s.N}x{s.K}", 2.0 * s.M * s.N * s.K, 4.0 * (s.M * s.K + s.K * s.N + s.M * s.N), run);

    static IEnumerable<KernelCase> Normalisation(CpuBackend cpu, Operands o, int n)
    {
        foreach ((int r, int c) in Stages)
        {
            BatchNormSpec s = new(n * r * r, c, 1e-5f, Activation.Relu);
            int count = s.Rows * c;
            Storage x = o[count], y = o[count, 1], g = o[count, 2], dx = o[count, 3], w = o[c], b = o[c, 1], m = o[c, 2], v = o[c, 3], dw = o[c, 4], db = o[c, 5];
            void Forward() => cpu.BatchNorm(x, w, b, y, m, v, s);
            void Backward() => cpu.BatchNormBackward(g, x, y, w, m, v, dx, dw, db, s);
            yield return new("batch norm + relu", $"[{s.Rows}, {c}]", 0, 12.0 * count, Forward);
            Forward();
            yield return new("batch norm + relu backward", $"[{s.Rows}, {c}]", 0, 28.0 * count, Backward);
            yield return new("batch norm + relu forward + backward", $"[{s.Rows}, {c}]", 0, 40.0 * count, () => { Forward(); Backward(); });
            yield return new("bias + leaky relu backward", $"[{s.Rows}, {c}]", 0, 12.0 * count, () => cpu.BiasActivationBackward(g, y, dx, db, s.Rows, c, Activation.LeakyRelu(0.1f)));
        }
        foreach ((int rows, int columns) in ((int, int)[])[(512, 4096), (256, 2048), (128, 1024), (64, 48)])
        {
            PowerIterationSpec s = new(rows, columns, false, 1, 1e-12f, NormEpsilon.Max);
            Storage w = o[rows * columns], u = o[rows], v = o[columns], sigma = o[1];
            yield return new("power iteration", $"[{rows}, {columns}]", 6.0 * rows * columns, 8.0 * rows * columns, () => cpu.PowerIteration(w, u, v, u, v, sigma, s));
            Storage scaled = o[rows * columns, 1];
            BroadcastSpec byScalar = new(new Shape(rows, columns), new Shape(), new Shape(rows, columns));
            yield return new("spectral norm", $"[{rows}, {columns}]", 6.0 * rows * columns, 16.0 * rows * columns, () =>
            {
                cpu.PowerIteration(w, u, v, u, v, sigma, s);
                cpu.Zip(w, sigma, scaled, byScalar, default(DivideOp));
            });
        }
    }

    static IEnumerable<KernelCase> Elementwise(CpuBackend cpu, Operands o, int n)
    {
        int count = n * 32 * 32 * 64;
        Storage x = o[count], a = o[count, 1], y = o[count, 2];
        Shape flat = new(count);
        BroadcastSpec same = new(flat, flat, flat);
        yield return new("add", $"[{count}]", 0, 12.0 * count, () => cpu.Zip(x, a, y, same, default(AddOp)));
        yield return new("tanh", $"[{count}]", 0, 8.0 * count, () => cpu.Map(x, y, count, default(TanhOp)));
        yield return new("exp", $"[{count}]", 0, 8.0 * count, () => cpu.Map(x, y, count, default(ExpOp)));
        yield return new("leaky relu", $"[{count}]", 0, 8.0 * count, () => cpu.Map(x, y, count, new LeakyReluOp(0.1f)));
        ReduceSpec rows = new(new Shape(count / 64, 64), [true, false]);
        yield return new("sum over rows", $"[{count / 64}, 64]", 0, 4.0 * count, () => cpu.Sum(x, y, rows));
        yield return new("softmax", $"[{count / 1024}, 1024]", 0, 8.0 * count, () => cpu.Softmax(x, y, count / 1024, 1024));
        PermuteSpec nchw = new(new Shape(n, 32, 32, 64), [0, 3, 1, 2]);
        yield return new("permute NHWC to NCHW", $"[{n}, 32, 32, 64]", 0, 8.0 * count, () => cpu.Permute(x, y, nchw));
        ImageSpec half = new(n, 16, 16, 64);
        yield return new("upsample 2x", $"[{n}, 16, 16, 64]", 0, 5.0 * count, () => cpu.Upsample2x(a, y, half));
        yield return new("sum pool 2x2", $"[{n}, 32, 32, 64]", 0, 5.0 * count, () => cpu.SumPool2x2(x, y, half));
        MaxPool2dSpec pool = new(n, 32, 32, 64, 2, 2, 0, 16, 16);
        Storage index = o[count / 4, 3];
        yield return new("max pool 2x2", $"[{n}, 32, 32, 64]", 0, 6.0 * count, () => cpu.MaxPool2d(x, y, index, pool));
        yield return new("random normal", $"[{count}]", 0, 4.0 * count, () => cpu.RandomNormal(y, count, new PhiloxKey(1, 0, 0)));
        AdamSlot[] group = [.. new[] { 2_097_152, 524_288, 131_072, 8_192, 512 }.Select(c => new AdamSlot(o[c], o[c, 1], o[c, 2], o[c, 3], c))];
        AdamSpec adam = new(1e-6f, 0, 0.9f, 1e-8f, 1, AdamForm.Torch);
        yield return new("adam", $"{group.Sum(s => s.Count)} parameters", 0, 28.0 * group.Sum(s => s.Count), () => cpu.Adam(group, adam));
    }

    // Random operands, one for each size and number.
    sealed class Operands
    {
        readonly Dictionary<(int, int), Storage> made = [];

        public Storage this[int count, int number = 0]
        {
            get
            {
                if (made.TryGetValue((count, number), out Storage? s)) return s;
                s = Device.Cpu.Pool.Rent(count);
                Device.Cpu.Backend.RandomUniform(s, count, new PhiloxKey((ulong)count, (ulong)number, 0));
                return made[(count, number)] = s;
            }
        }
    }
}
