#!/usr/bin/python3
"""Times PyTorch's operations, on the CPU or a GPU, at the shapes of `sagan bench kernels`, and prints one JSON object.

    python3 pytorch_kernels.py [attention] [--threads 2] [--device cuda --precision tf32]

Every operation is timed in the ways that PyTorch offers: images as NCHW and with channels last, 1x1 convolutions also as matrix products.
"against" names the kernel of `sagan bench kernels` that computes the same, "gflop" its work, where that is counted. With --precision bf16 the operands are
bfloat16, as autocast hands them to these operations, and what autocast leaves alone is left out.
"""
import argparse
import json
import math

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import spectral_norm

import pytorch_device
import pytorch_facts
from pytorch_device import rand, randn, time_ms

BATCH, SMALL_BATCH = 16, 4
STAGES = [(4, 512), (8, 256), (16, 128), (32, 64)]  # resolution and channels of the feature maps
LAYOUTS = {"NCHW": torch.contiguous_format, "channels last": torch.channels_last}


def convolutions():
    layers = [(BATCH, 64, 3, 64, 4, 2, 1), (BATCH, 32, 64, 128, 4, 2, 1), (BATCH, 16, 128, 256, 4, 2, 1), (BATCH, 8, 256, 512, 4, 2, 1)]
    layers += [(BATCH, 4, 512, 1, 4, 1, 0), (BATCH, 4, 512, 128, 4, 1, 0)]
    layers += [(SMALL_BATCH, size, c, c, 3, 1, 1) for size, c in [(128, 64), (64, 128), (32, 256), (16, 512)]]
    for n, size, ci, co, k, stride, padding in layers:
        out = (size + 2 * padding - k) // stride + 1
        shape, work = f"{ci}->{co} @{size} k{k}s{stride}", 2 * n * ci * co * (k * out) ** 2

        def ways(transposed, mask):
            """Forward (mask None) or a gradient in both layouts, of the convolution or of the transposed convolution that is its mirror."""
            runs = {}
            for layout, memory_format in LAYOUTS.items():
                big, small = randn(n, ci, size, size), randn(n, co, out, out)
                big, small, w = (t.to(memory_format=memory_format) for t in (big, small, randn(co, ci, k, k)))
                x, g = (small, big) if transposed else (big, small)
                geometry = [stride] * 2, [padding] * 2, [1, 1], transposed, [0, 0], 1
                if mask is None:
                    runs[layout] = lambda x=x, w=w, geometry=geometry: torch.convolution(x, w, None, *geometry)
                else:
                    runs[layout] = lambda g=g, x=x, w=w, geometry=geometry: torch.ops.aten.convolution_backward(g, x, w, None, *geometry, mask)
            return runs

        inputs, weights = [True, False, False], [False, True, False]
        yield "conv2d", shape, work, ("conv2d", shape), ways(False, None)
        yield "conv2d input grad", shape, work, ("conv2d input grad", shape), ways(False, inputs)
        yield "conv2d weight grad", shape, work, ("conv2d weight grad", shape), ways(False, weights)
        if k == 4 and co > 1:
            mirror = f"{co}->{ci} @{out} k{k}s{stride}"
            yield "transposed conv", mirror, work, ("conv2d input grad", shape), ways(True, None)
            yield "transposed conv input grad", mirror, work, ("conv2d", shape), ways(True, inputs)
            yield "transposed conv weight grad", mirror, work, ("conv2d weight grad", shape), ways(True, weights)


