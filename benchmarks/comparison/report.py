"""results.json to RESULTS.md and the plots."""
import pathlib
import statistics

from . import parts, svg
from .runner import median, ratios

HERE = pathlib.Path(__file__).resolve().parent.parent
STEPS = """## Whole steps

A step is one discriminator and one generator update. *Plain* is PyTorch as its users write it, without wasted work: no graph for the fakes of the
discriminator's step, real and fake images in one pass (in two at N = 4096, which is faster there), no weight gradients of D in the generator's step.
*Tuned* adds what an expert can do in user code: channels last, transposed convolutions as oneDNN's gradient of a convolution, attention without a copy of
the N x N matrix, in inference no spectral normalisation.
"""
SHARE = """Images a second, and how much of the peak of multiply-adds is used. The work is counted from the shapes of the layers, products only; the peak is
measured in registers, in the same process."""
KERNELS = """## Kernels

Alone, at SAGAN's shapes: `sagan bench kernels` and `benchmarks/pytorch_kernels.py` in turn, batch 16; 3x3 convolutions and attention with N = 4096 have
batch 4. The ratio is the fastest of PyTorch's ways (named) divided by ours. % of peak: of multiply-adds, or of memory where that binds; operands that fit
in the caches can pass the latter. Convolutions are bare, without bias and activation; spectral norm is one power iteration and w / sigma."""
ALSO = "\\* something else computed during this round.\n"


def write(results, folder):
    m, done = results["machine"], results["parts"]
    sections = [head(m, results["peer"], done), steps(done), start_up(done), kernels(done), linear(done, folder)]
    by_hand = HERE / "real-data.md"
    if by_hand.exists():
        sections.append(by_hand.read_text())
    (folder / "RESULTS.md").write_text("\n".join(s for s in sections if s))


def head(m, peer, done):
    dates = sorted({p["date"] for p in done.values()})
    when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    return f"""# Results

Made by `python3 benchmarks/compare.py`, {when}, with {', '.join(sorted({p['engine'] for p in done.values()}))}. All figures fp32, {m['threads']} threads.

* Machine: {m['processor']}, {m['processors']} processors{' with AVX-512' if m['avx512'] else ''}, {m['memory_gb']} GB. A virtual machine's clock wanders: ratios of runs that took turns mean more than times.
* Peer: PyTorch {peer['torch']}, {peer['aten']} kernels, OpenBLAS {peer['blas_core']} with OpenMP, tcmalloc; every run is checked to have them, since Debian's default environment is several times slower.
* Each round runs this engine, then the plain peer, then the tuned one. A ratio is the peer's time divided by this engine's within a round; the median of the rounds is shown, and each round behind it.
"""


def steps(done):
    cases = [p for p in parts.PARTS if isinstance(p, parts.Steps) and p.name in done]
    if not cases:
        return ""
    lines = [STEPS,
             "| case | this engine | plain | tuned | plain / ours | tuned / ours | peak memory, ours / plain |", "|---|---|---|---|---|---|---|"]
    detail = ["", "| case | images/s: ours, plain, tuned | GFLOP a step | GFLOP/s | of the FMA peak |", "|---|---|---|---|---|"]
    disturbed = False
    for case in cases:
        rounds = done[case.name]["rounds"]
        disturbed |= any(r["disturbed"] for r in rounds)
        for suffix, title in [("", case.title)] if type(case) is parts.Steps else [("_1", "hinge, batch 16, 1 thread"), ("", "hinge, batch 16, all threads")]:
            ours, plain, tuned = "ours" + suffix, "plain" + suffix, "tuned" + suffix
            memory = [r[ours]["peak_rss_mb"] / r[plain]["peak_rss_mb"] for r in rounds]
            lines.append(f"| {title} | {time(median(rounds, ours, 'step_s'))} | {time(median(rounds, plain, 'step_s'))} | {time(median(rounds, tuned, 'step_s'))} "
                         f"| {ratio_cell(rounds, plain, ours, case.plain)} | {ratio_cell(rounds, tuned, ours, case.tuned)} "
                         f"| {median(rounds, ours, 'peak_rss_mb'):,.0f} / {median(rounds, plain, 'peak_rss_mb'):,.0f} MB = {goal_at_most(statistics.median(memory), case.memory, '{:.2f}x')} |")
            share, gflop = median(rounds, ours, "percent_of_peak"), median(rounds, ours, "gflop")
            work = f"{gflop:.1f} | {gflop / median(rounds, ours, 'step_s'):.0f} | {share:.0f} %" if gflop else "not counted | | "
            if case.name == "hinge-16":
                work = work[:work.rindex("|") + 1] + f" {goal_at_least(share, 75, '{:.0f} %')}"
            detail.append(f"| {title} | {', '.join(f'{median(rounds, who, key):.1f}' for who, key in ((w, 'images_per_s') for w in (ours, plain, tuned)))} | {work} |")
    lines += [""] + ([ALSO] if disturbed else [])
    lines += [SHARE] + detail + [""]
    return "\n".join(lines + scaling(done))


