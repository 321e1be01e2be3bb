"""What is proven and measured: the parts, in the order of their importance, since the time may end before the last."""
import collections
import json
import math
import pathlib

from running import NotRun

Part = collections.namedtuple("Part", "title check run")
PRECISIONS = ("fp32", "tf32", "bf16")

# The trajectory's bounds, of |GPU - CPU| / (1 + |CPU|), the largest of the two losses and the two mean scores of a step.
FIRST = 1e-4   # Step 1 is before any update, the same weights and images on both: rounding alone (3e-6 to 9e-6 measured on PoCL).
EARLY = 2e-2   # Steps 2 to EARLY_STEPS.
EARLY_STEPS = 5
METRICS = ("d_loss", "g_loss", "d_real", "d_fake")


def gradcheck(runner, *arguments):
    few = [x for op in ("Exp", "MatMul", "Sum") for x in ("--op", op)] if runner.quick else []
    r = runner.ours("gradcheck", *arguments, *few, codes=(0, 6))
    bad = [c for c in r["cases"] if not c["passed"]]
    return {"passed": not bad, "cases": len(r["cases"]), "failed": bad}


def conformance(runner):
    """Every operation, in value and gradients, against the reference device."""
    return gradcheck(runner, "--against", "reference")


def rounded(runner):
    """The same with factors of products rounded, every product on tensor cores."""
    why = tensor_cores(runner)
    if why:
        raise NotRun(why)
    runs = [gradcheck(runner, "--against", "reference", "--matmul-precision", precision) for precision in ("high", "medium")]
    return {"passed": all(r["passed"] for r in runs), "cases": sum(r["cases"] for r in runs), "failed": [c for r in runs for c in r["failed"]]}


def differences(runner):
    """Derivatives of order 1 and 2, computed on the GPU, against finite differences computed there."""
    return gradcheck(runner)


def losses(runner, name, steps, *arguments, env=None):
    out = pathlib.Path(runner.folder.name) / name
    small = ["--size", 16, "--conv-dim", 16, "--g-attention", 8, "--d-attention", 4, "--batch", 8] if runner.quick else []
    command = [*runner.sagan, "train", "--preset", "demo", *small, "--seed", 1, "--steps", steps, "--log-every", 1, "--sample-every", 0, "--save-every", 0, "--quiet", "--out", out]
    code, _, err = runner.run([*command, *arguments], 150, env)
    if code not in (0, 7):
        raise NotRun(f"`sagan train` ended with exit code {code}: {(err.strip().splitlines() or ['no message'])[-1]}")
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


def distance(a, b):
    """Of one step of two runs."""
    return max(abs(float(a[m]) - float(b[m])) / (1 + abs(float(b[m]))) for m in METRICS)


def trajectory(runner):
    """A hundred steps from the same seed on the GPU, twice, on the CPU, and on the CPU with narrower vectors."""
    steps = 10 if runner.quick else 100
    gpu = losses(runner, "gpu", steps, "--device", runner.options.device)
    again = losses(runner, "again", steps, "--device", runner.options.device)
    cpu = losses(runner, "cpu", steps)
    # The yardstick: another order of the same sums, on the same processor. .NET 10 reads the first name, earlier ones the second.
    narrow = losses(runner, "narrow", steps, env={"DOTNET_EnableAVX2": "0", "DOTNET_EnableAVX512": "0", "DOTNET_EnableAVX512F": "0"})
    rows = [{"step": k + 1, "cpu": {m: cpu[k][m] for m in METRICS}, "gpu": {m: gpu[k][m] for m in METRICS}, "gpu_to_cpu": distance(gpu[k], cpu[k]),
             "narrow_to_cpu": distance(narrow[k], cpu[k])} for k in range(min(map(len, (gpu, cpu, narrow))))]
    finite = len(gpu) == steps and all(math.isfinite(float(s[m])) for s in gpu for m in METRICS)
    claims = [
        ("every loss and score of the GPU's run is finite", finite),
        (f"step 1 agrees with the CPU's to {FIRST:g}", bool(rows) and rows[0]["gpu_to_cpu"] <= FIRST),
        (f"steps 2 to {EARLY_STEPS} agree to {EARLY:g}", len(rows) >= EARLY_STEPS and all(r["gpu_to_cpu"] <= EARLY for r in rows[1:EARLY_STEPS])),
        ("two runs on the GPU have the same losses, bit for bit", [[s[m] for m in METRICS] for s in gpu] == [[s[m] for m in METRICS] for s in again]),
    ]
    return {"passed": all(ok for _, ok in claims), "claims": [{"claim": c, "holds": ok} for c, ok in claims], "steps": rows}


def each_precision(runner, result, measure):
    """The peer's figures for each precision; where one is missing, why."""
    for precision in PRECISIONS:
        try:
            result["peer"][precision] = measure(precision)
        except NotRun as e:
            result["missing"].append(str(e))
            if runner.no_peer:
                return result
    return result


