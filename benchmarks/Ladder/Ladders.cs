using Sagan.Native.Kernels;
using Sagan.Native.Measuring;

namespace Sagan.Native.Ladder;

/// <summary>The kernels that have a ladder.</summary>
static class Ladders
{
    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names { get; } = ["attention", "matmul", "conv2d", "softmax", "power-iteration"];

    /// <summary>The ladder of a kernel on a device, at the size that it is usually shown at.</summary>
    public static KernelLadder Of(string name, Device device) => name switch
    {
        "attention" => Attention(device, new AttentionSpec(4, 1024, 1024, 8, 64, 1)),
        "matmul" => MatMul(device, 512, 512, 512),
        "conv2d" => Conv2d(device, new Conv2dSpec(2, 32, 32, 64, 128, 4, 4, 2, 1, 16, 16)),
        "softmax" => Softmax(device, 1024, 1024),
        "power-iteration" => PowerIteration(device, 512, 4096),
        _ => throw new ArgumentException($"there is no ladder of {name}; there are: {string.Join(", ", Names)}.", nameof(name)),
    };

    /// <summary>y [M,N] = a [M,K] b [K,N].</summary>
    public static unsafe KernelLadder MatMul(Device device, int m, int n, int k)
    {
        MatMulSpec s = new(1, m, n, k, false, false, 0, 0);
        Rung Cpu(string name, string adds, CpuMatMul f) => Host(name, adds, (i, o) => f(i[0], i[1], o[0], m, n, k));
        Rung[] rungs = device.Backend is GpuBackend { Context: var gpu }
            ? [
                Gpu("naive", "a thread for each result", o => gpu.Launch(new NaiveMatMulKernel(View(o.Input(0)), View(o.Input(1)),
                    View(o.Output(0)), m, n, k), GpuGrid.Cover(m * n))),
                Gpu("shared memory", "16x16 threads share what they read", o => gpu.Launch(
                    new SharedMatMulKernel(View(o.Input(0)), View(o.Input(1)), View(o.Output(0)), m, n, k),
                    Tiles(m, n, SharedMatMulKernel.Side), SharedMatMulKernel.Side * SharedMatMulKernel.Side)),
                Planned(gpu, s, "register tile 4x4", "64x64 tiles; 16 results of a thread in registers", GpuGemmTile.Tile64x64),
                Planned(gpu, s, "register tile 8x8", "128x128 tiles; 64 results of a thread", GpuGemmTile.Tile128x128),
                .. gpu.Queue.HasTensorCores ? (Rung[])
                [
                    Planned(gpu, s, "tensor cores", "16x8 products an instruction; factors rounded to TF32", GpuGemmTile.Tf32),
                ] : [],
            ]
            :
            [
                Cpu("naive", "three loops", CpuMatMulRungs.Naive),
                Cpu("blocked", "along rows, in blocks that fit the L2 cache", CpuMatMulRungs.Blocked),
                Cpu("vector", "several columns in one instruction", CpuMatMulRungs.Vectors),
                Cpu("packed", "4 x 2 vectors of results in registers; b copied into panels", CpuMatMulRungs.Packed),
                Cpu("all cores", "panels of columns on all cores", CpuMatMulRungs.AllCores),
            ];
        return new("matmul", $"y [{m}, {n}] = a [{m}, {k}] b [{k}, {n}]",
            device, new KernelShape($"{m}x{n}x{k}", [m * k, k * n], [m * n], 2.0 * m * n * k), o => MatMul(Device.Reference, o),
            [.. rungs, Engine(device, o => MatMul(device, o))],
            // TF32 has ten bits.
            rungs.Any(r => r.Name == "tensor cores") ? 2e-3 : 2e-5);

        void MatMul(Device on, Operands o) => on.Backend.MatMul(o.Input(0), o.Input(1), o.Output(0), s);
    }

