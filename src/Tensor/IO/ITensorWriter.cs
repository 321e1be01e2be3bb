namespace Sagan.Native.IO;

/// <summary>A file of named tensors that is being written, whatever its format.</summary>
public interface ITensorWriter
{
    /// <summary>Adds a tensor whose values, row by row, are asked for when the file is written.</summary>
    void Add<T>(string name, Shape shape, Func<T[]> values) where T : unmanaged;
}
