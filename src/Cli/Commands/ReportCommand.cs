using System.CommandLine;
using System.Text.Json.Nodes;
using Sagan.Native.Commands.Console;
using Sagan.Native.Pages;
using Sagan.Native.Training;
using Sagan.Native.Training.Diagnosis;

namespace Sagan.Native.Commands;

/// <summary>A run as one page.</summary>
sealed record ReportRequest(string Run, string Out);

/// <summary><c>sagan report run</c>: everything a run's folder tells, as one HTML file.</summary>
sealed class ReportCommand : Verb<ReportRequest>
{
    readonly Argument<string> run = new("run") { Description = "A run folder; of a run that trains, has ended or is damaged." };
    readonly Option<string?> file = new("--out")
    {
        Description = "An .html file; the default is report.html (report-2.html, ... where there is one).",
        HelpName = "path",
    };

    public ReportCommand()
        : base("report", "Writes a run as one HTML file: curves, samples, configuration, and what is wrong, in words.")
    {
        Add(run);
        Add(file);
    }

    internal override ReportRequest Read(ParseResult parsed, CommandContext context)
    {
        string path = parsed.GetValue(file) ?? PictureOption.Free("report.html");
        if (!PageOption.IsPage(path)) throw new UsageException($"{file.Name} {path}: a report is an HTML file; end the name with .html.");
        return new ReportRequest(parsed.GetRequiredValue(run), path);
    }

    protected override ExitCode Run(ReportRequest request, CommandContext context)
    {
        RunHistory history = RunHistory.Load(request.Run);
        IReadOnlyList<Finding> findings = RunDiagnosis.Of(history);
        PageOption.Write(request.Out, Report.Html(history, findings));
        foreach (string missing in history.Missing) context.Terminal.Warning($"{request.Run}: {missing}");
        context.Result(RunJson.Status(history));
        foreach (Finding f in findings) context.Result($"{f}");
        context.Result($"report: {request.Out}");
        context.ResultJson(new JsonObject { ["out"] = request.Out, ["findings"] = RunJson.Findings(findings) });
        return ExitCode.Success;
    }
}
