namespace Sagan.Native.Kernels;

/// <summary>What messages call a kernel: GpuMapKernel of TanhOp is "Map(Tanh)".</summary>
static class GpuKernelName
{
    public static string Of(Type kernel)
    {
        string name = kernel.Name.Split('`')[0];
        if (name.StartsWith("Gpu", StringComparison.Ordinal)) name = name[3..];
        foreach (string ending in (string[])["Kernel", "Op"])
            if (name.EndsWith(ending, StringComparison.Ordinal)) name = name[..^ending.Length];
        return kernel.IsGenericType ? $"{name}({string.Join(", ", kernel.GenericTypeArguments.Select(Of))})" : name;
    }
}
