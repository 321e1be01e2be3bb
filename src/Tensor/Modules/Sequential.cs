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

    /// <summary>y = m_k(... m_1(x)).</summary>
    protected override Tensor Forward(Tensor x) => Chain(x, modules);

    /// <summary>Applies modules one after the other, and lets go of each intermediate result once it was used (what the tape needs, it
    /// holds itself).</summary>
    public static Tensor Chain(Tensor x, params IEnumerable<Module> modules) => Chain(x, modules, 0, static (m, y, _) => m.Call(y));

    /// <summary>As the other one, where modules are called with something beside x.</summary>
    public static Tensor Chain<T>(Tensor x, IEnumerable<Module> modules, T context, Func<Module, Tensor, T, Tensor> call)
    {
        Tensor y = x;
        Scope? scope = Scope.Current;
        foreach (Module m in modules)
        {
            Tensor next = call(m, y, context);
            if (!ReferenceEquals(next, y) && !ReferenceEquals(y, x) && scope != null && scope.Owns(y)) y.Release();
            y = next;
        }
        return y;
    }
}
