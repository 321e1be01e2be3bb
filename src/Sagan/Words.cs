using System.Text.Json;

namespace Sagan.Native;

/// <summary>Values as they are typed on the command line and in configurations.</summary>
static class Words
{
    /// <summary><c>WganGp</c> is <c>wgan-gp</c>.</summary>
    public static string Of<T>(T value) where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());
}
