using System.CommandLine;
using Sagan.Native.Kernels;

namespace Sagan.Native.Commands;

/// <summary><c>--matmul-precision</c> of the verbs that have no configuration.</summary>
static class PrecisionOption
{
    public static Option<MatMulPrecision> New() => new("--matmul-precision")
    {
        Description = "highest (float32), high (TF32) or medium (BF16), on tensor cores.",
        HelpName = "highest|high|medium",
    };
}
