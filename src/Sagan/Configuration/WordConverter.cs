using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sagan.Native.Configuration;

/// <summary>Enums as words: <c>WganGp</c> is <c>wgan-gp</c>. Numbers are refused.</summary>
sealed class WordConverter<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false) where T : struct,
    Enum;