    /// <summary>y = conv2d(x, w).</summary>
    public static unsafe KernelLadder Conv2d(Device device, Conv2dSpec s)
    {
        Rung Cpu(string name, string adds, CpuConv2d f) => Host(name, adds, (i, o) => f(i[0], i[1], o[0], s));
        int pixels = s.N * s.OutH * s.OutW, side = SharedConv2dKernel.Side;
        Rung[] rungs = device.Backend is GpuBackend { Context: var gpu }
            ? [
                Gpu("naive", "a thread for each result", o => gpu.Launch(new NaiveConv2dKernel(View(o.Input(0)), View(o.Input(1)),
                    View(o.Output(0)), new(s)), GpuGrid.Cover(pixels * s.Co))),
                Gpu("shared memory", "16x16 threads share windows and weights", o => gpu.Launch(new SharedConv2dKernel(View(o.Input(0)),
                    View(o.Input(1)), View(o.Output(0)), new(s)), Tiles(pixels, s.Co, side), side * side)),
            ]
            :
            [
                Cpu("naive", "seven loops", CpuConv2dRungs.Naive),
                Cpu("lines", "channels innermost; the edge is decided once a line", CpuConv2dRungs.Lines),
                Cpu("vector", "vectors of channels, four output channels at once", CpuConv2dRungs.Vectors),
                Cpu("im2col, packed", "windows as rows of a matrix; 4 x 2 vectors of results in registers", CpuConv2dRungs.Im2col),
                Cpu("all cores", "blocks of 64 pixels on all cores", CpuConv2dRungs.AllCores),
            ];
        return new("conv2d", $"{s.N} images, {s.Ci} -> {s.Co} channels, {s.H}x{s.W} -> {s.OutH}x{s.OutW}, kernel {s.Kh}, stride {s.Stride}",
            device, new KernelShape($"{s.Ci}->{s.Co} @{s.H}", [s.N * s.H * s.W * s.Ci, s.Co * s.Kh * s.Kw * s.Ci],
                [pixels * s.Co], s.Flops), o => Conv(Device.Reference, o), [.. rungs, Engine(device, o => Conv(device, o))], 2e-5);

        void Conv(Device on, Operands o) => on.Backend.Conv2d(o.Input(0), o.Input(1), o.Output(0), s);
    }

    /// <summary>y = softmax of each row of x.</summary>
    public static unsafe KernelLadder Softmax(Device device, int rows, int columns)
    {
        Rung Cpu(string name, string adds, CpuSoftmax f) => Host(name, adds, (i, o) => f(i[0], o[0], rows, columns));
        Rung[] rungs = device.Backend is GpuBackend { Context: var gpu }
            ? [
                Gpu("naive", "a thread for each row", o => gpu.Launch(
                    new NaiveSoftmaxKernel(View(o.Input(0)), View(o.Output(0)), rows, columns), GpuGrid.Cover(rows))),
                Gpu("shared memory", "a thread block for each row, which adds up in shared memory", o => gpu.Launch(
                    new SharedSoftmaxKernel(View(o.Input(0)), View(o.Output(0)), columns), new GpuGrid(rows))),
            ]
            :
            [
                Cpu("naive", "three passes over a row", CpuSoftmaxRungs.Naive),
                Cpu("vector", "several elements in one instruction; the exponential a polynomial", CpuSoftmaxRungs.Vectors),
                Cpu("online", "maximum and sum in one pass; twice the exponentials", CpuSoftmaxRungs.Online),
                Cpu("all cores", "rows on all cores, in three passes", CpuSoftmaxRungs.AllCores),
            ];
        return new("softmax", $"rows of {columns}", device,
            new KernelShape($"[{rows}, {columns}]", [rows * columns], [rows * columns]),
            o => Rows(Device.Reference, o), [.. rungs, Engine(device, o => Rows(device, o))],
            // A row's largest element is many times the root mean square.
            1e-4);

        void Rows(Device on, Operands o) => on.Backend.Softmax(o.Input(0), o.Output(0), rows, columns);
    }

