namespace Sagan.Native.Kernels;

/// <summary>Every kernel of this assembly: what the tests compile and what <c>sagan kernels</c> lists.</summary>
static class GpuKernelCatalogue
{
    /// <summary>All kernels, a generic one once for each choice of structs that its constraints admit.</summary>
    public static IReadOnlyList<Type> All => field ??= [.. Structs.Where(IsKernel).SelectMany(Closed).OrderBy(GpuKernelName.Of, StringComparer.Ordinal)];

    static Type[] Structs => field ??= [.. typeof(GpuKernelCatalogue).Assembly.GetTypes().Concat(typeof(Backend).Assembly.GetTypes()).Distinct()
        .Where(t => t.IsValueType && !t.IsEnum)];

    static bool IsKernel(Type t) => typeof(IGpuKernel).IsAssignableFrom(t);

    static IEnumerable<Type> Closed(Type t)
    {
        if (!t.IsGenericTypeDefinition) return [t];
        IEnumerable<Type[]> choices = [[]];
        foreach (Type parameter in t.GetGenericArguments())
        {
            Type[] fitting = [.. Structs.Where(s => !s.IsGenericTypeDefinition && parameter.GetGenericParameterConstraints().All(c => c == typeof(ValueType) || c.IsAssignableFrom(s)))];
            choices = [.. choices.SelectMany(c => fitting.Select(f => (Type[])[.. c, f]))];
        }
        return choices.Select(c => t.MakeGenericType(c));
    }
}
