using Sagan.Native.Export;

namespace Sagan.Native.Modules;

/// <summary>Applies modules one after the other: y = m_k(... m_1(x)). Children are named by their position, as in PyTorch.</summary>
public sealed class Sequential : Module
{
    readonly Module[] modules;

    /// <summary>A chain of modules, named 0, 1, ... in its state.</summary>
    public Sequential(params ReadOnlySpan<Module> modules)
    {
        this.modules = modules.ToArray();
        for (int i = 0; i < modules.Length; i++) Child($"{i}", modules[i]);
    }

    /// <summary>The module at a position.</summary>
    public Module this[int index] => modules[index];

    protected override Tensor Forward(Tensor x) => Chain(x, null, modules);

    protected override Tensor Forward(Tensor x, Condition condition) => Chain(x, condition, modules);

    internal override OnnxValue Export(OnnxGraph graph, OnnxValue x, OnnxCondition? condition) =>
        modules.Aggregate(x, (y, m) => Export(m, graph, y, condition));

    /// <summary>As the other one, without a condition.</summary>
    public static Tensor Chain(Tensor x, params IEnumerable<Module> modules) => Chain(x, null, modules);

    /// <summary>Applies modules one after the other, and lets go of each intermediate result once it was used (what the tape needs, it holds itself).</summary>
    public static Tensor Chain(Tensor x, Condition? condition, params IEnumerable<Module> modules)
    {
        Tensor y = x;
        Scope? scope = Scope.Current;
        foreach (Module m in modules)
        {
            Tensor next = m.Call(y, condition);
            if (!ReferenceEquals(next, y) && !ReferenceEquals(y, x) && scope != null && scope.Owns(y)) y.Release();
            y = next;
        }
        return y;
    }
}
