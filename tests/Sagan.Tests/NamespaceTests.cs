using System.Reflection;
using System.Reflection.Emit;
using System.Text.RegularExpressions;
using Sagan.Native.Commands;
using Sagan.Native.Kernels;
using Sagan.Native.Training;

namespace Sagan.Native.Tests;

/// <summary>Namespaces are rooms: each lies in the folder of its name, and what they know of each other makes no circle.</summary>
[Quick]
public sealed partial class NamespaceTests
{
    public static TheoryData<string> Assemblies => ["Kernels", "Tensor", "Sagan", "Cli"];

    public static TheoryData<string> RoomTables => ["Sagan", "Cli"];

    static Assembly Of(string name) => name switch
    {
        "Kernels" => typeof(Backend).Assembly,
        "Tensor" => typeof(Tensor).Assembly,
        "Sagan" => typeof(TrainingRun).Assembly,
        _ => typeof(SaganCommandLine).Assembly,
    };

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void Namespaces_have_no_cycle(string name)
    {
        Dictionary<string, Dictionary<string, string>> graph = Dependencies(Of(name));
        AddUsings(graph, Path.Combine(Repository.Root, "src", name));
        string[]? cycle = Cycle(graph);
        Assert.True(cycle == null, cycle == null ? "" : "a cycle of namespaces: " + string.Join(", ", cycle.Zip(cycle.Skip(1))
            .Select(e => $"{e.First} -> {e.Second} ({graph[e.First][e.Second]})")));
    }

