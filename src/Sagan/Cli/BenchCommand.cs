using System.CommandLine;
using Sagan.Native.Configuration;

namespace Sagan.Native.Cli;

/// <summary>Time whole training steps of a configuration: a few to warm up, then Steps of them.</summary>
sealed record BenchStepRequest(ResolvedConfig Config, int Steps, int WarmUp);

/// <summary>Time kernels by themselves: those whose name holds the filter, or all; Threads 0 = one for each processor.</summary>
sealed record BenchKernelsRequest(string? Filter, int Threads);

/// <summary><c>sagan bench step</c> and <c>sagan bench kernels</c>.</summary>
sealed class BenchCommand : Command
{
    public BenchCommand(Func<BenchStepRequest, CliContext, ExitCode> step, Func<BenchKernelsRequest, CliContext, ExitCode> kernels)
        : base("bench", "Measures speed.")
    {
        Add(new StepCommand(step));
        Add(new KernelsCommand(kernels));
    }

    sealed class StepCommand : Verb
    {
        readonly ConfigOptions config;
        readonly Option<int> steps = new("--steps") { Description = "Steps that are timed.", DefaultValueFactory = _ => 8, HelpName = "count" };
        readonly Option<int> warmUp = new("--warm-up") { Description = "Steps before the clock starts.", DefaultValueFactory = _ => 2, HelpName = "count" };
        readonly Func<BenchStepRequest, CliContext, ExitCode> run;

        public StepCommand(Func<BenchStepRequest, CliContext, ExitCode> run) : base("step", "Times whole training steps.")
        {
            this.run = run;
            config = new ConfigOptions(this, except: ["--steps", "--sample-every", "--save-every", "--keep", "--log-every", "--max-time", "--data"]);
            Add(steps);
            Add(warmUp);
        }

        protected override ExitCode Run(ParseResult parsed, CliContext context)
        {
            int n = parsed.GetValue(steps), warm = parsed.GetValue(warmUp);
            if (n < 1) throw new UsageException($"--steps {n}: must be at least 1.");
            if (warm < 0) throw new UsageException($"--warm-up {warm}: must be at least 0.");
            return run(new BenchStepRequest(config.Resolve(parsed, context), n, warm), context);
        }
    }

    sealed class KernelsCommand : Verb
    {
        readonly Argument<string?> filter = new("filter") { Description = "Only kernels whose name holds this.", Arity = ArgumentArity.ZeroOrOne };
        readonly Option<int> threads = new("--threads") { Description = "Threads; 0 = one for each processor.", HelpName = "count" };
        readonly Func<BenchKernelsRequest, CliContext, ExitCode> run;

        public KernelsCommand(Func<BenchKernelsRequest, CliContext, ExitCode> run) : base("kernels", "Times every kernel at the shapes of SAGAN.")
        {
            this.run = run;
            Add(filter);
            Add(threads);
        }

        protected override ExitCode Run(ParseResult parsed, CliContext context)
        {
            int n = parsed.GetValue(threads);
            if (n is < 0 or > 255) throw new UsageException($"--threads {n}: must be 0 to 255.");
            return run(new BenchKernelsRequest(parsed.GetValue(filter), n), context);
        }
    }
}
