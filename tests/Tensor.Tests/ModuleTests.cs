using MathNet.Numerics.LinearAlgebra;
using Sagan.Native.Kernels;
using Sagan.Native.Modules;
using Sagan.Native.Optim;

namespace Sagan.Native.Tests;

[Quick]
public class ModuleTests
{
    static readonly Device Device = Device.Cpu;

    static Initializer Init(ulong seed = 1, WeightInit init = WeightInit.TorchDefault) => new(new RandomSource(seed), init, Device);

    [Theory]
    [InlineData(SpectralNormConvention.Torch, false)]
    [InlineData(SpectralNormConvention.Torch, true)]
    [InlineData(SpectralNormConvention.Heykeetae, true)]
    public void Sigma_becomes_the_largest_singular_value(SpectralNormConvention convention, bool transposed)
    {
        Module layer = transposed ? new ConvTranspose2d(5, 7, 3, Init()) : new Conv2d(5, 7, 3, Init());
        SpectralNorm norm = new(layer, Init(2), convention);
        Tensor x = new RandomSource(3).Normal(new Shape(2, 6, 6, 5), Device);
        for (int i = 0; i < 200; i++) Step.Run(() => norm.Call(x));
        (string name, Parameter weight) = norm.State().Single(s => s.Name.EndsWith("_orig", StringComparison.Ordinal)
            || s.Name.EndsWith("_bar", StringComparison.Ordinal));
        // The engine's weight is [A, 3, 3, B]; the matrix's rows are A, or B for the torch convention on a transposed convolution.
        int a = weight.Shape[0], b = weight.Shape[3];
        bool rowsLast = transposed && convention == SpectralNormConvention.Torch;
        Matrix<float> matrix = rowsLast
            ? Matrix<float>.Build.DenseOfRowMajor(a * 9, b, weight.Value.ToArray())
            : Matrix<float>.Build.DenseOfRowMajor(a, 9 * b, weight.Value.ToArray());
        Assert.Equal(matrix.Svd().S[0], norm.Sigma, 1e-4 * matrix.Svd().S[0]);
    }

    // W / sigma does not change when W is scaled, so the gradient is orthogonal to W.
    [Fact]
    public void The_gradient_of_a_normalised_weight_is_orthogonal_to_the_weight() => Step.Run(() =>
    {
        SpectralNorm norm = new(new Linear(9, 6, Init()), Init(2));
        Tensor x = new RandomSource(3).Normal(new Shape(4, 9), Device), c = new RandomSource(4).Normal(new Shape(4, 6), Device);
        Parameter w = norm.State().Single(s => s.Name == "weight_orig").Parameter;
        Tensor g = Autograd.Grad(Ops.Sum(norm.Call(x) * c), [w])[0];
        float dot = Ops.Sum(g * w.Value).Item(), size = MathF.Sqrt(Ops.Sum(Ops.Square(g)).Item());
        Assert.True(Math.Abs(dot) < 1e-4 * size && size > 0.01, $"<dW, W> = {dot}, |dW| = {size}");
    });

    [Fact]
    public void An_all_zero_weight_gives_finite_numbers() => Step.Run(() =>
    {
        Linear layer = new(5, 3, Init());
        layer.State().First().Parameter.Assign(Tensor.Zeros(new Shape(3, 5), Device));
        SpectralNorm norm = new(layer, Init(2));
        Tensor x = Tensor.Ones(new Shape(2, 5), Device);
        Tensor y = norm.Call(x);
        Assert.All(y.ToArray(), v => Assert.True(float.IsFinite(v)));
        Assert.All(Autograd.Grad(Ops.Sum(y), norm.Parameters), g => Assert.All(g.ToArray(), v => Assert.True(float.IsFinite(v))));
    });

    [Fact]
    public void Torch_convention_moves_in_training_only_and_frozen_never()
    {
        SpectralNorm torch = new(new Linear(5, 3, Init()), Init(2)),
            hk = new(new Linear(5, 3, Init()), Init(2), SpectralNormConvention.Heykeetae);
        Tensor x = Tensor.Ones(new Shape(2, 5), Device);
        torch.Train(false);
        hk.Train(false);
        Assert.False(Moves(torch));
        Assert.True(Moves(hk));
        torch.Train();
        Assert.True(Moves(torch));
        Assert.False(SpectralNorm.Frozen(torch, () => Moves(torch)));

        bool Moves(SpectralNorm n)
        {
            float[] before = U(n);
            Step.Run(() => n.Call(x));
            return !before.SequenceEqual(U(n));
        }

        static float[] U(SpectralNorm n) =>
            n.State().Single(s => s.Name.EndsWith("weight_u", StringComparison.Ordinal)).Parameter.Value.ToArray();
    }

