using Xunit.v3;

namespace Sagan.Native.Tests;

/// <summary>
/// Of the subset of tests that are quick:
/// <c>dotnet test -c Release --filter-trait Category=Quick --ignore-exit-code 8</c> (8: an assembly has none). On a class, for all its
/// tests.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
sealed class QuickAttribute : Attribute, ITraitAttribute
{
    public const string Category = "Category", Quick = "Quick";

    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new(Category, Quick)];
}
