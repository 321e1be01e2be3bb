using System.Text.Json.Serialization;

namespace Sagan.Native.Data;

/// <summary>Names in the metadata of a file, without reflection, so that a program may be trimmed.</summary>
[JsonSerializable(typeof(string[]))]
sealed partial class DataJson : JsonSerializerContext;
