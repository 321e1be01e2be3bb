using Sagan.Native.Kernels;

namespace Sagan.Native;

/// <summary>
/// A named tensor that outlives steps and is the only thing ever updated in place: a weight that an optimiser trains, or a buffer
/// (running statistics, power-iteration vectors) that a module keeps. Converts to <see cref="Tensor"/> wherever one is wanted.
/// </summary>
public sealed partial class Parameter
{
    /// <summary>A parameter with a copy of the given values.</summary>
    /// <param name="name">Its name inside its module.</param>
    /// <param name="initial">The first values.</param>
    /// <param name="trainable">False for a buffer.</param>
    public Parameter(string name, Tensor initial, bool trainable = true)
    {
        Name = name;
        IsTrainable = trainable;
        Value = Tensor.EmptyRoot(initial.Shape, initial.Device, name);
        Value.Backend.Copy(initial.Storage, Value.Storage, initial.Count);
        if (trainable) Value.Node = Node.Leaf(Value);
        SavedShape = initial.Shape;
    }

    /// <summary>The name inside its module, for example <c>weight</c>.</summary>
    public string Name { get; }

    /// <summary>True for a weight, false for a buffer.</summary>
    public bool IsTrainable { get; }

    /// <summary>The current value, a leaf of the tape when trainable.</summary>
    public Tensor Value { get; private set; }

    /// <summary>The value's sizes.</summary>
    public Shape Shape => Value.Shape;

    /// <summary>Where the value is.</summary>
    public Device Device => Value.Device;

    /// <summary>The order in which a file holds the axes (PyTorch's layout), where it differs from the engine's: file axis i is engine axis
    /// SavedOrder[i].</summary>
    public int[]? SavedOrder { get; init; }

    /// <summary>The view of the value whose axes <see cref="SavedOrder"/> reorders, where it is not the engine's shape.</summary>
    public Shape? SavedView { get; init; }

    /// <summary>True for a counter, which files hold as a 64-bit integer.</summary>
    public bool IsInteger { get; init; }

    /// <summary>True for a unit vector (of power iteration), which loses its meaning when it is averaged with another.</summary>
    public bool IsUnitVector { get; init; }

    /// <summary>The shape in a file, where it is not just the engine's shape in <see cref="SavedOrder"/>.</summary>
    public Shape SavedShape { get; init; }

    /// <summary>The value.</summary>
    public static implicit operator Tensor(Parameter p) => p.Value;

    // The old value stays where it is, for those that hold it.
    internal void Move(Device device)
    {
        if (device == Device) return;
        Tensor moved = Tensor.EmptyRoot(Shape, device, Name);
        moved.Storage.CopyFrom(Value.ToArray());
        if (IsTrainable) moved.Node = Node.Leaf(moved);
        Value = moved;
    }

    /// <summary>Overwrites the value. Graphs that saved the old one can no longer be differentiated.</summary>
    public void Assign(Tensor value)
    {
        if (value.Shape != Shape) throw new ShapeException($"assign: parameter '{Name}' is {Shape}, the new value {value.Shape}.");
        Value.Backend.Copy(value.To(Device).Storage, Value.Storage, Value.Count);
        Value.Storage.BumpVersion();
    }

    /// <summary>Overwrites the value with row-major values in the engine's layout.</summary>
    public void Assign(ReadOnlySpan<float> values)
    {
        if (values.Length != Value.Count)
            throw new ShapeException($"assign: parameter '{Name}' is {Shape} with {Value.Count} elements, {values.Length} given.");
        Value.Storage.CopyFrom(values);
        Value.Storage.BumpVersion();
    }

    /// <summary>Moves the value towards another in place: p += weight (target - p). With weight 1 it becomes the target exactly, whatever
    /// it was.</summary>
    public void Lerp(Tensor target, float weight)
    {
        if (target.Shape != Shape) throw new ShapeException($"lerp: parameter '{Name}' is {Shape}, the target {target.Shape}.");
        Check.SameDevice("lerp", Value, target);
        if (weight == 1)
        {
            Assign(target);
            return;
        }
        Value.Backend.Zip(Value.Storage, target.Storage, Value.Storage, new BroadcastSpec(Shape, Shape, Shape), new LerpOp(weight));
        Value.Storage.BumpVersion();
    }

    /// <inheritdoc/>
    public override string ToString() => $"'{Name}' {Shape}";
}
