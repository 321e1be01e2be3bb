using System.Diagnostics.CodeAnalysis;
using Sagan.Native.Export;

namespace Sagan.Native.Modules;

/// <summary>
/// A part of a network: parameters, buffers and child modules under explicit names, which are the keys of a checkpoint (PyTorch's names). The constructor
/// registers each of them with <see cref="Child"/> or <see cref="Own"/>; a module or trainable parameter that is kept in a field without that is an
/// <see cref="InvalidOperationException"/> at the first use.
/// </summary>
/// <example>
/// <code>sealed class Net : Module
/// {
///     readonly Linear first, second;
///
///     public Net(Initializer init) =&gt; (first, second) = (Child("first", new Linear(2, 8, init)), Child("second", new Linear(8, 1, init)));
///
///     protected override Tensor Forward(Tensor x) =&gt; second.Call(Ops.Tanh(first.Call(x)));
/// }</code>
/// </example>
[DynamicallyAccessedMembers(ModuleFields.Needed)]
public abstract class Module
{
    readonly List<(string Name, Module Module)> children = [];
    readonly List<Parameter> own = [];
    bool fieldsChecked;

    /// <summary>True in training mode (batch statistics, dropout, power iteration), false in inference mode. Set by <see cref="Train"/>.</summary>
    public bool IsTraining { get; private set; } = true;

    /// <summary>All trainable parameters, in the order they were made. One that stands in several places (tied weights) is listed once, at the first.</summary>
    public IReadOnlyList<Parameter> Parameters => [.. State().Select(p => p.Parameter).Where(p => p.IsTrainable).Distinct()];

    /// <summary>Number of trainable numbers.</summary>
    public long ParameterCount => Parameters.Sum(p => (long)p.Value.Count);

    /// <summary>True where nothing but the engine's own code runs inside, so that nobody else ever has a handle of an intermediate tensor.</summary>
    private protected virtual bool IsClosed => false;

    /// <summary>Applies the module. Intermediate tensors are released when it returns.</summary>
    public Tensor Call(Tensor x)
    {
        CheckFields();
        using Scope scope = Scope.Enter(isEngine: IsClosed);
        return scope.Keep(Forward(x));
    }

    /// <summary>Applies the module to images of given classes; a module that knows no classes does as without. Null = no condition.</summary>
    public Tensor Call(Tensor x, Condition? condition)
    {
        if (condition == null) return Call(x);
        CheckFields();
        using Scope scope = Scope.Enter(isEngine: IsClosed);
        return scope.Keep(Forward(x, condition));
    }

    /// <summary>Sets training or inference mode here and in all children.</summary>
    public void Train(bool training = true)
    {
        IsTraining = training;
        foreach ((_, Module m) in children) m.Train(training);
    }

    /// <summary>
    /// All parameters and buffers with their dotted names. One that stands in several places has several names, as in PyTorch's state_dict, so that a file fits
    /// a network whether or not weights are tied there.
    /// </summary>
    public virtual IEnumerable<(string Name, Parameter Parameter)> State()
    {
        CheckFields();
        foreach (Parameter p in own) yield return (p.Name, p);
        foreach ((string name, Module module) in children)
            foreach ((string inner, Parameter p) in module.State()) yield return ($"{name}.{inner}", p);
    }

    /// <summary>This module and all below it, with their dotted names; this one's is empty.</summary>
    public IEnumerable<(string Name, Module Module)> Descendants()
    {
        yield return ("", this);
        foreach ((string name, Module module) in children)
            foreach ((string inner, Module m) in module.Descendants()) yield return (inner.Length == 0 ? name : $"{name}.{inner}", m);
    }

    /// <summary>Freezes the spectral norms below (+1), or lets them go (-1).</summary>
    internal virtual void Freeze(int change)
    {
        foreach ((_, Module m) in children) m.Freeze(change);
    }

    /// <summary>Begins or ends <see cref="SpectralNorm.Together"/> for the spectral norms below.</summary>
    internal virtual void CallTogether(bool begin)
    {
        foreach ((_, Module m) in children) m.CallTogether(begin);
    }

    /// <summary>
    /// Adds the formula in inference form to a graph of ONNX operators: a spectrally normalised weight as w / sigma, batch normalisation with the running
    /// statistics. Images are [N, C, H, W] there. Throws <see cref="NotSupportedException"/> where a module has no such form.
    /// </summary>
    internal virtual OnnxValue Export(OnnxGraph graph, OnnxValue x, OnnxCondition? condition) =>
        throw new NotSupportedException($"a {GetType().Name} has no ONNX form here");

    /// <summary>Adds a child's formula under its name.</summary>
    private protected OnnxValue Export(Module child, OnnxGraph graph, OnnxValue x, OnnxCondition? condition)
    {
        string? name = children.FirstOrDefault(c => c.Module == child).Name;
        return name == null ? child.Export(graph, x, condition) : graph.Within(name, () => child.Export(graph, x, condition));
    }

    void CheckFields()
    {
        if (fieldsChecked) return;
        // The check itself asks for the state.
        fieldsChecked = true;
        string? problem;
        try
        {
            problem = ModuleFields.FindUnregistered(this);
        }
        catch
        {
            fieldsChecked = false;
            throw;
        }
        if (problem == null) return;
        fieldsChecked = false;
        throw new InvalidOperationException(problem);
    }

    /// <summary>The formula.</summary>
    protected abstract Tensor Forward(Tensor x);

    /// <summary>The formula where it depends on the condition.</summary>
    protected virtual Tensor Forward(Tensor x, Condition condition) => Forward(x);

    /// <summary>Adds a child under a name.</summary>
    protected T Child<T>(string name, T module) where T : Module
    {
        if (children.Any(c => c.Name == name)) throw new ArgumentException($"module: there is a child '{name}' already.");
        children.Add((name, module));
        return module;
    }

    /// <summary>Adds a parameter or buffer.</summary>
    protected Parameter Own(Parameter parameter)
    {
        if (own.Any(p => p.Name == parameter.Name)) throw new ArgumentException($"module: there is a parameter '{parameter.Name}' already.");
        own.Add(parameter);
        return parameter;
    }
}
