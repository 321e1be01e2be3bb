"""What is compared: every part by its name, how it is run, and its goals."""
import dataclasses

from . import machine
from .refusal import Refusal
from .runner import median

AGREE = 0.02  # the losses of the first steps, plain against tuned: the same networks, rounded differently


@dataclasses.dataclass
class Steps:
    """Whole steps: ours, the plain peer and the tuned peer in turn. Goals are ratios of time, and of peak memory to the plain peer's."""
    name: str
    title: str
    batch: int
    plain: float = None
    tuned: float = None
    memory: float = None
    size: int = 64
    attention: tuple = ("16,32", "4,8")
    loss: str = "hinge"
    passes: int = 1  # of the peer's discriminator over real and fake images: what is faster for it
    inference: bool = False
    avx512: bool = None
    steps: int = 6
    warm_up: int = 5
    rounds: int = None
    needs_gb: int = 0
    optional: bool = False

    def run(self, runner, options):
        if machine.free_memory_gb() < self.needs_gb:
            raise Refusal(f"{self.title}: PyTorch needs {self.needs_gb} GB of free memory, {machine.free_memory_gb():.1f} GB are free.")
        return {"rounds": runner.rounds(self.count(options), lambda: self.round(runner, options))}

    def count(self, options):
        return min(options.rounds, self.rounds or options.rounds)

    def round(self, runner, options, threads=None):
        steps, warm_up = (2, 1) if options.quick else (self.steps, self.warm_up)
        size = ["--batch", self.batch, "--size", self.size, "--g-attention", self.attention[0], "--warm-up", warm_up]
        own = size + ([] if self.inference else ["--d-attention", self.attention[1], "--loss", self.loss, "--set", "loss.penaltyWithSpectralNorm=true"])
        result = {"ours": runner.ours("generator" if self.inference else "step", "--preset", "sagan64", "--batches" if self.inference else "--steps", steps,
                                      *own, *(["--set", "model.dAttention=none"] if self.inference else []), threads=threads, avx512=self.avx512)}
        for peer, tuned in (("plain", []), ("tuned", ["--tuned"])):
            kind = ["--inference"] if self.inference else ["--passes", self.passes]
            result[peer] = runner.theirs("pytorch_step.py", "--steps", steps, *own, *kind, *tuned, threads=threads, avx512=self.avx512)
        if not self.inference:
            same_losses(result["plain"]["losses"], result["tuned"]["losses"])
        return {key: small(value) for key, value in result.items()}


class Scaling(Steps):
    """The same step with one thread and with all of them, in each round."""

    def round(self, runner, options):
        one, all_threads = super().round(runner, options, threads=1), super().round(runner, options)
        return {**all_threads, **{f"{key}_1": value for key, value in one.items()}}


class StartUp:
    """From the start of the process to the first step and to full speed."""
    name, title, optional = "start-up", "Start-up and allocation", False

    def run(self, runner, options):
        def one_round():
            ours = runner.ours("step", "--preset", "sagan64", "--batch", 16, "--warm-up", 12, "--steps", 12)
            peer = runner.theirs("pytorch_step.py", "--batch", 16, "--warm-up", 4, "--steps", 4)
            return {"ours": small(ours), "plain": small(peer)}
        return {"rounds": runner.rounds(options.rounds, one_round)}


class Kernels:
    """Kernels alone; the ratio is against the fastest of PyTorch's ways."""
    name, title, optional = "kernels", "Kernels", False

    def run(self, runner, options):
        def one_round():
            ours = runner.ours("kernels", *([options.kernel] if options.kernel else []))
            peer = runner.theirs("pytorch_kernels.py", *([options.kernel] if options.kernel else []))
            times, rows = {(k["kernel"], k["shape"]): k for k in ours["kernels"]}, []
            for k in peer["kernels"]:
                if tuple(k["against"]) in times:
                    own = times[tuple(k["against"])]
                    rows.append({"kernel": k["kernel"], "shape": k["shape"], "peer_ms": k["ms"], "ours_ms": own["ms"], "percent_of_peak": own["percent_of_peak"]})
                elif not options.kernel:
                    raise Refusal(f"`sagan bench kernels` has no {' '.join(k['against'])}, which pytorch_kernels.py compares {k['kernel']} {k['shape']} with.")
            return {"rows": rows, "peak_gflops": ours["peak_gflops"], "peak_gb_s": ours["peak_gb_s"]}
        return {"rounds": runner.rounds(min(options.rounds, 3), one_round)}


