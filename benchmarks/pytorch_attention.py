#!/usr/bin/python3
"""Time and memory of attention, forward and backward, over N positions in PyTorch, on the CPU or a GPU: the peer of `sagan bench attention`. Prints JSON.

    python3 pytorch_attention.py 4096 --channels 64
"""
import argparse
import json
import statistics
import time

import torch

import pytorch_device
import pytorch_facts


def run(a, n):
    q, k, v = (pytorch_device.randn(a.batch, n, width, requires_grad=True) for width in (a.channels // 8, a.channels // 8, a.channels))
    pytorch_device.wait()
    start = time.perf_counter()
    with pytorch_device.autocast(a):
        o = torch.bmm(torch.softmax(torch.bmm(q, k.transpose(1, 2)), -1), v)
    torch.autograd.grad(o.sum(), (q, k, v))
    pytorch_device.wait()
    return time.perf_counter() - start


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("positions", type=int)
    a.add_argument("--batch", type=int, default=1)
    a.add_argument("--channels", type=int, default=64)
    a.add_argument("--threads", type=int, default=2)
    pytorch_device.add_arguments(a)
    a = a.parse_args()
    pytorch_device.choose(a)
    torch.set_num_threads(a.threads)
    run(a, 16)
    before = pytorch_facts.memory_mb("VmRSS")
    times = [run(a, a.positions) for _ in range(50 if pytorch_device.on_gpu() else 3)]
    rss = max(0.0, pytorch_facts.memory_mb("VmHWM") - before)
    tensors = {"tensor_mb": torch.cuda.max_memory_allocated() / 2 ** 20} if pytorch_device.on_gpu() else {}
    print(json.dumps({"peer": pytorch_facts.facts(), **pytorch_device.facts(a), **tensors, "positions": a.positions, "ms": statistics.median(times[1:]) * 1e3, "rss_mb": rss}))


if __name__ == "__main__":
    main()
