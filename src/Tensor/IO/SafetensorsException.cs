namespace Sagan.Native.IO;

/// <summary>
/// The rule of the safetensors format that a file, or a request to read from it, broke. The names are the reference implementation's
/// where it has one.
/// </summary>
public enum SafetensorsRule
{
    /// <summary>Not one of the rules below.</summary>
    None,

    /// <summary>A file has at least the 8 bytes of the header length.</summary>
    HeaderTooSmall,

    /// <summary>A header has at most 100,000,000 bytes.</summary>
    HeaderTooLarge,

    /// <summary>The header ends within the file.</summary>
    InvalidHeaderLength,

    /// <summary>The header is UTF-8.</summary>
    InvalidHeader,

    /// <summary>The header is one JSON object of the form name -> dtype, shape, data_offsets, and nothing follows it but white
    /// space.</summary>
    InvalidHeaderDeserialization,

    /// <summary>No key occurs twice in one object (the reference keeps the last one; readers then disagree on what a file holds).</summary>
    DuplicateKey,

    /// <summary>No tensor name holds U+0000.</summary>
    NulInName,

    /// <summary>The tensors, in the order of their offsets, begin at 0 and follow one another with no hole and no overlap.</summary>
    InvalidOffset,

    /// <summary>The number of bits of a tensor fits 64 bits.</summary>
    ValidationOverflow,

    /// <summary>data_offsets span exactly the bytes that dtype and shape ask for.</summary>
    TensorInvalidInfo,

    /// <summary>The last tensor ends where the file ends.</summary>
    MetadataIncompleteBuffer,

    /// <summary>The tensor asked for is in the file.</summary>
    TensorNotFound,

    /// <summary>The tensor can be given as the type asked for: it fits one array, and every value fits the type.</summary>
    NotConvertible,
}

/// <summary>A safetensors file is malformed, or does not hold what was asked for. The message names the file, the rule, and the
/// place.</summary>
public sealed class SafetensorsException : TensorFileException
{
    internal SafetensorsException(SafetensorsRule rule, string file, string problem, long offset = -1, string? tensor = null,
        Exception? inner = null)
        : base($"{file}: {problem} ({rule}{(offset >= 0 ? $", at byte {offset}" : "")}).", inner)
    {
        Rule = rule;
        File = file;
        Offset = offset;
        Tensor = tensor;
    }

    /// <summary>The rule that was broken.</summary>
    public SafetensorsRule Rule { get; }

    /// <summary>The file, as it was named to the reader.</summary>
    public string? File { get; }

    /// <summary>The position in the file, or -1 where the rule has none.</summary>
    public long Offset { get; } = -1;

    /// <summary>The tensor, where the rule is about one.</summary>
    public string? Tensor { get; }
}
