#!/usr/bin/python3
"""Time and memory of attention, forward and backward, over N positions in PyTorch on the CPU: the peer of `sagan bench attention`. Prints JSON.

    python3 pytorch_attention.py 4096 --channels 64
"""
import argparse
import json
import statistics
import time

import torch

import pytorch_facts


def run(batch, n, channels):
    q, k, v = (torch.randn(batch, n, width, requires_grad=True) for width in (channels // 8, channels // 8, channels))
    start = time.perf_counter()
    o = torch.bmm(torch.softmax(torch.bmm(q, k.transpose(1, 2)), -1), v)
    torch.autograd.grad(o.sum(), (q, k, v))
    return time.perf_counter() - start


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("positions", type=int)
    a.add_argument("--batch", type=int, default=1)
    a.add_argument("--channels", type=int, default=64)
    a.add_argument("--threads", type=int, default=2)
    a = a.parse_args()
    torch.set_num_threads(a.threads)
    run(a.batch, 16, a.channels)
    before = pytorch_facts.memory_mb("VmRSS")
    times = [run(a.batch, a.positions, a.channels) for _ in range(3)]
    rss = max(0.0, pytorch_facts.memory_mb("VmHWM") - before)
    print(json.dumps({"peer": pytorch_facts.facts(), "positions": a.positions, "ms": statistics.median(times[1:]) * 1e3, "rss_mb": rss}))


if __name__ == "__main__":
    main()
