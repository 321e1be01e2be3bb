using System.Text.Json.Nodes;

namespace Sagan.Native.Pages;

/// <summary>
/// Attention of four pixels, forward and backward, with every number shown, explained and changeable: <c>tape.js</c> is the calculation,
/// <c>explain.js</c> the page around it, <c>trained.js</c> what a trained network does at one pixel.
/// </summary>
static class ExplainPage
{
    const string Reference = "src/Kernels/Attention/ReferenceAttention.cs", Block = "src/Tensor/Modules/SelfAttention.cs",
        Residual = "src/Tensor/Ops/Residual.cs", Operation = "src/Tensor/Ops/Attention.cs", Convolution = "src/Tensor/Ops/Conv2d.cs",
        Forward = "src/Kernels/Attention/AttentionForwardJob.cs", Rows = "src/Kernels/Attention/AttentionRowJobs.cs",
        Backward = "src/Kernels/Attention/AttentionBackwardJob.cs";

    // A step of the tape, and how the line of the engine that computes it begins.
    static readonly (string Step, string File, string Beginning)[] steps =
    [
        ("q", Block, "Tensor q = "), ("k", Block, "Tensor q = "), ("v", Block, "Tensor q = "),
        ("E", Reference, "// E = "), ("A", Reference, "// A = "), ("o", Reference, "// o = "),
        ("y", Residual, "if (x.Backend is not IFusedResidual fused) return"),
        ("g", Residual, "if (d.Wants(1)) d[1] ="), ("dgamma", Residual, "if (d.Wants(2)) d[2] ="),
        ("dv", Reference, "// dv = "), ("dA", Reference, "// dA = "), ("D", Reference, "// D = "), ("dE", Reference, "// dE = "),
        ("dq", Reference, "// dq = "), ("dk", Reference, "// dk = "),
        ("dWq", Convolution, "(w, static (g, s) => Conv2dWeightGrad"), ("dWk", Convolution, "(w, static (g, s) => Conv2dWeightGrad"),
        ("dWv", Convolution, "(w, static (g, s) => Conv2dWeightGrad"), ("dx", Convolution, "(x, static (g, s) => Conv2dInputGrad"),
        ("second", Operation, "GradOfReference("),
        ("streaming E", Forward, "AttentionPanels.Rows<V>("), ("streaming m", Forward, "Maximum<V>("),
        ("streaming r", Forward, "AttentionMath.Exp2((old0 - a0)"), ("streaming P", Forward, "V e0 = "),
        ("streaming z", Forward, "(V.Load(sum) + s0)"), ("streaming a", Forward, "AttentionPanels.Columns<V>("),
        ("streaming o", Forward, "AttentionPanels.ScalePanel(ot, s.Dv, V.Create(1)"),
        ("streaming lse", Rows, "logs[i] ="), ("streaming D", Rows, "rowDots[i] ="),
        ("streaming A", Backward, "V p0 = "), ("streaming dv", Backward, "AttentionPanels.Columns<V>(gi"),
        ("streaming dA", Backward, "AttentionPanels.Rows<V>(gi"), ("streaming dE", Backward, "(p0 * (V.Load(ds)"),
        ("streaming dk", Backward, "AttentionPanels.Columns<V>(qi"), ("streaming dq", Backward, "AttentionPanels.Rows<V>(ds"),
    ];

    /// <summary>The file, as text.</summary>
    /// <param name="run">What a trained network does at one pixel; null for none.</param>
    public static string Html(JsonObject? run = null)
    {
        JsonObject code = new();
        foreach ((string step, string file, string beginning) in steps) code[step] = SourceLine.Find(file, beginning).ToJson();
        JsonObject data = new() { ["code"] = code };
        if (run != null) data["run"] = run;
        return Page.Html("Attention, forwards and backwards", Page.Asset("explain.html"), Page.Asset("explain.css"),
            string.Concat(((string[])["attention.js", "tape.js", "trained.js", "explain.js"]).Select(Page.Asset)), data, connect: false);
    }
}
