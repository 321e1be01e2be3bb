using System.Collections;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Sagan.Native.Modules;

/// <summary>
/// Finds what a module keeps in a field and has not registered, which would else be trained, saved and set to inference mode by nobody,
/// without a word.
/// Looks into fields, arrays, collections and tuples; not into objects of other kinds.
/// </summary>
static class ModuleFields
{
    /// <summary>What a trimmed program must keep of modules.</summary>
    public const DynamicallyAccessedMemberTypes Needed =
        DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.NonPublicFields;

    static readonly ConcurrentDictionary<Type, FieldInfo[]> known = new();

    /// <summary>What is wrong and how to mend it, or null.</summary>
    public static string? FindUnregistered(Module module)
    {
        HashSet<object> registered = [.. module.Descendants().Select(d => (object)d.Module), .. module.State()
            .Select(s => (object)s.Parameter)];
        foreach (FieldInfo field in Fields(module.GetType()))
            foreach (object found in Leaves(field.GetValue(module)))
                if (!IsRegistered(found, registered))
                {
                    string name = NameOf(field), type = module.GetType().Name;
                    return found is Parameter p
                        ? $"module: {type} keeps parameter {p} in '{name}' and has not registered it, so it would be neither trained nor "
                            + $"saved; in the constructor: {name} = Own(new Parameter(...)), or trainable: false for a constant."
                        : $"module: {type} keeps a {found.GetType().Name} in '{name}' and has not registered it, so it would be neither "
                            + $"trained nor saved nor set to inference mode; in the constructor: {name} = Child(\"{name}\", new "
                            + $"{found.GetType().Name}(...)).";
                }
        return null;
    }

    // A layer that a wrapper uses is not its child, but its parameters are in the wrapper's state under other names. A buffer may be a
    // constant.
    static bool IsRegistered(object found, HashSet<object> registered)
    {
        if (registered.Contains(found)) return true;
        if (found is Parameter p) return !p.IsTrainable;
        Parameter[] state = [.. ((Module)found).State().Select(s => s.Parameter)];
        return state.Length > 0 && state.All(registered.Contains);
    }

    static IEnumerable<object> Leaves(object? value) => value switch
    {
        Module or Parameter => [value],
        IDictionary table => Leaves(table.Values),
        ICollection items => items.Cast<object?>().SelectMany(Leaves),
        ITuple tuple => Enumerable.Range(0, tuple.Length).SelectMany(i => Leaves(tuple[i])),
        _ => [],
    };

    // Of all classes from this one up to Module, whose own are the registers.
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "A base class below Module is itself a Module, whose attribute "
        + "keeps its fields.")]
    static FieldInfo[] Fields([DynamicallyAccessedMembers(Needed)] Type type)
    {
        if (known.TryGetValue(type, out FieldInfo[]? fields)) return fields;
        List<FieldInfo> found = [];
        for (Type? t = type; t != null && t != typeof(Module); t = t.BaseType)
            found.AddRange(t.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
                .Where(MayHold));
        return known[type] = [.. found];
    }

    static bool MayHold(FieldInfo field)
    {
        Type t = field.FieldType;
        if (t == typeof(string) || typeof(Delegate).IsAssignableFrom(t)) return false;
        if (t.IsArray && t.GetElementType() is { IsPrimitive: true }) return false;
        return !t.IsValueType || typeof(ITuple).IsAssignableFrom(t);
    }

    // A property's field is <Name>k__BackingField, a captured parameter's <name>P.
    static string NameOf(FieldInfo field) => field.Name.StartsWith('<') ? field.Name[1..field.Name.IndexOf('>')] : field.Name;
}
