using System.Diagnostics;
using Sagan.Native.Kernels;

namespace Sagan.Native;

/// <summary>
/// An immutable n-dimensional array of float32, row-major, on a <see cref="Kernels.Device"/>. Operators and the functions of
/// <see cref="Ops"/> make new tensors; when an operand is tracked they are recorded, and <see cref="Autograd.Grad(Tensor,
/// IReadOnlyList{Tensor}, bool)"/> differentiates them.
/// </summary>
/// <remarks>
/// A tensor is a handle. Inside a <see cref="Step"/> it belongs to the step and dies with it; outside it lives until the garbage
/// collector finds it unreachable, or until
/// <see cref="Dispose"/>. Not thread-safe: use a tensor from one thread at a time.
/// </remarks>
[DebuggerDisplay("{Describe(),nq}")]
public sealed partial class Tensor : IDisposable
{
    // Objects of handles that only the engine had: see Recycle.
    [ThreadStatic] static Stack<Tensor>? spare;
    Storage? storage;
    RootGuard? guard;

    Tensor(Device device) => Device = device;

    /// <summary>The sizes.</summary>
    public Shape Shape { get; private set; }

    /// <summary>Where the elements are.</summary>
    public Device Device { get; private set; }

    /// <summary>Number of elements.</summary>
    public int Count => Shape.Count;

    /// <summary>Number of axes.</summary>
    public int Rank => Shape.Rank;

    /// <summary>The parameter's name, where the tensor is a parameter's value.</summary>
    public string? Name { get; private set; }

    /// <summary>True when gradients can flow through this tensor.</summary>
    public bool IsTracked => Node != null;

    internal Node? Node { get; set; }

    /// <summary>Which value of a <see cref="Trace"/> this is a handle of.</summary>
    internal TracedValue? Traced { get; set; }

    internal bool IsAlive => storage != null;

    /// <summary>The memory. Throws when the tensor was released.</summary>
    internal Storage Storage => storage ?? throw new ObjectDisposedException(nameof(Tensor),
        $"tensor {Describe()} was released, because its step ended or it was disposed; return it from the step, or keep its values with "
            + "Item or ToArray.");

    internal Backend Backend => Device.Backend;

    /// <summary>A new tensor with undefined content, owned by the innermost scope.</summary>
    internal static Tensor Empty(Shape shape, Device device) => Owned(Handle(Rent(shape, device), shape, device));

    /// <summary>A new tensor that no scope owns: it lives until it is disposed or collected.</summary>
    internal static Tensor EmptyRoot(Shape shape, Device device, string? name = null)
    {
        Tensor t = Handle(Rent(shape, device), shape, device);
        t.Name = name;
        t.GuardByCollector();
        return t;
    }

    static Storage Rent(Shape shape, Device device)
    {
        try
        {
            return device.Pool.Rent(shape.Count);
        }
        catch (DeviceMemoryException e)
        {
            throw new DeviceMemoryException($"tensor {shape}: {e.Message}", e);
        }
    }

    static Tensor Handle(Storage storage, Shape shape, Device device)
    {
        Tensor t = spare is { Count: > 0 } ? spare.Pop() : new Tensor(device);
        (t.storage, t.Shape, t.Device) = (storage, shape, device);
        return t;
    }

    static Tensor Owned(Tensor t)
    {
        Scope.Register(t);
        return t;
    }

    /// <summary>Another handle to the same memory, owned by the innermost scope.</summary>
    internal Tensor Alias(Shape shape, Node? node)
    {
        Storage.AddReference();
        Tensor t = Owned(Handle(Storage, shape, Device));
        (t.Node, t.Traced) = (node, Traced);
        return t;
    }

    /// <summary>Another handle to the same memory that no scope owns; whoever asked releases it.</summary>
    internal Tensor Retain(bool guarded)
    {
        Storage.AddReference();
        Tensor t = Handle(Storage, Shape, Device);
        (t.Node, t.Traced, t.Name) = (Node, Traced, Name);
        if (guarded) t.GuardByCollector();
        return t;
    }

    /// <summary>The same values, untracked: gradients stop here.</summary>
    public Tensor Detach() => Alias(Shape, null);

    /// <summary>
    /// From now on gradients can be asked for with respect to this tensor, which is returned. One that is tracked already stays as it is;
    /// for a new leaf of its value: <c>x.Detach().RequireGrad()</c>.
    /// </summary>
    public Tensor RequireGrad()
    {
        if (!IsAlive) _ = Storage;
        Node ??= Node.Leaf(this);
        return this;
    }

