"""Where PyTorch computes and how exactly: what the peer's scripts share to run on a GPU as well."""
import contextlib
import statistics
import sys
import time

import torch

PRECISIONS = {"fp32": "float32 throughout", "tf32": "tensor cores, products of inputs rounded to TF32", "bf16": "tensor cores, products in bfloat16"}
options = {}  # device and dtype of new tensors


def add_arguments(parser):
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--precision", choices=PRECISIONS, default="fp32", help="of products and convolutions: " + "; ".join(f"{k}: {v}" for k, v in PRECISIONS.items()))


def choose(a):
    """Makes the command line's choices those of this process."""
    if a.device != "cpu" and not torch.cuda.is_available():
        sys.exit(f"--device {a.device}: PyTorch {torch.__version__} finds no GPU.")
    options["device"] = a.device
    torch.backends.cuda.matmul.allow_tf32 = a.precision == "tf32"
    torch.backends.cudnn.allow_tf32 = a.precision == "tf32"
    # The fastest of cuDNN's algorithms for each shape, found while warming up: its best.
    torch.backends.cudnn.benchmark = True


def on_gpu():
    return options.get("device", "cpu") != "cpu"


def autocast(a):
    """What a user writes around a forward pass for BF16."""
    return torch.autocast("cuda" if on_gpu() else "cpu", torch.bfloat16) if a.precision == "bf16" else contextlib.nullcontext()


def randn(*shape, **more):
    return torch.randn(*shape, **options, **more)


def rand(*shape, **more):
    return torch.rand(*shape, **options, **more)


def wait():
    if on_gpu():
        torch.cuda.synchronize()


def time_ms(run, seconds=0.15, fewest=3, most=2000):
    """Median of single runs on the CPU; on a GPU of batches of runs, by its own clock, each batch long enough to hide the launch of its first kernel."""
    for _ in range(2):
        run()
    if on_gpu():
        wait()
        start = time.perf_counter()
        for _ in range(5):
            run()
        wait()
        count = max(1, min(500, int(seconds / 7 / ((time.perf_counter() - start) / 5))))
        return statistics.median(_batch_ms(run, count) for _ in range(7))
    times, begin = [], time.perf_counter()
    while len(times) < fewest or (time.perf_counter() - begin < seconds and len(times) < most):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3


def _batch_ms(run, count):
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    start.record()
    for _ in range(count):
        run()
    end.record()
    end.synchronize()
    return start.elapsed_time(end) / count


def facts(a):
    """What this process computed with."""
    if not on_gpu():
        return {"device": "cpu", "precision": a.precision}
    return {"device": torch.cuda.get_device_name(), "precision": a.precision, "cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version(),
            "tf32_products": torch.backends.cuda.matmul.allow_tf32, "tf32_convolutions": torch.backends.cudnn.allow_tf32}
