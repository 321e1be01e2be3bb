using System.CommandLine;
using System.Text.Json.Nodes;
using Sagan.Native.Configuration;
using Sagan.Native.Kernels;

namespace Sagan.Native.Cli;

/// <summary><c>sagan kernels</c>: the GPU kernels, and the code that ILGPU makes of one.</summary>
sealed class KernelsCommand : Verb
{
    readonly Option<string?> ptx = new("--ptx") { Description = "Print the PTX of this kernel; needs no GPU.", HelpName = "name" };
    readonly Option<int> capability = new("--capability") { Description = "Compute capability of the PTX.", DefaultValueFactory = _ => 80, HelpName = "80|90" };
    readonly Option<string?> openCl = new("--opencl") { Description = "Print the OpenCL C of this kernel.", HelpName = "name" };
    readonly Option<string> device = new("--device") { Description = "The OpenCL device it is made for.", DefaultValueFactory = _ => "opencl:0", HelpName = "opencl:n" };

    public KernelsCommand() : base("kernels", "Lists the GPU kernels, or prints what one is compiled to.")
    {
        foreach (Option o in (Option[])[ptx, capability, openCl, device]) Add(o);
    }

    protected override ExitCode Run(ParseResult parsed, CliContext context)
    {
        IReadOnlyList<string> names = GeneratedCode.Kernels();
        (string Name, string Language, Func<string> Text)? one =
            parsed.GetValue(ptx) is { } p ? (p, "ptx", () => GeneratedCode.Ptx(p, parsed.GetValue(capability)))
            : parsed.GetValue(openCl) is { } c ? (c, "opencl", () => GeneratedCode.OpenCl(c, parsed.GetRequiredValue(device)))
            : null;
        if (one is var (name, language, text))
        {
            if (!names.Contains(name)) throw new UsageException($"there is no kernel '{name}'.{NearestName.Suggestion(name, names)} `sagan kernels` lists them.");
            string code = text();
            context.Result(code);
            context.ResultJson(new JsonObject { ["kernel"] = name, [language] = code });
            return ExitCode.Success;
        }
        foreach (string n in names) context.Result(n);
        context.ResultJson(new JsonObject { ["kernels"] = new JsonArray([.. names.Select(n => JsonValue.Create(n))]) });
        return ExitCode.Success;
    }
}
