using Sagan.Native.Kernels;

namespace Sagan.Native.Tests.Conformance;

/// <summary>How a kernel uses an operand.</summary>
enum Role
{
    /// <summary>Read, never written.</summary>
    Input,

    /// <summary>Fully overwritten, whatever it held.</summary>
    Output,

    /// <summary>Read and updated in place, or written in part.</summary>
    InOut,
}

/// <summary>One tensor of a kernel call: how many elements, and what they are before the call.</summary>
sealed record Operand(string Name, int Count, Role Role, Func<Random, int, float> Value)
{
    public static Operand In(string name, int count, double scale = 1, double shift = 0) =>
        new(name, count, Role.Input, (random, _) => (float)(Uniform(random) * scale + shift));

    /// <summary>Drawn one after another.</summary>
    public static Operand In(string name, int count, Func<Random, float> value, Role role = Role.Input) =>
        new(name, count, role, (random, _) => value(random));

    /// <summary>Told from the position.</summary>
    public static Operand In(string name, int count, Func<int, float> value) => new(name, count, Role.Input, (_, i) => value(i));

    /// <summary>Whole numbers in [0, bound), stored as the bits of an int.</summary>
    public static Operand Index(string name, int count, int bound) =>
        new(name, count, Role.Input, (random, _) => BitConverter.Int32BitsToSingle(random.Next(bound)));

    public static Operand Out(string name, int count) => new(name, count, Role.Output, (_, _) => float.NaN);

    public static Operand InOut(string name, int count, double scale = 1) =>
        new(name, count, Role.InOut, (random, _) => (float)(Uniform(random) * scale));

    // Mean 0 and variance 1.
    static double Uniform(Random random) => (2 * random.NextDouble() - 1) * 1.7320508;
}

/// <summary>
/// One call of a primitive or of a fused kernel at given sizes. The table of them (<see cref="KernelCases"/>) drives every check of the
/// contract on every backend.
/// </summary>
sealed record KernelCase(string Method, string Sizes, Operand[] Operands, Action<Backend, Storage[]> Call, Bound Bound)
{
    /// <summary>The interface that a backend needs for this call; null for a primitive.</summary>
    public Type? Capability { get; init; }

    /// <summary>The elementwise function, for Map and Zip.</summary>
    public Type? Function { get; init; }

    /// <summary>For a fused kernel: computes the outputs from the inputs. A primitive's definition is the reference backend.</summary>
    public Action<float[][]>? Definition { get; init; }

    /// <summary>Makes inputs that depend on other inputs, such as saved results of a forward kernel.</summary>
    public Action<float[][]>? Prepare { get; init; }

    /// <summary>Pairs (output, input) of operands that may be the same storage.</summary>
    public (int Output, int Input)[] Aliases { get; init; } = [];

    // A check asks for the same values several times.
    static (KernelCase? Case, float[][] Values) latest = (null, []);

    public string Name => $"{Method} {Sizes}";

    public override string ToString() => Name;

    /// <summary>
    /// The operands' values before the call, always the same for the same case, in new arrays; outputs hold NaN, so that an element left
    /// out shows.
    /// </summary>
    public float[][] Values()
    {
        if (latest.Case == this) return [.. latest.Values.Select(v => (float[])v.Clone())];
        float[][] values = new float[Operands.Length][];
        for (int i = 0; i < values.Length; i++)
        {
            Random random = new(1000 * Operands.Length + i);
            values[i] = new float[Operands[i].Count];
            for (int j = 0; j < values[i].Length; j++) values[i][j] = Operands[i].Value(random, j);
        }
        Prepare?.Invoke(values);
        latest = (this, values);
        return Values();
    }

    /// <summary>Replaces the outputs among the values by what the definition says.</summary>
    public float[][] Define(float[][] values)
    {
        if (Definition == null) return Execute(Device.Reference.Backend, Device.Reference.Pool.Rent, values);
        Definition(values);
        return values;
    }

    /// <summary>
    /// Calls the kernel on storages with these values and returns what they hold afterwards. Aliased outputs share the storage of their
    /// input.
    /// </summary>
    public float[][] Execute(Backend backend, Func<int, Storage> rent, float[][] values, params (int Output, int Input)[] aliases)
    {
        Storage[] storages = new Storage[Operands.Length];
        for (int i = 0; i < storages.Length; i++)
        {
            if (aliases.Any(a => a.Output == i)) continue;
            storages[i] = rent(Operands[i].Count);
            storages[i].CopyFrom(values[i]);
        }
        foreach ((int output, int input) in aliases)
        {
            storages[output] = storages[input];
            storages[output].AddReference();
        }
        try
        {
            Call(backend, storages);
            return [.. storages.Select((s, i) =>
            {
                float[] result = new float[Operands[i].Count];
                s.CopyTo(result);
                return result;
            })];
        }
        finally
        {
            foreach (Storage s in storages) s.Release();
        }
    }
}
