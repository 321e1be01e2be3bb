using Sagan.Native.Data.Images;

namespace Sagan.Native.Data;

/// <summary>Where the images of a set come from. <see cref="Read"/> may be called by several threads at once.</summary>
abstract class ImageSource : IDisposable
{
    /// <summary>What the report calls the kind of source.</summary>
    public abstract string Kind { get; }

    public abstract int Count { get; }

    /// <summary>Names in the order of the labels; empty without labels.</summary>
    public virtual IReadOnlyList<string> Classes => [];

    /// <summary>What the report should say beyond the images.</summary>
    public virtual IEnumerable<string> Notes => [];

    /// <summary>Why the classes may be none, null where nothing speaks against them.</summary>
    public virtual string? ClassDoubt => null;

    /// <summary>Names of folders beside those of classes in which there is no image.</summary>
    public virtual IEnumerable<string> EmptyClasses => [];

    public abstract string Name(int index);

    public virtual int Label(int index) => 0;

    /// <summary>The original image; <see cref="DataException"/> where it cannot be read.</summary>
    public abstract Image Read(int index);

    public virtual void Dispose()
    {
    }
}
