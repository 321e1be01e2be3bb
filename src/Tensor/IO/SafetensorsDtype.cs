namespace Sagan.Native.IO;

/// <summary>Element types of a safetensors file, in the order in which the reference writer sorts them: files hold the largest first.</summary>
public enum SafetensorsDtype
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

static class SafetensorsDtypes
{
    /// <summary>Dtypes of the format that this engine has no use for: told apart from nonsense in the error.</summary>
    static readonly string[] unsupported =
    [
        "I8", "I16", "U16", "U32", "U64", "C64", "F4", "F6_E2M3", "F6_E3M2", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ",
    ];

    /// <summary>By value of <see cref="SafetensorsDtype"/>.</summary>
    static readonly string[] names = ["BOOL", "U8", "F16", "BF16", "I32", "F32", "F64", "I64"];

    public static string Name(this SafetensorsDtype dtype) => names[(int)dtype];

    public static int Size(this SafetensorsDtype dtype) => dtype switch
    {
        SafetensorsDtype.Bool or SafetensorsDtype.U8 => 1,
        SafetensorsDtype.F16 or SafetensorsDtype.BF16 => 2,
        SafetensorsDtype.I32 or SafetensorsDtype.F32 => 4,
        _ => 8,
    };

    public static bool IsInteger(this SafetensorsDtype dtype) =>
        dtype is SafetensorsDtype.Bool or SafetensorsDtype.U8 or SafetensorsDtype.I32 or SafetensorsDtype.I64;

    public static SafetensorsDtype? Parse(string name)
    {
        int i = Array.IndexOf(names, name);
        return i < 0 ? null : (SafetensorsDtype)i;
    }

    public static string Why(string name) => Array.IndexOf(unsupported, name) >= 0
        ? $"dtype {name} is not supported; supported are BOOL U8 I32 I64 F16 BF16 F32 F64"
        : $"dtype '{SafetensorsHeader.Show(name)}' is unknown; supported are BOOL U8 I32 I64 F16 BF16 F32 F64";
}
