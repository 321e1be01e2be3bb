using System.Diagnostics.CodeAnalysis;
namespace Sagan.Native.Modules;

/// <summary>
/// A part of a network: parameters, buffers and child modules under explicit names, which are the keys of a checkpoint (PyTorch's names).
/// The constructor registers each of them with <see cref="Child"/> or <see cref="Own"/>; a module or trainable parameter that is kept in
/// a field without that is an
/// <see cref="InvalidOperationException"/> at the first use.
/// </summary>
/// <example>
/// <code>sealed class Net : Module
/// {
///     readonly Linear first, second;
///
///     public Net(Initializer init) =&gt;
///         (first, second) = (Child("first", new Linear(2, 8, init)), Child("second", new Linear(8, 1, init)));
///
///     protected override Tensor Forward(Tensor x) =&gt; second.Call(Ops.Tanh(first.Call(x)));
/// }</code>
/// </example>
[DynamicallyAccessedMembers(ModuleFields.Needed)]
public abstract class Module
{
    readonly List<(string Name, Module Module)> children = [];
    readonly List<Parameter> own = [], constants = [];
    bool fieldsChecked;

    /// <summary>True in training mode (batch statistics, dropout, power iteration), false in inference mode. Set by
    /// <see cref="Train"/>.</summary>
    public bool IsTraining { get; private set; } = true;

    /// <summary>All trainable parameters, in the order they were made. One that stands in several places (tied weights) is listed once,
    /// at the first.</summary>
    public IReadOnlyList<Parameter> Parameters => [.. State().Select(p => p.Parameter).Where(p => p.IsTrainable).Distinct()];

    /// <summary>Number of trainable numbers.</summary>
    public long ParameterCount => Parameters.Sum(p => (long)p.Value.Count);

    /// <summary>
    /// Told of each output, with a handle that lives as long as the innermost <see cref="Step"/>, and outside of any until it is
    /// collected: to look at what layers make, or to keep it.
    /// </summary>
    /// <example><code>net[3].Called += (module, y) =&gt; features = y;</code></example>
    public event Action<Module, Tensor>? Called;

    /// <summary>True where nothing but the engine's own code runs inside, so that nobody else ever has a handle of an intermediate
    /// tensor.</summary>
    private protected virtual bool IsClosed => false;

    /// <summary>Applies the module. Intermediate tensors are released when it returns, except those that <see cref="Step.Keep"/> was
    /// given.</summary>
    public Tensor Call(Tensor x)
    {
        CheckFields();
        using Scope scope = Scope.Enter(isEngine: IsClosed, owner: this);
        return Out(scope, Forward(x));
    }

    /// <summary>As <see cref="Call"/>, for a module that is called with something else than a tensor, or with more:
    /// <c>formula(arguments)</c>.</summary>
    /// <example>
    /// <code>public Tensor Call(Tensor q, Tensor k) =&gt; Apply((Module: this, q, k), static a =&gt; a.Module.Forward(a.q, a.k));</code>
    /// </example>
    protected Tensor Apply<T>(T arguments, Func<T, Tensor> formula)
    {
        CheckFields();
        using Scope scope = Scope.Enter(isEngine: IsClosed, owner: this);
        return Out(scope, formula(arguments));
    }

    Tensor Out(Scope scope, Tensor y)
    {
        scope.Keep(y);
        Called?.Invoke(this, Step.Keep(y));
        return y;
    }

    /// <summary>All that is on a device.</summary>
    internal IEnumerable<Parameter> Moving()
    {
        List<Parameter> all = [.. State().Select(s => s.Parameter)];
        ForEach(m => all.AddRange(m.constants));
        return all.Distinct();
    }

    internal IReadOnlyList<(string Name, Module Module)> Children => children;

    internal string About => Describe();

    /// <summary>What stands between brackets behind the module's name when it is printed: its sizes.</summary>
    protected virtual string Describe() => "";

    /// <summary>The tree of modules, a line for each.</summary>
    public override string ToString() => ModuleText.Tree(this);

    /// <summary>
    /// A table with a line for each module: path, kind, shape of its output for an input of these sizes, trainable numbers. The module is
    /// run once, on zeros and in inference mode.
    /// </summary>
    public string Summary(params ReadOnlySpan<int> input) => ModuleText.Summary(this, new Shape(input));

    /// <summary>Sets training or inference mode here and in all children.</summary>
    public void Train(bool training = true)
    {
        IsTraining = training;
        foreach ((_, Module m) in children) m.Train(training);
    }

    /// <summary>
    /// All parameters and buffers with their dotted names. One that stands in several places has several names, as in PyTorch's
    /// state_dict, so that a file fits a network whether or not weights are tied there.
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

    /// <summary>Does something to this module and to all below it.</summary>
    internal void ForEach(Action<Module> action)
    {
        action(this);
        foreach ((_, Module m) in children) m.ForEach(action);
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
        if (own.Any(p => p.Name == parameter.Name))
            throw new ArgumentException($"module: there is a parameter '{parameter.Name}' already.");
        own.Add(parameter);
        return parameter;
    }

    /// <summary>Adds a constant, which moves to another device with the module and is in no file.</summary>
    protected Parameter Constant(Parameter parameter)
    {
        if (parameter.IsTrainable)
            throw new ArgumentException($"module: parameter {parameter} is trainable, so it is no constant; Own it.", nameof(parameter));
        constants.Add(parameter);
        return parameter;
    }
}