    /// <summary>o = softmax(q k^T) v.</summary>
    public static unsafe KernelLadder Attention(Device device, AttentionSpec s)
    {
        (int batch, int n, int dk, int dv) = (s.Batch, s.N, s.Dk, s.Dv);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(dv, SharedAttentionKernel.MostDv, nameof(s));
        Rung Cpu(string name, string adds, CpuAttention f) => Host(name, adds, (i, o) => f(i[0], i[1], i[2], o[0], batch, n, dk, dv));
        Rung[] rungs = device.Backend is GpuBackend { Context: var gpu }
            ? [
                Gpu("naive", "three kernels, with A in memory between them", o =>
                {
                    GpuStorage e = gpu.Temporary(batch * n * n);
                    gpu.Launch(new NaiveScoresKernel(View(o.Input(0)), View(o.Input(1)), e.View, batch, n, dk),
                        GpuGrid.Cover(batch * n * n));
                    gpu.Launch(new NaiveSoftmaxKernel(e.View, e.View, batch * n, n), GpuGrid.Cover(batch * n));
                    gpu.Launch(new NaiveMeansKernel(e.View, View(o.Input(2)), View(o.Output(0)), batch, n, dv),
                        GpuGrid.Cover(batch * n * dv));
                    e.Release();
                }),
                Gpu("shared memory", "a thread block for each query; scores in shared memory, a running maximum", o => gpu.Launch(
                    new SharedAttentionKernel(View(o.Input(0)), View(o.Input(1)), View(o.Input(2)), View(o.Output(0)), n, dk, dv),
                    new GpuGrid(batch * n))),
            ]
            :
            [
                Cpu("naive", "matrix by matrix: E, A, o", CpuAttentionRungs.Naive),
                Cpu("rows", "one row of E at a time", CpuAttentionRungs.Rows),
                Cpu("vector", "several keys, exponentials and components in one instruction", CpuAttentionRungs.Vectors),
                Cpu("streaming", "tiles of 64 keys and a running maximum: nothing of size N", CpuAttentionRungs.Streaming),
                Cpu("all cores", "groups of four queries on all cores", CpuAttentionRungs.AllCores),
            ];
        return new("attention", $"{batch} images, N = {n}, dk = {dk}, dv = {dv}",
            device, new KernelShape($"N={n} dk={dk} dv={dv}", [batch * n * dk, batch * n * dk, batch * n * dv],
                [batch * n * dv], 2.0 * batch * n * n * (dk + dv)), Composition, [.. rungs, Engine(device, Fused)], 1e-4);

        void Fused(Operands o)
        {
            Storage rows = device.Pool.Rent(2 * batch * n);
            ((IFusedAttention)device.Backend).Attention(o.Input(0), o.Input(1), o.Input(2), o.Output(0), rows, s);
            rows.Release();
        }

        void Composition(Operands o)
        {
            Backend reference = Device.Reference.Backend;
            Storage e = Device.Reference.Pool.Rent(batch * n * n);
            reference.MatMul(o.Input(0), o.Input(1), e, new MatMulSpec(batch, n, n, dk, false, true, n * dk, n * dk));
            reference.Softmax(e, e, batch * n, n);
            reference.MatMul(e, o.Input(2), o.Output(0), new MatMulSpec(batch, n, dv, n, false, false, n * n, n * dv));
            e.Release();
        }
    }

