#:project ../src/Tensor/Tensor.csproj
// A module of one's own, a residual block with layer normalisation, in a network that tells two spirals apart; its summary, a hook that
// looks at what a block makes, and its weights in a file and back.
using Sagan.Native;
using Sagan.Native.IO;
using Sagan.Native.Kernels;
using Sagan.Native.Modules;
using Sagan.Native.Optim;

int steps = args is [string text] ? int.Parse(text) : 600;

Initializer init = new(new RandomSource(seed: 1));
SpiralNet net = new(width: 32, blocks: 3, init);
Console.WriteLine(net.Summary(100, 2));

(Tensor x, Tensor y) = Spirals(points: 400);
AdamW adam = new(net.Parameters, learningRate: 3e-3f, weightDecay: 1e-3f);
Func<int, float> rate = Schedule.Cosine(3e-3f, steps);
for (int i = 0; i < steps; i++)
{
    adam.LearningRate = rate(i);
    // A gradient longer than 1 is shortened to it.
    float loss = adam.Minimize(() => Ops.BinaryCrossEntropy(net.Call(x), y), g => Clip.Norm(g, 1).Gradients);
    if ((i + 1) % 100 == 0) Console.WriteLine($"step {i + 1}: loss {loss:0.0000}");
}

// A hook is told of each output of a module: here, how much the last block adds to what it is given.
net.Last.Branch.Called += (module, branch) => Console.WriteLine($"the last block adds up to {branch.Abs().Max().Item():0.00}");
Tensor right = Ops.Equal(Ops.Greater(net.Call(x), 0), y);
Console.WriteLine($"{right.Mean().Item():P1} of the points right");

string file = Path.Combine(Path.GetTempPath(), "spirals.safetensors");
StateDict.Save(net, file);
SpiralNet copy = new(width: 32, blocks: 3, init);
StateDict.Load(copy, file);
File.Delete(file);
Console.WriteLine($"a copy from the file differs by {(copy.Call(x) - net.Call(x)).Abs().Max().Item()}");

// Points on two arms that wind around each other once and a half.
static (Tensor X, Tensor Y) Spirals(int points)
{
    float[,] x = new float[points, 2], y = new float[points, 1];
    for (int i = 0; i < points; i++)
    {
        double along = (double)i / points, angle = 3 * Math.PI * along + (i % 2 == 0 ? 0 : Math.PI);
        (x[i, 0], x[i, 1]) = ((float)(along * Math.Cos(angle)), (float)(along * Math.Sin(angle)));
        y[i, 0] = i % 2;
    }
    return (Tensor.From(x), Tensor.From(y));
}

/// <summary>y = x + branch(x), where the branch normalises, widens, and comes back.</summary>
sealed class ResidualBlock : Module
{
    public ResidualBlock(int width, Initializer init) => Branch = Child("branch", new Sequential(
        new LayerNorm(width, init),
        new Linear(width, 2 * width, init, activation: Activation.Relu),
        new Linear(2 * width, width, init)));

    public Sequential Branch { get; }

    protected override Tensor Forward(Tensor x) => x + Branch.Call(x);
}

/// <summary>Children are registered with Child, parameters with Own: under their names they stand in a file.</summary>
sealed class SpiralNet : Module
{
    readonly Linear first, last;
    readonly ResidualBlock[] blocks;

    public SpiralNet(int width, int blocks, Initializer init)
    {
        first = Child("first", new Linear(2, width, init));
        this.blocks = [.. Enumerable.Range(0, blocks).Select(i => Child($"block{i}", new ResidualBlock(width, init)))];
        last = Child("last", new Linear(width, 1, init));
    }

    public ResidualBlock Last => blocks[^1];

    protected override Tensor Forward(Tensor x) => last.Call(Sequential.Chain(first.Call(x), blocks));
}
