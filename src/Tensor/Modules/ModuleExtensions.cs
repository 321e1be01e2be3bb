using Sagan.Native.Kernels;

namespace Sagan.Native.Modules;

/// <summary>What is done to a module and gives it back as the type it is.</summary>
public static class ModuleExtensions
{
    /// <summary>
    /// Moves parameters, buffers and constants to a device, and returns the module. An optimiser is to be made afterwards: what it keeps
    /// stays where it was made.
    /// </summary>
    public static T To<T>(this T module, Device device) where T : Module
    {
        foreach (Parameter p in module.Moving()) p.Move(device);
        return module;
    }
}