    [Theory]
    [MemberData(nameof(RoomTables))]
    public void Rooms_know_those_above_them_in_the_table_of_the_architecture(string name)
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "architecture.md"));
        string table = page[page.IndexOf($"## The rooms of src/{name}\n", StringComparison.Ordinal)..];
        table = table[table.IndexOf("| folder | what belongs there |", StringComparison.Ordinal)..];
        List<string> rooms = [.. Row().Matches(table[..table.IndexOf("\n\n", StringComparison.Ordinal)])
            .SelectMany(row => Quoted().Matches(row.Groups[1].Value))
            .Select(m => m.Groups[1].Value == $"src/{name}" ? "Sagan.Native" : $"Sagan.Native.{m.Groups[1].Value.Replace('/', '.')}")];
        Dictionary<string, Dictionary<string, string>> graph = Dependencies(Of(name));
        AddUsings(graph, Path.Combine(Repository.Root, "src", name));
        Assert.Equal(graph.Keys.Order(StringComparer.Ordinal), rooms.Order(StringComparer.Ordinal));
        foreach ((string room, Dictionary<string, string> known) in graph)
            foreach ((string other, string where) in known)
                Assert.True(rooms.IndexOf(other) < rooms.IndexOf(room), $"{room} knows {other}, which is below it ({where}).");
    }

    [Fact]
    public void A_cycle_is_named()
    {
        Dictionary<string, Dictionary<string, string>> graph = new()
        {
            ["A"] = new() { ["B"] = "a.cs" },
            ["B"] = new() { ["C"] = "b.cs" },
            ["C"] = new() { ["B"] = "c.cs" },
        };
        Assert.Equal(["B", "C", "B"], Cycle(graph)!);
        graph["C"] = [];
        Assert.Null(Cycle(graph));
    }

    [Theory]
    [MemberData(nameof(RoomTables))]
    public void Namespaces_are_folders(string name)
    {
        string root = Path.Combine(Repository.Root, "src", name);
        foreach (string file in Sources(root))
        {
            if (NamespaceOf(File.ReadAllText(file)) is not { } found) continue;
            string folder = Path.GetDirectoryName(Path.GetRelativePath(root, file))!;
            string expected = folder.Length == 0 ? "Sagan.Native" : $"Sagan.Native.{folder.Replace(Path.DirectorySeparatorChar, '.')}";
            Assert.True(found == expected, $"{file}: its namespace is {found}, and its folder says {expected}.");
        }
    }

    /// <summary>
    /// Types that fields, members, attributes and method bodies of a namespace's types refer to, by namespace, each with one of the users.
    /// </summary>
    static Dictionary<string, Dictionary<string, string>> Dependencies(Assembly assembly)
    {
        Dictionary<string, Dictionary<string, string>> graph = [];
        foreach (Type type in assembly.GetTypes().Where(t => t.Namespace != null && IsOurs(t)))
        {
            Dictionary<string, string> known = graph.TryGetValue(type.Namespace!, out Dictionary<string, string>? found) ? found
                : graph[type.Namespace!] = [];
            foreach (Type used in UsedBy(type).SelectMany(Parts)
                .Where(t => t.Assembly == assembly && t.Namespace != null && t.Namespace != type.Namespace && IsOurs(t)))
                known.TryAdd(used.Namespace!, $"{Outermost(type).Name} uses {Outermost(used).Name}");
        }
        return graph;
    }

    static bool IsOurs(Type t) => t.Namespace!.StartsWith("Sagan.Native", StringComparison.Ordinal);

    static Type Outermost(Type t) => t.DeclaringType == null ? t : Outermost(t.DeclaringType);

    static IEnumerable<Type> Parts(Type t) => t.HasElementType ? Parts(t.GetElementType()!)
        : t.IsGenericParameter ? []
        : t.IsGenericType && !t.IsGenericTypeDefinition ? t.GetGenericArguments().SelectMany(Parts).Prepend(t.GetGenericTypeDefinition())
        : [t];

    const BindingFlags Own =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    static IEnumerable<Type> UsedBy(Type type)
    {
        if (type.BaseType != null) yield return type.BaseType;
        foreach (Type i in type.GetInterfaces()) yield return i;
        foreach (FieldInfo f in type.GetFields(Own)) yield return f.FieldType;
        foreach (MethodBase m in type.GetMethods(Own).Cast<MethodBase>().Concat(type.GetConstructors(Own)))
        {
            if (m is MethodInfo { ReturnType: var returned }) yield return returned;
            foreach (ParameterInfo p in m.GetParameters()) yield return p.ParameterType;
            if (m.GetMethodBody() is not { } body) continue;
            foreach (LocalVariableInfo v in body.LocalVariables) yield return v.LocalType;
            foreach (Type t in InBody(m, body.GetILAsByteArray()!)) yield return t;
        }
    }

    static readonly Dictionary<short, OpCode> Codes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(f => (OpCode)f.GetValue(null)!).ToDictionary(o => o.Value);

    static IEnumerable<Type> InBody(MethodBase method, byte[] code)
    {
        Type[] ofType = method.DeclaringType!.IsGenericType ? method.DeclaringType.GetGenericArguments() : [];
        Type[] ofMethod = method.IsGenericMethod ? method.GetGenericArguments() : [];
        for (int at = 0; at < code.Length;)
        {
            OpCode op = code[at] == 0xFE ? Codes[(short)(0xFE00 | code[at + 1])] : Codes[code[at]];
            at += op.Size;
            switch (op.OperandType)
            {
                case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType:
                    MemberInfo member = method.Module.ResolveMember(BitConverter.ToInt32(code, at), ofType, ofMethod)!;
                    yield return member as Type ?? member.DeclaringType!;
                    if (member is MethodBase { IsGenericMethod: true } called)
                        foreach (Type argument in called.GetGenericArguments()) yield return argument;
                    at += 4;
                    break;
                case OperandType.InlineSwitch:
                    at += 4 + 4 * BitConverter.ToInt32(code, at);
                    break;
                default:
                    at += op.OperandType switch
                    {
                        OperandType.InlineNone => 0,
                        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                        OperandType.InlineVar => 2,
                        OperandType.InlineI8 or OperandType.InlineR => 8,
                        _ => 4,
                    };
                    break;
            }
        }
    }

    /// <summary>Constants leave no trace in compiled code, but a using does in the source.</summary>
    static void AddUsings(Dictionary<string, Dictionary<string, string>> graph, string root)
    {
        foreach (string file in Sources(root))
        {
            string text = File.ReadAllText(file);
            if (NamespaceOf(text) is not { } own || !graph.TryGetValue(own, out Dictionary<string, string>? known)) continue;
            foreach (Match m in Using().Matches(text))
                if (m.Groups[1].Value is var used && used != own && graph.ContainsKey(used)) known.TryAdd(used, Path.GetFileName(file));
        }
    }

    static IEnumerable<string> Sources(string root) => Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
        .Where(f => Path.GetRelativePath(root, f).Split(Path.DirectorySeparatorChar)[0] is not ("bin" or "obj"));

    static string? NamespaceOf(string text) => Namespace().Match(text) is { Success: true } m ? m.Groups[1].Value : null;

    /// <summary>One cycle, its first namespace again at the end; null where there is none.</summary>
    static string[]? Cycle(Dictionary<string, Dictionary<string, string>> graph)
    {
        HashSet<string> done = [];
        List<string> path = [];
        return graph.Keys.Order(StringComparer.Ordinal).Select(Visit).FirstOrDefault(c => c != null);

        string[]? Visit(string name)
        {
            if (path.IndexOf(name) is >= 0 and var first) return [.. path[first..], name];
            if (!graph.TryGetValue(name, out Dictionary<string, string>? known) || !done.Add(name)) return null;
            path.Add(name);
            string[]? found = known.Keys.Order(StringComparer.Ordinal).Select(Visit).FirstOrDefault(c => c != null);
            path.RemoveAt(path.Count - 1);
            return found;
        }
    }

    [GeneratedRegex(@"^using (?:static )?(?:\w+ = )?(Sagan\.Native[\w.]*);", RegexOptions.Multiline)]
    private static partial Regex Using();

    [GeneratedRegex(@"^\| (`.*?`) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();
}