def scaling(done):
    if "threads-16" not in done:
        return []
    rounds = done["threads-16"]["rounds"]
    cells = [f"{name} {statistics.median(ratios(rounds, who + '_1', who)):.2f}x" for name, who in (("plain", "plain"), ("tuned", "tuned"))]
    own = ratios(rounds, "ours_1", "ours")
    return [f"From one thread to all: this engine {goal_at_least(statistics.median(own), 1.85, '{:.2f}x')} ({each(own)}), {', '.join(cells)}.", ""]


def start_up(done):
    if "start-up" not in done:
        return ""
    rounds = done["start-up"]["rounds"]
    first, full, allocated = (median(rounds, "ours", key) for key in ("first_step_s", "full_speed_s", "allocated_bytes"))
    return f"""## Start-up and allocation

`sagan bench step --preset sagan64 --batch 16`, from the start of the process; full speed is the first step within 5 % of the median of steps 13 to 24. PyTorch's time holds the import of its module.

| | this engine | plain peer |
|---|---|---|
| first step done | {goal_at_most(first, 1.5, '{:.2f} s')} | {median(rounds, 'plain', 'first_step_s'):.2f} s |
| full speed | {goal_at_most(full, 3, '{:.2f} s')} | {median(rounds, 'plain', 'full_speed_s'):.2f} s |
| managed memory allocated a step | {goal_at_most(allocated / 1024, 64, '{:.0f} KB')} | |
"""


def kernel_goal(kernel, shape):
    """The least ratio of the peer's fastest way to ours; None where none is set."""
    if kernel == "matmul":
        m, n, k = map(int, shape.split("x"))
        return 0.95 if m == n == k and m >= 512 else None if m == n == k else 1.0
    if kernel.startswith(("conv2d", "matmul (")):
        return 1.0
    if kernel == "attention forward + backward":
        return 4.0 if "N=1024" in shape else 5.0 if "N=4096" in shape else None
    return {"transposed conv": 2.0, "transposed conv input grad": 2.0, "transposed conv weight grad": 2.0, "batch norm + relu": 3.0,
            "batch norm + relu forward + backward": 3.0, "adam": 3.0, "spectral norm": 2.0}.get(kernel)


def kernels(done):
    if "kernels" not in done:
        return ""
    rounds = done["kernels"]["rounds"]
    lines = [KERNELS, f"Peak {median(rounds, 'peak_gflops'):.0f} GFLOP/s, memory {median(rounds, 'peak_gb_s'):.0f} GB/s.", "",
             "| kernel | shape | ours ms | % of peak | PyTorch ms | ratio | rounds |", "|---|---|---|---|---|---|---|"]
    met = asked = 0
    for i, row in enumerate(rounds[0]["rows"]):
        rows = [r["rows"][i] for r in rounds]
        ways = {way: statistics.median(r["peer_ms"][way] for r in rows) for way in row["peer_ms"]}
        way = min(ways, key=ways.get)
        each_round = [min(r["peer_ms"].values()) / r["ours_ms"] for r in rows]
        ratio, goal = statistics.median(each_round), kernel_goal(row["kernel"], row["shape"])
        asked += goal is not None
        met += goal is not None and ratio >= goal
        lines.append(f"| {row['kernel']} | {row['shape']} | {statistics.median(r['ours_ms'] for r in rows):.3f} | {statistics.median(r['percent_of_peak'] for r in rows):.0f} "
                     f"| {ways[way]:.3f} {way if len(ways) > 1 else ''} | {goal_at_least(ratio, goal, '{:.2f}x')} | {each(each_round)} |")
    return "\n".join(lines + ["", f"{met} of {asked} goals met.", ""] + ([ALSO] if any(r["disturbed"] for r in rounds) else []))


