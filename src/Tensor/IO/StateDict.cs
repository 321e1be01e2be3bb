using System.Runtime.InteropServices;
using Sagan.Native.Modules;

namespace Sagan.Native.IO;

/// <summary>
/// Parameters to safetensors files and from files of any format, under PyTorch's names and in PyTorch's layouts: convolution weights
/// [out, in, K, K], and a transposed convolution's [in, out, K, K], so that a file opens in PyTorch and one made there loads here.
/// </summary>
public static class StateDict
{
    /// <summary>Adds all of these parameters to a file that is being written.</summary>
    public static void Add(ITensorWriter file, IEnumerable<(string Name, Parameter Parameter)> state, string prefix = "")
    {
        foreach ((string name, Parameter p) in state)
            if (p.IsInteger) file.Add(prefix + name, p.SavedShape, () => Saved(p).Select(x => (long)x).ToArray());
            else file.Add(prefix + name, p.SavedShape, () => Saved(p));
    }

    /// <summary>Saves a module's parameters and buffers.</summary>
    public static void Save(Module module, string path)
    {
        SafetensorsWriter file = new();
        file.Metadata["format"] = "pt";
        Add(file, module.State());
        file.Save(path);
    }

    /// <summary>
    /// Loads parameters from a file. Everything is checked before anything is assigned: a missing or misshapen tensor, or one under
    /// <paramref name="prefix"/> that no parameter wants, is a <see cref="TensorFileException"/>, and the parameters are as they were.
    /// num_batches_tracked may be missing, as in files of PyTorch before 0.4.1. A parameter that has several names needs one of them in the
    /// file; where there are more, they must hold the same values.
    /// </summary>
    public static void Load(TensorFile file, IEnumerable<(string Name, Parameter Parameter)> state, string prefix = "")
    {
        (string Name, Parameter Parameter)[] wanted = [.. state.Select(s => (prefix + s.Name, s.Parameter))];
        List<string> problems = Problems(file, wanted, prefix);
        Refuse(problems);
        Dictionary<Parameter, (string Name, float[] Values)> values = [];
        foreach ((string name, Parameter p) in wanted.Where(w => file.Contains(w.Name)))
        {
            float[] read = file.Read<float>(name);
            if (!values.TryAdd(p, (name, read))
                && !MemoryMarshal.AsBytes<float>(read).SequenceEqual(MemoryMarshal.AsBytes<float>(values[p].Values)))
                problems.Add($"'{values[p].Name}' and '{name}' are one parameter in the network and differ in the file");
        }
        Refuse(problems);
        // What may be missing counts batches.
        foreach ((string name, Parameter p) in wanted) values.TryAdd(p, (name, [0]));
        foreach ((Parameter p, (_, float[] v)) in values) Assign(p, v);

        static void Refuse(List<string> problems)
        {
            if (problems.Count > 0)
                throw new TensorFileException($"the file does not fit the network: "
                    + $"{string.Join("; ", problems.Take(5))}{(problems.Count > 5 ? $"; and {problems.Count - 5} more" : "")}.");
        }
    }

    /// <summary>What of a file does not fit: missing tensors, misshapen ones, and such as no parameter wants. Names have the
    /// prefix.</summary>
    internal static List<string> Problems(TensorFile file, IReadOnlyCollection<(string Name, Parameter Parameter)> wanted,
        string prefix = "")
    {
        HashSet<Parameter> present = [.. wanted.Where(w => file.Contains(w.Name)).Select(w => w.Parameter)];
        List<string> problems = [];
        foreach ((string name, Parameter p) in wanted)
            if (file.Contains(name))
            {
                if (!file[name].Shape.SequenceEqual(p.SavedShape.ToArray().Select(n => (long)n)))
                    problems.Add($"'{name}' is [{string.Join(", ", file[name].Shape)}] in the file and {p.SavedShape} in the network");
            }
            else if (!p.IsInteger && !present.Contains(p)) problems.Add($"'{name}' {p.SavedShape} is missing");
        HashSet<string> names = [.. wanted.Select(w => w.Name)];
        problems.AddRange(file.Entries.Where(e => e.Name.StartsWith(prefix, StringComparison.Ordinal) && !names.Contains(e.Name))
            .Select(e => $"'{e.Name}' is not part of the network"));
        return problems;
    }

    /// <summary>Loads a module's parameters and buffers from a file. See
    /// <see cref="Load(TensorFile, IEnumerable{ValueTuple{string, Parameter}}, string)"/>.</summary>
    public static void Load(Module module, string path)
    {
        using SafetensorsReader file = new(path);
        Load(file, module.State());
    }

    /// <summary>The values in the order of a file.</summary>
    internal static float[] Saved(Parameter p) => Saved(p, p.Value);

    /// <summary>Values that stand for a parameter's, in the order of a file.</summary>
    internal static float[] Saved(Parameter p, Tensor value)
    {
        if (p.SavedOrder == null) return value.ToArray();
        return Step.Run(() => Autograd.NoGrad(() => Ops.Permute(value.Detach().Reshape(View(p).ToArray()), p.SavedOrder).ToArray()));
    }

    /// <summary>Assigns values that are in the order of a file.</summary>
    internal static void Assign(Parameter p, float[] saved)
    {
        if (p.SavedOrder == null)
        {
            p.Assign(saved);
            return;
        }
        Step.Run(() =>
        {
            int[] view = View(p).ToArray(), inverse = new int[view.Length];
            for (int i = 0; i < view.Length; i++) inverse[p.SavedOrder[i]] = i;
            Tensor t = Tensor.From(saved, new Shape([.. p.SavedOrder.Select(axis => view[axis])]), p.Device);
            p.Assign(Ops.Permute(t, inverse).Reshape(p.Shape.ToArray()));
        });
    }

    static Shape View(Parameter p) => p.SavedView ?? p.Shape;
}
