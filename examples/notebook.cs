#!/usr/bin/env -S dotnet run -c Release
#:project ../src/Sagan/Sagan.csproj
#:property PublishAot=false
// Step by step, as in a notebook: what does attention learn? A network is to say a word backwards. All that it can do is to choose,
// for each place of the answer, where in the word to look.
using Sagan.Native;
using Sagan.Native.Data.Images;
using Sagan.Native.Kernels;
using Sagan.Native.Modules;
using Sagan.Native.Optim;

const int Length = 12, Letters = 8, Batch = 32, Width = 16;
int steps = args is [string text] ? int.Parse(text) : 300;
RandomSource random = new(seed: 3);

// --- 1. Words, and the same words backwards -------------------------------------------------------------------------------------
int[] Word() => [.. Tensor.Rand(random, Length).ToArray().Select(u => (int)(u * Letters))];
int[] word = Word();
Console.WriteLine($"1. a word:   {Spell(word)}\n   answer:   {Spell(word.Reverse())}");

// --- 2. Attention: queries of the places of the answer, keys of the places of the word ----------------------------------------------
Initializer init = new(random);
Parameter queries = new("queries", init.Table(Length, Width)), keys = new("keys", init.Table(Length, Width));
Parameter gain = new("gain", Tensor.Scalar(1));
Tensor Attention() => Ops.Softmax(Ops.MatMul(queries, keys, transposeB: true) / MathF.Sqrt(Width));
Console.WriteLine("\n2. where each place of the answer looks, before training:");
Console.WriteLine(Heatmap(Attention()));

// --- 3. Training ----------------------------------------------------------------------------------------------------------------
Adam adam = new([queries, keys, gain], learningRate: 0.05f);
List<float> losses = [];
for (int i = 0; i < steps; i++)
{
    int[][] words = [.. Enumerable.Range(0, Batch).Select(_ => Word())];
    // Places in front, [Length, Batch, Letters], so that one product reads from all words at once.
    Tensor x = OneHot([.. Enumerable.Range(0, Length).SelectMany(place => words.Select(w => w[place]))]);
    IndexTensor answer = IndexTensor.From([.. Enumerable.Range(0, Length).SelectMany(place => words.Select(w => w[^(place + 1)]))]);
    losses.Add(adam.Minimize(() =>
    {
        Tensor read = Ops.MatMul(Attention(), x.Reshape(Length, Batch * Letters));
        return Ops.CrossEntropy(gain * read.Reshape(Length * Batch, Letters), answer);
    }));
}
Console.WriteLine($"3. the loss, {losses[0]:0.00} at first and {losses[^1]:0.00} at last:\n   {Curve(losses)}");

// --- 4. What it has learned ---------------------------------------------------------------------------------------------------------
Console.WriteLine("\n4. where each place of the answer looks now:");
Console.WriteLine(Heatmap(Attention()));
int[] said = Ops.MatMul(Attention(), OneHot(word)).ArgMax(1).ToArray();
Console.WriteLine($"   {Spell(word)} backwards: {Spell(said)}");

// --- 5. The same as a picture -------------------------------------------------------------------------------------------------------
const int Scale = 16;
float[] weights = Attention().ToArray();
byte[] pixels = [.. from y in Enumerable.Range(0, Length * Scale)
                    from x in Enumerable.Range(0, Length * Scale)
                    select (byte)(255 * weights[y / Scale * Length + x / Scale])];
ImageFile.Save("attention.png", new Image(Length * Scale, Length * Scale, 1, pixels));
Console.WriteLine("\n5. attention.png");

static string Spell(IEnumerable<int> word) => string.Concat(word.Select(letter => (char)('a' + letter)));

static Tensor OneHot(int[] letters)
{
    float[,] x = new float[letters.Length, Letters];
    for (int i = 0; i < letters.Length; i++) x[i, letters[i]] = 1;
    return Tensor.From(x);
}

static string Heatmap(Tensor weights)
{
    const string Shades = " .:-=+*#%@";
    float[] w = weights.ToArray();
    return string.Join('\n', w.Chunk(Length).Select(row =>
        "   |" + string.Concat(row.Select(v => new string(Shades[Math.Min(9, (int)(10 * v))], 2))) + "|"));
}

static string Curve(List<float> values)
{
    const string Bars = "▁▂▃▄▅▆▇█";
    float most = values.Max();
    return string.Concat(values.Chunk(Math.Max(1, values.Count / 60)).Select(c => Bars[Math.Clamp((int)(8 * c.Average() / most), 0, 7)]));
}
