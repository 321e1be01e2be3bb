using Sagan.Native.Modules;

namespace Sagan.Native.Models;

/// <summary>A module whose formula depends on the classes of the images.</summary>
public interface IConditional
{
    /// <summary>Applies it to images of given classes; null = no condition.</summary>
    Tensor Call(Tensor x, Condition? condition);
}

/// <summary>A network or block that hands the classes on to what is inside it.</summary>
public abstract class ConditionalModule : Module, IConditional
{
    /// <inheritdoc/>
    public Tensor Call(Tensor x, Condition? condition) =>
        Apply((Module: this, x, condition), static a => a.Module.Forward(a.x, a.condition));

    /// <summary>The formula without a condition.</summary>
    protected sealed override Tensor Forward(Tensor x) => Forward(x, null);

    /// <summary>The formula; null where there is no condition.</summary>
    protected abstract Tensor Forward(Tensor x, Condition? condition);
}

/// <summary>Modules one after the other, each of which gets the classes where it knows what to do with them.</summary>
sealed class ConditionalSequential : ConditionalModule
{
    readonly Module[] modules;

    public ConditionalSequential(params Module[] modules)
    {
        this.modules = modules;
        for (int i = 0; i < modules.Length; i++) Child($"{i}", modules[i]);
    }

    protected override Tensor Forward(Tensor x, Condition? condition) => Conditional.Chain(x, condition, modules);
}

static class Conditional
{
    /// <summary>Applies a module to images of given classes; one that knows no classes does as without.</summary>
    public static Tensor Call(this Module module, Tensor x, Condition? condition) =>
        condition != null && module is IConditional conditional ? conditional.Call(x, condition) : module.Call(x);

    /// <summary>As <see cref="Sequential.Chain(Tensor, IEnumerable{Module})"/>, with classes.</summary>
    public static Tensor Chain(Tensor x, Condition? condition, IEnumerable<Module> modules) =>
        Sequential.Chain(x, modules, condition, static (m, y, c) => m.Call(y, c));
}
