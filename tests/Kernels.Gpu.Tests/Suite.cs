using System.Collections;
using System.Reflection;

namespace Sagan.Native.Tests;

/// <summary>A suite for a device that a machine may lack: where it is absent, one skipped test tells so, not one for each case.</summary>
static class Suite
{
    const string Absent = "absent: ";

    /// <summary>
    /// The cases, or where the device is absent (<paramref name="whyNot"/> is not null) the one that <see cref="SkipIfAbsent"/> skips.
    /// </summary>
    public static TheoryData<string> Cases(string? whyNot, Func<TheoryData<string>> cases) => whyNot == null ? cases() : [Absent + whyNot];

    /// <summary>Skips what <see cref="Cases"/> gave in place of the cases.</summary>
    public static void SkipIfAbsent(string name)
    {
        if (name.StartsWith(Absent, StringComparison.Ordinal)) Assert.Skip(name[Absent.Length..]);
    }

    /// <summary>
    /// Runs every test of an object that is no test class itself (a derived one, say, with another device), and tells which failed.
    /// </summary>
    public static void RunAll(object tests)
    {
        int count = 0;
        List<string> failures = [];
        foreach (MethodInfo test in tests.GetType().GetMethods().Where(m => m.GetCustomAttribute<FactAttribute>() != null))
        {
            object?[][] rows = test.GetCustomAttribute<TheoryAttribute>() == null ? [[]] : [.. Rows(test)];
            Assert.NotEmpty(rows);
            foreach (object?[] row in rows)
            {
                count++;
                try
                {
                    test.Invoke(tests, row);
                }
                catch (TargetInvocationException e)
                {
                    failures.Add($"{test.Name}({string.Join(", ", row)}): {e.InnerException?.Message}");
                }
            }
        }
        Assert.NotEqual(0, count);
        if (failures.Count > 0) Assert.Fail($"{failures.Count} of {count} failed:\n{string.Join('\n', failures)}");
    }

    static IEnumerable<object?[]> Rows(MethodInfo test) =>
    [
        .. test.GetCustomAttributes<InlineDataAttribute>().Select(a => a.Data),
        .. test.GetCustomAttributes<MemberDataAttribute>().SelectMany(a => Member(test.DeclaringType!, a.MemberName)),
    ];

    static IEnumerable<object?[]> Member(Type type, string name)
    {
        object? member = type.GetProperty(name)?.GetValue(null) ?? type.GetMethod(name)?.Invoke(null, null);
        return Assert.IsAssignableFrom<IEnumerable>(member).Cast<ITheoryDataRow>().Select(r => r.GetData());
    }
}