def products():
    for r, c in STAGES:
        for width in (c // 8, c):
            m = BATCH * r * r
            x, w, y = randn(m, c), randn(width, c), randn(m, width)
            images = {layout: (randn(BATCH, c, r, r).to(memory_format=f), w.view(width, c, 1, 1), randn(BATCH, width, r, r).to(memory_format=f))
                      for layout, f in LAYOUTS.items()}

            def grads(mask):
                return {layout: lambda t=t: torch.ops.aten.convolution_backward(t[2], t[0], t[1], None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1, mask)
                        for layout, t in images.items()}

            for name, shape, product, convolution in [
                ("matmul (1x1 conv)", (m, width, c), lambda: torch.mm(x, w.t(), out=y), {layout: lambda t=t: torch.conv2d(t[0], t[1]) for layout, t in images.items()}),
                ("matmul (1x1 input grad)", (m, c, width), lambda: torch.mm(y, w, out=x), grads([True, False, False])),
                ("matmul (1x1 weight grad)", (width, c, m), lambda: torch.mm(y.t(), x, out=w), grads([False, True, False])),
            ]:
                text = "x".join(map(str, shape))
                yield name, text, 2 * math.prod(shape), (name, text), {"mm": product, **convolution}
    shapes = [(s, s, s) for s in (256, 512, 1024, 2048)]
    shapes += [(512, 256, 2048), (256, 1024, 1024), (128, 4096, 2048), (64, 16384, 1024), (1024, 1024, 16), (1024, 128, 1024), (4096, 64, 4096)]
    for m, n, k in shapes:
        a, b, c = rand(m, k), rand(k, n), torch.empty(m, n, **pytorch_device.options)
        yield "matmul", f"{m}x{n}x{k}", 2 * m * n * k, ("matmul", f"{m}x{n}x{k}"), {"mm": lambda: torch.mm(a, b, out=c)}


def attention():
    cases = [(BATCH, r * r, c // 8, c) for r, c in STAGES] + [(BATCH, 1024, 16, 128), (SMALL_BATCH, 4096, 8, 64)]
    for batch, n, dk, dv in cases:
        shape = f"N={n} dk={dk} dv={dv}"
        # As published: channels before pixels, and o = v A^T.
        planar = [randn(batch, width, n, requires_grad=True) for width in (dk, dk, dv)]
        rows = [randn(batch, n, width, requires_grad=True) for width in (dk, dk, dv)]
        g = randn(batch, n, dv)

        def plain():
            q, k, v = planar
            return torch.bmm(v, torch.softmax(torch.bmm(q.transpose(1, 2), k), -1).transpose(1, 2))

        def tuned():
            q, k, v = rows
            return torch.bmm(torch.softmax(torch.bmm(q, k.transpose(1, 2)), -1), v)

        def no_grad(f):
            with torch.no_grad():
                f()

        both, forward = "attention forward + backward", 2 * batch * n * n * (dk + dv)
        # Backward: four products where forward has two, and the scores once more.
        whole = 3 * forward + 2 * batch * n * n * dk
        yield "attention", shape, forward, ("attention", shape), {"plain": lambda: no_grad(plain)}
        yield "attention, tuned peer", shape, forward, ("attention", shape), {"tuned": lambda: no_grad(tuned)}
        yield both, shape, whole, (both, shape), {"plain": lambda: torch.autograd.grad(plain(), planar, g.transpose(1, 2))}
        yield both + ", tuned peer", shape, whole, (both, shape), {"tuned": lambda: torch.autograd.grad(tuned(), rows, g)}


def the_rest():
    for r, c in STAGES:
        shape, both = f"[{BATCH * r * r}, {c}]", "batch norm + relu forward + backward"
        forward, backward = {}, {}
        for layout, f in LAYOUTS.items():
            norm = nn.BatchNorm2d(c).to(pytorch_device.options["device"])
            x, g = randn(BATCH, c, r, r).to(memory_format=f).requires_grad_(), randn(BATCH, c, r, r).to(memory_format=f)

            def act(x=x, norm=norm):
                return F.relu(norm(x), inplace=True)

            def without_grad(act=act):
                with torch.no_grad():
                    act()

            forward[layout] = without_grad
            backward[layout] = lambda act=act, x=x, norm=norm, g=g: torch.autograd.grad(act(), (x, norm.weight, norm.bias), g)
        yield "batch norm + relu", shape, 0, ("batch norm + relu", shape), forward
        yield both, shape, 0, (both, shape), backward
    for rows, columns in [(512, 4096), (256, 2048), (128, 1024), (64, 48)]:
        layer = spectral_norm(nn.Linear(columns, rows, bias=False)).to(pytorch_device.options["device"])
        hook = next(iter(layer._forward_pre_hooks.values()))

        def norm(layer=layer, hook=hook):
            with torch.no_grad():
                hook(layer, ())

        yield "spectral norm", f"[{rows}, {columns}]", 0, ("spectral norm", f"[{rows}, {columns}]"), {"hook": norm}
    parameters = [nn.Parameter(randn(n)) for n in (2097152, 524288, 131072, 8192, 512)]
    for p in parameters:
        p.grad = torch.randn_like(p)
    shape = f"{sum(p.numel() for p in parameters)} parameters"
    ways = {"loop": False, "foreach": True}
    yield "adam", shape, 0, ("adam", shape), {way: torch.optim.Adam(parameters, 1e-6, (0.0, 0.9), foreach=foreach).step for way, foreach in ways.items()}


def main():
    global BATCH
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("filter", nargs="?", default="", help="only operations whose name holds this")
    a.add_argument("--batch", type=int, default=BATCH)
    a.add_argument("--threads", type=int, default=2)
    a.add_argument("--seconds", type=float, default=0.15, help="how long each is timed, at least")
    pytorch_device.add_arguments(a)
    a = a.parse_args()
    pytorch_device.choose(a)
    BATCH = a.batch
    if a.precision == "bf16":
        pytorch_device.options["dtype"] = torch.bfloat16
    torch.set_num_threads(a.threads)
    torch.manual_seed(0)
    torch.set_flush_denormal(True)
    rows = []
    for part in (convolutions, products, attention, the_rest)[:3 if a.precision == "bf16" else 4]:
        for kernel, shape, work, against, ways in part():
            if a.filter in kernel:
                times = {way: time_ms(run, a.seconds) for way, run in ways.items()}
                rows.append({"kernel": kernel, "shape": shape, "against": against, "gflop": work * 1e-9, "ms": times})
    print(json.dumps({"peer": pytorch_facts.facts(), **pytorch_device.facts(a), "kernels": rows}))


if __name__ == "__main__":
    main()
