#:project ../src/Sagan/Sagan.csproj
#:property PublishAot=false
// Trains a small convolutional classifier on Fashion-MNIST, or any other set of IDX files of 28x28, and tells how many of the test
// images it names rightly.
using System.Diagnostics;
using Sagan.Native;
using Sagan.Native.Data;
using Sagan.Native.Kernels;
using Sagan.Native.Modules;
using Sagan.Native.Optim;

if (args is not [string folder, .. string[] rest])
{
    Console.Error.WriteLine("usage: dotnet run -c Release classifier.cs FOLDER [EPOCHS]; the folder holds train-images-idx3-ubyte.gz,");
    Console.Error.WriteLine("train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz");
    return 2;
}
int epochs = rest is [string text] ? int.Parse(text) : 2;
const int Batch = 64;

DatasetOptions options = new() { Size = 28, Channels = 1 };
using ImageDataset train = Dataset.Open(Path.Combine(folder, "train-images-idx3-ubyte.gz"), options);
using ImageDataset test = Dataset.Open(Path.Combine(folder, "t10k-images-idx3-ubyte.gz"), options);
Console.WriteLine($"{train.Count} images to learn from, {test.Count} to test with, {train.ClassCount} classes");

Initializer init = new(new RandomSource(seed: 1));
Module net = new Sequential(
    new Conv2d(1, 32, 3, init, padding: 1, activation: Activation.Relu),
    new MaxPool2d(2),
    new Conv2d(32, 64, 3, init, padding: 1, activation: Activation.Relu),
    new MaxPool2d(2),
    new Flatten(),
    new Linear(7 * 7 * 64, 128, init, activation: Activation.Relu),
    new Dropout(0.25f, new RandomSource(seed: 2)),
    new Linear(128, train.ClassCount, init));
Console.WriteLine(net.Summary(Batch, 28, 28, 1));

using BatchLoader loader = new(train, Batch, seed: 1);
int steps = Math.Max(1, train.Count / Batch);
Sgd sgd = new(net.Parameters, learningRate: 0.05f, momentum: 0.9f, nesterov: true, weightDecay: 5e-4f);
Func<int, float> rate = Schedule.WarmUp(Math.Min(100, steps), Schedule.Cosine(0.05f, epochs * steps));

Stopwatch clock = Stopwatch.StartNew();
for (int epoch = 1; epoch <= epochs; epoch++)
{
    double loss = 0;
    net.Train();
    for (int i = 0; i < steps; i++)
    {
        Batch batch = loader.Next();
        sgd.LearningRate = rate(sgd.StepCount);
        loss += sgd.Minimize(() => Ops.CrossEntropy(net.Call(batch.ToTensor()), batch.ToLabels()));
    }
    TimeSpan trained = clock.Elapsed;
    Console.WriteLine($"epoch {epoch}: loss {loss / steps:0.000}, {Accuracy():P1} of the test images right, {trained.TotalSeconds:0} s");
}
return 0;

double Accuracy()
{
    net.Train(false);
    int right = 0;
    for (int first = 0; first < test.Count; first += 500)
    {
        int[] items = [.. Enumerable.Range(first, Math.Min(500, test.Count - first))];
        int[] answers = Step.Run(() => Autograd.NoGrad(() => net.Call(test.ToTensor(items)).ArgMax(1).ToArray()));
        right += items.Zip(answers).Count(p => test.Label(p.First) == p.Second);
    }
    return (double)right / test.Count;
}