    [Theory]
    [InlineData(6, 20)]
    [InlineData(20, 6)]
    public void Orthogonal_initialisation_is_orthonormal(int rows, int columns)
    {
        Matrix<float> w = Matrix<float>.Build.DenseOfRowMajor(rows, columns,
            Init(1, WeightInit.Orthogonal).Weight(new Shape(rows, columns), columns, rows).ToArray());
        Matrix<float> gram = rows < columns ? w * w.Transpose() : w.Transpose() * w;
        Assert.True((gram - Matrix<float>.Build.DenseIdentity(Math.Min(rows, columns))).L2Norm() < 1e-5);
    }

    [Fact]
    public void Default_initialisation_has_pytorchs_bounds()
    {
        // fan_in = in K K for a convolution, out K K for a transposed one.
        Check(new Conv2d(8, 32, 4, Init()), 8 * 16);
        Check(new ConvTranspose2d(32, 8, 4, Init()), 8 * 16);
        Check(new Linear(64, 100, Init()), 64);

        static void Check(Module m, int fanIn)
        {
            foreach ((string name, Parameter p) in m.State())
            {
                float[] values = p.Value.ToArray();
                float largest = values.Max(Math.Abs), bound = 1 / MathF.Sqrt(fanIn);
                Assert.True(largest <= bound && largest > (values.Length > 1000 ? 0.99f : 0.5f) * bound,
                    $"{name}: largest {largest}, bound {bound}");
            }
        }
    }

    [Fact]
    public void Dropout_drops_whole_channels_and_keeps_the_mean()
    {
        Dropout2d dropout = new(0.25f, new RandomSource(5));
        Tensor x = Tensor.Ones(new Shape(50, 2, 2, 40), Device);
        Tensor y = dropout.Call(x);
        float[] v = y.ToArray();
        for (int n = 0; n < 50; n++)
            for (int c = 0; c < 40; c++)
            {
                float first = v[n * 160 + c];
                Assert.True(first is 0 or 4 / 3f, $"{first}");
                for (int pixel = 1; pixel < 4; pixel++) Assert.Equal(first, v[n * 160 + pixel * 40 + c]);
            }
        Assert.Equal(1, v.Average(), 0.05);
        dropout.Train(false);
        Assert.Same(x, dropout.Call(x));
    }

    [Fact]
    public void Moving_average_copies_before_its_start_and_follows_after()
    {
        Linear source = new(2, 1, Init()), average = new(2, 1, Init(9));
        ExponentialMovingAverage ema = new(average, source, 0.9, start: 1);
        Parameter s = source.State().First().Parameter, a = average.State().First().Parameter;
        s.Assign([1f, 2f]);
        ema.Update();
        Assert.Equal([1f, 2f], a.Value.ToArray());
        s.Assign([2f, 2f]);
        ema.Update();
        Assert.Equal([1.1f, 2f], a.Value.ToArray(), (x, y) => Math.Abs(x - y) < 1e-6);
    }

    [Fact]
    public void State_has_pytorchs_names_and_layouts()
    {
        SpectralNorm torch = new(new Conv2d(3, 8, 4, Init()), Init()),
            hk = new(new ConvTranspose2d(8, 3, 4, Init()), Init(), SpectralNormConvention.Heykeetae);
        Assert.Equal(["bias", "weight_orig", "weight_u", "weight_v"], torch.State().Select(s => s.Name));
        Assert.Equal([new Shape(8), new Shape(8, 3, 4, 4), new Shape(8), new Shape(48)], torch.State().Select(s => s.Parameter.SavedShape));
        Assert.Equal(["module.bias", "module.weight_u", "module.weight_v", "module.weight_bar"], hk.State().Select(s => s.Name));
        Assert.Equal([new Shape(3), new Shape(8), new Shape(48), new Shape(8, 3, 4, 4)], hk.State().Select(s => s.Parameter.SavedShape));
    }

    [Fact]
    public void Equal_seeds_give_equal_weights_on_both_devices()
    {
        float[] cpu = new Linear(7, 5, Init()).State().First().Parameter.Value.ToArray();
        float[] reference = new Linear(7, 5, new Initializer(new RandomSource(1),
            device: Device.Reference)).State().First().Parameter.Value.ToArray();
        Assert.Equal(reference, cpu, (a, b) => Math.Abs(a - b) < 1e-7);
    }
}