def linear(done, folder):
    lines = ["## Linear cost", ""] if {"batch", "attention"} & set(done) else []
    if "batch" in done:
        points = done["batch"]["points"]
        series = [(name, [(p["batch"], p[who]) for p in points]) for name, who in (("this engine", "ours"), ("PyTorch, tuned", "tuned"), ("PyTorch, plain", "plain"))]
        (folder / "step-against-batch.svg").write_text(svg.plot("One training step, SAGAN 64x64, hinge loss", "images in a batch", "seconds", reorder(series)))
        lines += ["![Seconds of a training step against the batch](step-against-batch.svg)", "", "| batch | " + " | ".join(str(p["batch"]) for p in points) + " |", "|---" * (len(points) + 1) + "|"]
        lines += [f"| ms an image, {name} | " + " | ".join(f"{1e3 * y / x:.2f}" for x, y in s) + " |" for name, s in series] + [""]
    if "attention" in done:
        points = done["attention"]["points"]
        series = [("this engine", [(p["positions"], p["ours"]) for p in points]), ("PyTorch, tuned", [(p["positions"], p["peer"]) for p in points if "peer" in p])]
        last = points[-1]
        linear_in_n = ("linear in N", [(p["positions"], last["ours"] * p["positions"] / last["positions"]) for p in points], "dashed")
        (folder / "attention-memory.svg").write_text(svg.plot("Memory of attention, forward and backward, 64 channels", "positions N (logarithmic)", "peak MB (logarithmic)", [*series, linear_in_n], logarithmic=True))
        lines += ["![Peak memory of attention against the number of positions](attention-memory.svg)", "",
                  "One image, 64 channels, queries and keys of 8. Memory is what the pass adds to the process's peak, its inputs and gradients included.", "",
                  "| positions | " + " | ".join(f"{p['positions']:,}" for p in points) + " |", "|---" * (len(points) + 1) + "|",
                  "| MB, this engine | " + " | ".join(f"{p['ours']:,.1f}" for p in points) + " |", "| MB, PyTorch tuned | " + " | ".join(f"{p['peer']:,.1f}" if "peer" in p else "does not fit" for p in points) + " |",
                  "| ms, this engine | " + " | ".join(f"{p['ours_ms']:,.1f}" for p in points) + " |", "| ms, PyTorch tuned | " + " | ".join(f"{p['peer_ms']:,.1f}" if "peer" in p else "" for p in points) + " |", ""]
    return "\n".join(lines)


def reorder(series):
    return [series[0], series[2], series[1]]


def time(seconds):
    return f"{seconds:.4f} s" if seconds < 1 else f"{seconds:.3f} s"


def ratio_cell(rounds, above, below, goal):
    values = ratios(rounds, above, below)
    marks = [f"{v:.2f}{'*' if r['disturbed'] else ''}" for v, r in zip(values, rounds)]
    return f"{goal_at_least(statistics.median(values), goal, '{:.2f}x')} ({' '.join(marks)})"


def each(values):
    return " ".join(f"{v:.2f}" for v in values)


def goal_at_least(value, goal, form):
    return with_goal(value, goal, form, goal is None or value >= goal, "at least")


def goal_at_most(value, goal, form):
    return with_goal(value, goal, form, goal is None or value <= goal, "at most")


def with_goal(value, goal, form, met, word):
    if goal is None:
        return f"**{form.format(value)}**"
    missed = f"missed by {abs(value / goal - 1):.0%}".replace("%", " %")
    return f"**{form.format(value)}** ({'met' if met else missed}: {word} {form.format(goal)})"