def tensor_cores(runner):
    """Why the engine computes in float32 alone; None where it has tensor cores."""
    if not runner.knows("gradcheck", option="--matmul-precision"):
        return "This build has no --matmul-precision"
    r = runner.ours("gradcheck", "--op", "Exp", "--against", "reference", "--matmul-precision", "high")
    return None if r["matmul_precision"] == "high" else f"{runner.options.device} has no tensor cores"


def own_precisions(runner, verb):
    """The engine's arguments by the name of the peer's precision, and why there are no more of them."""
    why = "Our attention is float32 in every precision" if verb == "attention" else tensor_cores(runner)
    if why:
        return {"fp32": []}, why
    return {"fp32": [], "tf32": ["--matmul-precision", "high"], "bf16": ["--matmul-precision", "medium"]}, None


def ours_in_each(runner, verb, measure):
    own, why = own_precisions(runner, verb)
    result = {"ours": {}, "peer": {}, "missing": [f"{why}: our tensor-core figures stay open."] if why else []}
    for precision, arguments in own.items():
        result["ours"][precision] = measure(arguments)
    return result


def step(runner):
    """The whole training step of SAGAN-64."""
    shape = ["--size", 32, "--batch", 4, "--g-attention", "8,16", "--d-attention", "8,4"] if runner.quick else ["--batch", 64]
    steps, warm_up = (2, 1) if runner.quick else (40, 8)
    own = runner.ours
    small = ["--conv-dim", 16] if runner.quick else []

    def measure(arguments):
        r = own("bench", "step", "--preset", "sagan64", *shape, *small, "--loss", "hinge", "--steps", steps, "--warm-up", warm_up, *arguments)
        return {"ms": 1e3 * r["step_s"], "min_ms": 1e3 * r["step_min_s"], **{k: r[k] for k in ("images_per_s", "peak_tensor_mb", "launches", "launches_per_step") if k in r}}

    def peer(precision):
        def ms(*more):
            r = runner.theirs("pytorch_step.py", *shape, "--steps", steps, "--warm-up", warm_up, *more, precision=precision)
            return 1e3 * r["step_s"]
        return {"eager": ms(), "tuned": ms("--tuned")}

    return each_precision(runner, ours_in_each(runner, "step", measure), peer)


ATTENTION = [(1024, 16, 64), (4096, 4, 64)]  # positions, batch, channels: SAGAN's at 32x32 and 64x64


def attention(runner):
    """Attention, forward and backward, through autograd on both sides."""
    if not runner.knows("bench", "attention", option="--device"):
        raise NotRun("this build's `sagan bench attention` has no --device")
    cases = [(64, 1, 16)] if runner.quick else ATTENTION

    def each(measure):
        return [{"positions": n, "batch": b, "channels": c, **measure([n, "--batch", b, "--channels", c])} for n, b, c in cases]

    def ours(arguments):
        rows = each(lambda case: runner.ours("bench", "attention", *case, *arguments)["attention"][0])
        return [{k: r[k] for k in ("positions", "batch", "channels", "ms", "tensor_mb")} for r in rows]

    def peer(precision):
        rows = each(lambda case: runner.theirs("pytorch_attention.py", *case, precision=precision, limit=40))
        return [{k: r[k] for k in ("positions", "batch", "channels", "ms", "tensor_mb") if k in r} for r in rows]

    return each_precision(runner, ours_in_each(runner, "attention", ours), peer)


def kernels(runner):
    """Every kernel at SAGAN's shapes, by the device's clock on both sides."""
    if not runner.knows("bench", "kernels", option="--device"):
        raise NotRun("this build's `sagan bench kernels` has no --device")
    few = ["spectral norm"] if runner.quick else []
    size = ["--batch", 64] if not runner.quick and runner.knows("bench", "kernels", option="--batch") else []
    seen = {}

    def ours(arguments):
        r = runner.ours("bench", "kernels", *few, *size, *arguments)
        seen.update({k: r[k] for k in ("batch", "peak_gflops", "peak_gb_s") if k in r})
        return [{k: row.get(k) for k in ("kernel", "shape", "ms", "gflops", "gb_s", "percent_of_peak")} for row in r["kernels"]]

    def peer(precision):
        batch = ["--batch", seen["batch"]] if "batch" in seen else []
        r = runner.theirs("pytorch_kernels.py", *few, *batch, "--seconds", 0.01 if runner.quick else 0.03, precision=precision, limit=100)
        return r["kernels"]

    return {**each_precision(runner, ours_in_each(runner, "kernels", ours), peer), **seen}


PARTS = {
    "conformance": Part("Conformance: every operation against the reference device", True, conformance),
    "rounded": Part("Conformance with factors of products in TF32 and BF16", True, rounded),
    "gradients": Part("Gradients of order 1 and 2 against finite differences", True, differences),
    "trajectory": Part("A hundred training steps beside the CPU's", True, trajectory),
    "step": Part("Training step of SAGAN-64, hinge", False, step),
    "attention": Part("Attention, forward and backward", False, attention),
    "kernels": Part("Kernels", False, kernels),
}
