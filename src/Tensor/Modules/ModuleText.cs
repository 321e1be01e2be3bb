using System.Globalization;
using System.Text;
using Sagan.Native.Kernels;

namespace Sagan.Native.Modules;

/// <summary>What people read of a module: <c>ToString</c> and <c>Summary</c>.</summary>
static class ModuleText
{
    /// <summary>A line for each module, those inside it below it.</summary>
    public static string Tree(Module module)
    {
        StringBuilder s = new();
        Line(s, module, "");
        return s.ToString();
    }

    static void Line(StringBuilder s, Module module, string indent)
    {
        string about = module.About;
        s.Append(module.GetType().Name);
        if (about.Length > 0) s.Append('(').Append(about).Append(')');
        foreach ((string name, Module child) in module.Children)
        {
            s.Append('\n').Append(indent).Append("  ").Append(name).Append(": ");
            Line(s, child, indent + "  ");
        }
    }

    /// <summary>A table with a row for each module: path, kind, shape of the output, trainable numbers. It is run once in inference
    /// mode.</summary>
    public static string Summary(Module module, Shape input)
    {
        List<(string Path, Module Module)> all = [.. module.Descendants()];
        Dictionary<Module, Shape> shapes = [];
        void Note(Module m, Tensor y) => shapes[m] = y.Shape;
        bool training = module.IsTraining;
        module.Train(false);
        module.ForEach(m => m.Called += Note);
        try
        {
            Device device = module.Moving().Select(p => p.Device).FirstOrDefault(Device.Cpu);
            Step.Run(() => Autograd.NoGrad(() => SpectralNorm.Frozen(module, () => module.Call(Tensor.Zeros(input, device)))));
        }
        finally
        {
            module.ForEach(m => m.Called -= Note);
            module.Train(training);
        }

        HashSet<Parameter> seen = [];
        List<string[]> rows = [["module", "kind", "output", "parameters"], ["", "(input)", $"{input}", ""]];
        foreach ((string path, Module m) in all)
        {
            // Those inside it have rows of their own.
            HashSet<Parameter> inside = [.. m.Children.SelectMany(c => c.Module.State()).Select(p => p.Parameter)];
            Parameter[] own = [.. m.State().Select(p => p.Parameter).Where(p => p.IsTrainable && !inside.Contains(p)).Distinct()];
            string count = own.Length == 0
                ? "" : Number(own.Sum(p => (long)p.Value.Count)) + (own.All(p => !seen.Add(p)) ? " (shared)" : "");
            string kind = m.GetType().Name + (m.About.Length > 0 ? $"({m.About})" : "");
            rows.Add([path.Length == 0 ? "(all)" : path, kind, shapes.TryGetValue(m, out Shape y) ? $"{y}" : "", count]);
        }
        int[] widths = [.. Enumerable.Range(0, 4).Select(i => rows.Max(r => r[i].Length))];
        StringBuilder s = new();
        foreach (string[] r in rows)
            s.Append($"{r[0].PadRight(widths[0])}  {r[1].PadRight(widths[1])}  {r[2].PadRight(widths[2])}  "
                + $"{r[3].PadLeft(widths[3])}".TrimEnd()).Append('\n');
        long buffers = module.State().Select(p => p.Parameter).Distinct().Where(p => !p.IsTrainable).Sum(p => (long)p.Value.Count);
        return s.Append($"{Number(module.ParameterCount)} parameters, {Number(buffers)} numbers in buffers").ToString();
    }

    /// <summary>An activation after a comma; nothing where there is none.</summary>
    public static string Of(Activation activation) => activation.Kind switch
    {
        ActivationKind.None => "",
        ActivationKind.Tanh => ", tanh",
        _ => activation.Slope == 0 ? ", relu" : $", leaky relu {activation.Slope}",
    };

    static string Number(long n) => n.ToString("N0", CultureInfo.InvariantCulture);
}