    /// <summary>v = W^T u / |W^T u|, u' = W v / |W v|, sigma = |W v|.</summary>
    public static unsafe KernelLadder PowerIteration(Device device, int rows, int columns)
    {
        Rung Cpu(string name, string adds, CpuPowerIteration f) =>
            Host(name, adds, (i, o) => f(i[0], i[1], o[0], o[1], o[2], rows, columns));
        Rung[] rungs = device.Backend is GpuBackend { Context: var gpu }
            ? [
                Gpu("naive", "a thread for each element of v and u', one for each norm", o =>
                {
                    gpu.Launch(new ColumnProductKernel(View(o.Input(0)), View(o.Input(1)), View(o.Output(0)), rows, columns),
                        GpuGrid.Cover(columns));
                    gpu.Launch(new NaiveNormalizeKernel(View(o.Output(0)), View(o.Output(2)), columns), new GpuGrid(1));
                    gpu.Launch(new NaiveRowProductKernel(View(o.Input(0)), View(o.Output(0)), View(o.Output(1)), rows, columns),
                        GpuGrid.Cover(rows));
                    gpu.Launch(new NaiveNormalizeKernel(View(o.Output(1)), View(o.Output(2)), rows), new GpuGrid(1));
                }),
                Gpu("shared memory", "a thread block for each row of W v and for each norm", o =>
                {
                    gpu.Launch(new ColumnProductKernel(View(o.Input(0)), View(o.Input(1)), View(o.Output(0)), rows, columns),
                        GpuGrid.Cover(columns));
                    gpu.Launch(new SharedNormalizeKernel(View(o.Output(0)), View(o.Output(2)), columns), new GpuGrid(1));
                    gpu.Launch(new SharedRowProductKernel(View(o.Input(0)), View(o.Output(0)), View(o.Output(1)), columns),
                        new GpuGrid(rows));
                    gpu.Launch(new SharedNormalizeKernel(View(o.Output(1)), View(o.Output(2)), rows), new GpuGrid(1));
                }),
            ]
            :
            [
                Cpu("naive", "two products as they are written down", CpuPowerIterationRungs.Naive),
                Cpu("rows", "both along the rows of W", CpuPowerIterationRungs.Rows),
                Cpu("vector", "several columns in one instruction, four rows at once", CpuPowerIterationRungs.Vectors),
                Cpu("all cores", "bands of rows on all cores, added in order", CpuPowerIterationRungs.AllCores),
            ];
        return new("power-iteration", $"W [{rows}, {columns}]",
            device, new KernelShape($"[{rows}, {columns}]", [rows * columns, rows], [columns, rows, 1], 4.0 * rows * columns),
            Definition, [.. rungs, Engine(device, Fused)], 2e-5);

        void Fused(Operands o) => ((IFusedSpectralNorm)device.Backend).PowerIteration(o.Input(0), o.Input(1), o.Output(0), o.Output(1),
            o.Output(0), o.Output(2), new PowerIterationSpec(rows, columns, false, 1, 1e-12f, NormEpsilon.Max));

        void Definition(Operands o)
        {
            Backend reference = Device.Reference.Backend;
            reference.MatMul(o.Input(0), o.Input(1), o.Output(0), new MatMulSpec(1, columns, 1, rows, true, false, 0, 0));
            Normalize(o.Write(0));
            reference.MatMul(o.Input(0), o.Output(0), o.Output(1), new MatMulSpec(1, rows, 1, columns, false, false, 0, 0));
            o.Write(2)[0] = Normalize(o.Write(1));
        }
    }

    static float Normalize(Span<float> x)
    {
        double squares = 0;
        foreach (float v in x) squares += (double)v * v;
        float norm = (float)Math.Sqrt(squares);
        foreach (ref float v in x) v /= norm;
        return norm;
    }

    unsafe delegate void CpuMatMul(float* a, float* b, float* y, int m, int n, int k);

    unsafe delegate void CpuConv2d(float* x, float* w, float* y, Conv2dSpec s);

    unsafe delegate void CpuSoftmax(float* x, float* y, int rows, int columns);

    unsafe delegate void CpuAttention(float* q, float* k, float* v, float* o, int batch, int n, int dk, int dv);

    unsafe delegate void CpuPowerIteration(float* w, float* u, float* v, float* next, float* sigma, int rows, int columns);

    unsafe delegate void OnPointers(float*[] inputs, float*[] outputs);

    static unsafe Rung Host(string name, string adds, OnPointers f) => new(name, adds, o =>
    {
        float*[] inputs = new float*[o.Inputs], outputs = new float*[o.Outputs];
        for (int i = 0; i < inputs.Length; i++) inputs[i] = ((HostStorage)o.Input(i)).Pointer;
        for (int i = 0; i < outputs.Length; i++) outputs[i] = ((HostStorage)o.Output(i)).Pointer;
        f(inputs, outputs);
    });

    static Rung Gpu(string name, string adds, Action<Operands> run) => new(name, adds, run);

    static Rung Engine(Device device, Action<Operands> run) => new("engine", $"what `{device.Name}` runs", run);

    static Rung Planned(GpuContext gpu, MatMulSpec s, string name, string adds, GpuGemmTile tile) => new(name, adds, o =>
    {
        GpuGemmPlan? before = gpu.FixedPlan;
        gpu.FixedPlan = new(tile, 1);
        try
        {
            GpuMatMul.MatMul(gpu, o.Input(0), o.Input(1), o.Output(0), s);
        }
        finally
        {
            gpu.FixedPlan = before;
        }
    });

    static ILGPU.ArrayView<float> View(Storage s) => GpuViews.Floats(s);

    static GpuGrid Tiles(int rows, int columns, int side) => new(IntMath.CeilDiv(columns, side), IntMath.CeilDiv(rows, side));
}