class Batches:
    """The step against the batch: cost is to be linear."""
    name, title, optional = "batch", "Time of a step against the batch", False

    def run(self, runner, options):
        sizes = [4, 8, 16] if options.quick else [4, 8, 16, 32, 64]
        points = [{"batch": b, **self.point(Steps("", f"batch {b}", b, steps=4), runner, options)} for b in sizes]
        return {"points": points}

    @staticmethod
    def point(case, runner, options):
        rounds = runner.rounds(min(options.rounds, 3), lambda: case.round(runner, options))
        return {"disturbed": any(r["disturbed"] for r in rounds), **{who: median(rounds, who, "step_s") for who in ("ours", "plain", "tuned")}}


class AttentionMemory:
    """Peak memory of attention, forward and backward, against the number of positions; every measurement in a process of its own."""
    name, title, optional = "attention", "Memory of attention against the number of positions", False

    def run(self, runner, options):
        points = []
        for n in [256, 1024, 4096] if options.quick else [256, 1024, 2048, 4096, 8192, 16384]:
            def one_round(n=n):
                ours = runner.ours("attention", n)["attention"][0]
                result = {"ours": ours["rss_mb"], "ours_ms": ours["ms"]}
                # Four N x N matrices live at once in PyTorch's backward pass.
                if 5 * 4 * n * n < machine.free_memory_gb() * 2 ** 30:
                    peer = runner.theirs("pytorch_attention.py", n)
                    result.update(peer=peer["rss_mb"], peer_ms=peer["ms"])
                return result
            points.append({"positions": n, **runner.rounds(1, one_round)[0]})
        return {"points": points}


LARGE = {"size": 128, "attention": ("32,64", "64"), "passes": 2, "warm_up": 1, "rounds": 3}

PARTS = [
    Steps("hinge-16", "SAGAN 64x64, hinge, batch 16", 16, 2.0, 1.6, 0.5),
    Steps("hinge-64", "SAGAN 64x64, hinge, batch 64", 64, 1.9, 1.4, 0.4, steps=4, warm_up=2),
    Steps("wgan-gp-16", "SAGAN 64x64, WGAN-GP, batch 16", 16, 1.7, 1.3, 0.5, loss="wgan-gp"),
    Steps("wgan-gp-64", "SAGAN 64x64, WGAN-GP, batch 64", 64, 1.7, 1.3, 0.5, loss="wgan-gp", steps=3, warm_up=2),
    Steps("n4096-16", "128x128, attention up to N = 4096, batch 16", 16, 3.5, 2.0, 0.2, **LARGE, steps=2, needs_gb=8),
    Steps("n4096-4", "128x128, attention up to N = 4096, batch 4", 4, 3.5, 2.0, 0.2, **LARGE, steps=3, needs_gb=4, optional=True),
    Steps("inference-64", "generator in inference, batch 64", 64, 2.0, 1.5, inference=True, steps=12),
    Steps("avx2-16", "AVX2 only, hinge, batch 16", 16, 1.5, avx512=False),
    Scaling("threads-16", "one thread and all, hinge, batch 16", 16, 2.0, 1.6, 0.5, steps=4),
    StartUp(),
    Kernels(),
    Batches(),
    AttentionMemory(),
]


def same_losses(plain, tuned):
    for (d, g), (d2, g2) in list(zip(plain, tuned))[:2]:
        if abs(d - d2) > AGREE * (1 + abs(d)) or abs(g - g2) > AGREE * (1 + abs(g)):
            raise Refusal(f"the plain and the tuned peer do not compute the same: their losses are {d:.4f}, {g:.4f} and {d2:.4f}, {g2:.4f}.")


def small(result):
    """What is kept of a run."""
    kept = ("step_s", "step_min_s", "images_per_s", "peak_rss_mb", "peak_tensor_mb", "first_step_s", "full_speed_s", "allocated_bytes", "gflop", "peak_gflops", "percent_of_peak")
    return {key: result[key] for key in kept if result.get(key) is not None}