    /// <summary>Copies all elements to an array, in row-major order. Waits for the device.</summary>
    public float[] ToArray()
    {
        float[] a = new float[Count];
        CopyTo(a);
        return a;
    }

    /// <summary>Copies all elements. Waits for the device.</summary>
    public void CopyTo(Span<float> destination)
    {
        LookedAt();
        if (destination.Length < Count)
            throw new ArgumentException($"copy: the destination holds {destination.Length} elements, {Describe()} has {Count}.");
        Storage.CopyTo(destination[..Count]);
        // Outside a step nothing else may hold the handle, whose collection gives the memory back.
        GC.KeepAlive(this);
    }

    /// <summary>True when no element is NaN or infinite. Waits for the device.</summary>
    public bool IsFinite()
    {
        Trace.ThrowIfLookedAt(this);
        ReadOnlySpan<float> x = Storage is HostStorage h ? h.Span[..Count] : Detach().ToArray();
        bool finite = true;
        foreach (float v in x) finite &= float.IsFinite(v);
        GC.KeepAlive(this);
        return finite;
    }

    /// <summary>The elements, where they are in host memory. The span is valid while the tensor is alive: keep a reference to the tensor
    /// while it is used.
    /// Throws for other devices.</summary>
    public ReadOnlySpan<float> AsSpan()
    {
        LookedAt();
        return Storage is HostStorage h
            ? h.Span[..Count]
            : throw new InvalidOperationException($"tensor {Describe()} is not in host memory; use ToArray.");
    }

    /// <summary>The value of a tensor of one element. Waits for the device.</summary>
    public float Item()
    {
        LookedAt();
        if (Count != 1) throw new ShapeException($"item: {Describe()} has {Count} elements, one is needed.");
        Span<float> value = stackalloc float[1];
        Storage.CopyTo(value);
        GC.KeepAlive(this);
        return value[0];
    }

    /// <summary>The element at these indices; negative ones count from the end. Waits for the device, so it is for looking, not for
    /// computing.</summary>
    [System.Runtime.CompilerServices.IndexerName("Element")]
    public float this[params ReadOnlySpan<int> indices]
    {
        get
        {
            LookedAt();
            if (indices.Length != Rank)
                throw new ShapeException($"index: {indices.Length} indices given, {Describe()} has {Rank} axes; a part is x[0, ..].");
            int at = 0;
            for (int i = 0; i < Rank; i++)
            {
                int n = Shape[i], k = indices[i] < 0 ? indices[i] + n : indices[i];
                if ((uint)k >= (uint)n)
                    throw new ShapeException($"index: {indices[i]} is out of range for axis {i} of {Describe()}, which has size {n}.");
                at = at * n + k;
            }
            float value = Storage is HostStorage h ? h.Span[at] : ToArray()[at];
            GC.KeepAlive(this);
            return value;
        }
    }

    // The host gets elements: what it makes of them is unknown to whoever follows operations.
    void LookedAt()
    {
        Trace.ThrowIfLookedAt(this);
        Autograd.ThrowIfReadByRule(this);
    }

    /// <summary>Gives the memory back at once. Never needed inside a <see cref="Step"/>. Idempotent.</summary>
    public void Dispose() => Release();

    internal void Release()
    {
        guard?.Dispose();
        guard = null;
        storage?.Release();
        storage = null;
        (Node, Traced) = (null, null);
    }

    /// <summary>
    /// Releases a handle that nobody outside the engine ever had, and keeps the object for the next handle. A handle that a user may
    /// still hold must stay as it is, so that its use after its end is an error.
    /// </summary>
    internal void Recycle()
    {
        Release();
        Name = null;
        (spare ??= new Stack<Tensor>()).Push(this);
    }

    internal void GuardByCollector() => guard = new RootGuard(Storage);

    string Describe() => (Name == null ? "" : $"'{Name}' ") + Shape;

    /// <summary>
    /// Releases the memory of a handle that no scope owned once the handle is unreachable. A separate object, so that the many tensors of
    /// a step have no finalizer.
    /// </summary>
    sealed class RootGuard : IDisposable
    {
        Storage? storage;

        public RootGuard(Storage storage)
        {
            this.storage = storage;
            if (storage.Count > 0) GC.AddMemoryPressure(4L * storage.Count);
        }

        // The handle releases its own reference.
        public void Dispose()
        {
            if (storage == null) return;
            if (storage.Count > 0) GC.RemoveMemoryPressure(4L * storage.Count);
            storage = null;
            GC.SuppressFinalize(this);
        }

        ~RootGuard()
        {
            Storage? s = storage;
            if (s == null) return;
            if (s.Count > 0) GC.RemoveMemoryPressure(4L * s.Count);
            s.Release();
        }
    }
}
