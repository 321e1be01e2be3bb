namespace Sagan.Native.IO;

/// <summary>Element types of tensors in files, in the order in which the reference writer of safetensors sorts them: the largest comes
/// first.</summary>
public enum TensorDtype
{
    /// <summary>One byte, 0 or 1.</summary>
    Bool,

    /// <summary>Unsigned byte.</summary>
    U8,

    /// <summary>IEEE half precision.</summary>
    F16,

    /// <summary>The upper 16 bits of a float32.</summary>
    BF16,

    /// <summary>Signed 32-bit integer.</summary>
    I32,

    /// <summary>IEEE single precision.</summary>
    F32,

    /// <summary>IEEE double precision.</summary>
    F64,

    /// <summary>Signed 64-bit integer.</summary>
    I64,
}

static class TensorDtypes
{
    /// <summary>Dtypes of safetensors that this engine has no use for: told apart from nonsense in the error.</summary>
    static readonly string[] unsupported =
    [
        "I8", "I16", "U16", "U32", "U64", "C64", "F4", "F6_E2M3", "F6_E3M2", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ",
    ];

    /// <summary>By value of <see cref="TensorDtype"/>.</summary>
    static readonly string[] names = ["BOOL", "U8", "F16", "BF16", "I32", "F32", "F64", "I64"];

    public static string Name(this TensorDtype dtype) => names[(int)dtype];

    public static int Size(this TensorDtype dtype) => dtype switch
    {
        TensorDtype.Bool or TensorDtype.U8 => 1,
        TensorDtype.F16 or TensorDtype.BF16 => 2,
        TensorDtype.I32 or TensorDtype.F32 => 4,
        _ => 8,
    };

    public static bool IsInteger(this TensorDtype dtype) =>
        dtype is TensorDtype.Bool or TensorDtype.U8 or TensorDtype.I32 or TensorDtype.I64;

    /// <summary>The dtype of a type of the language. Throws <see cref="ArgumentException"/> for one that has none.</summary>
    public static TensorDtype Of<T>() =>
        typeof(T) == typeof(float) ? TensorDtype.F32
        : typeof(T) == typeof(double) ? TensorDtype.F64
        : typeof(T) == typeof(Half) ? TensorDtype.F16
        : typeof(T) == typeof(int) ? TensorDtype.I32
        : typeof(T) == typeof(long) ? TensorDtype.I64
        : typeof(T) == typeof(byte) ? TensorDtype.U8
        : typeof(T) == typeof(bool) ? TensorDtype.Bool
        : throw new ArgumentException($"there is no dtype for {typeof(T).Name}; use float, double, Half, int, long, byte or bool.");

    public static TensorDtype? Parse(string name)
    {
        int i = Array.IndexOf(names, name);
        return i < 0 ? null : (TensorDtype)i;
    }

    public static string Why(string name) => Array.IndexOf(unsupported, name) >= 0
        ? $"dtype {name} is not supported; supported are BOOL U8 I32 I64 F16 BF16 F32 F64"
        : $"dtype '{SafetensorsHeader.Show(name)}' is unknown; supported are BOOL U8 I32 I64 F16 BF16 F32 F64";
}
