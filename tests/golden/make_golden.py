#!/usr/bin/env python3
"""Makes the golden files beside this script with PyTorch: ops, modules, and training trajectories of a small SAGAN.

    python3 make_golden.py            writes *.safetensors here; needs torch and numpy (made with torch 1.13.1, CPU)
    python3 make_golden.py --check    writes nothing; says how far PyTorch's own float32 run of each trajectory is from the float64 one

Everything is computed in float64 from inputs that were rounded to float32 first, and stored rounded to float32: the oracle's own error is half a float32 unit.
See README.md for names and conventions.
"""
import copy
import json
import struct
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

HERE = Path(__file__).resolve().parent
torch.set_num_threads(1)

# ---------------------------------------------------------------------------------------------------------------- safetensors

DTYPES = {"bool": "BOOL", "uint8": "U8", "float16": "F16", "int32": "I32", "float32": "F32", "float64": "F64", "int64": "I64"}
ORDER = ["BOOL", "U8", "F16", "I32", "F32", "F64", "I64"]


def save(name, tensors, metadata):
    """Writes the reference order: the largest dtype first, then by name; metadata sorted; data aligned to 8."""
    arrays = {}
    for key, t in tensors.items():
        # autograd gives some zeros as tensors without storage, whose numpy() is whatever lies there.
        assert not t._is_zerotensor(), key
        a = t.detach().numpy()
        arrays[key] = np.require(a.astype(np.float32) if a.dtype == np.float64 else a, requirements="C")
        assert a.dtype.kind != "f" or np.isfinite(arrays[key]).all(), key
    keys = sorted(arrays, key=lambda k: (-ORDER.index(DTYPES[arrays[k].dtype.name]), k.encode()))
    header, offset = {"__metadata__": {k: metadata[k] for k in sorted(metadata)}}, 0
    for k in keys:
        a = arrays[k]
        header[k] = {"dtype": DTYPES[a.dtype.name], "shape": list(a.shape), "data_offsets": [offset, offset + a.nbytes]}
        offset += a.nbytes
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    with open(HERE / name, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for k in keys:
            f.write(arrays[k].astype(arrays[k].dtype.newbyteorder("<"), copy=False).tobytes())
    print(f"{name}: {len(keys)} tensors, {8 + len(text) + offset} bytes")


def exact32(t):
    """float64 with float32 values."""
    return t.float().double()


class Cases:
    """Collects cases: inputs, output, gradients of <y, g>, and gradients of sum <grad, direction>."""

    def __init__(self, seed):
        self.rng = torch.Generator().manual_seed(seed)
        self.tensors, self.params = {}, {}

    def normal(self, *shape):
        return exact32(torch.randn(shape, generator=self.rng, dtype=torch.float64))

    def uniform(self, low, high, *shape):
        return exact32(low + (high - low) * torch.rand(shape, generator=self.rng, dtype=torch.float64))

    def add(self, case, fn, inputs, second=True, smooth=True, constants=None, **params):
        """inputs are differentiated, constants are not. fn(**inputs, **constants) gives y. Where the function is smooth near the inputs, both orders of
        gradient are checked against central differences."""
        assert case not in self.params, case
        self.params[case] = params
        put = lambda key, t: self.tensors.__setitem__(f"{case}/{key}", t)
        x = {k: exact32(v).requires_grad_() for k, v in inputs.items()}
        for k, v in {**x, **(constants or {})}.items():
            put(f"in.{k}", v)
        y = fn(**x, **(constants or {}))
        put("out", y)
        g = self.normal(*y.shape).requires_grad_()
        put("cotangent", g)
        grads = torch.autograd.grad(y, list(x.values()), g, create_graph=second)
        for k, d in zip(x, grads):
            put(f"grad.{k}", d)
        along = {k: self.normal(*v.shape) for k, v in x.items()}

        def moved(e):
            return {k: (v + e * along[k]).detach().requires_grad_() for k, v in x.items()}

        def agree(exact, f):
            numeric = (f(moved(1e-5)) - f(moved(-1e-5))) / 2e-5
            assert not smooth or abs(exact - numeric) <= 1e-6 * (1 + abs(exact)), (case, exact, numeric)

        agree(sum((d * along[k]).sum() for k, d in zip(x, grads)).item(), lambda m: (fn(**m, **(constants or {})) * g).sum().item())
        if not second:
            return
        directions = [self.normal(*v.shape) for v in x.values()]
        for k, h in zip(x, directions):
            put(f"direction.{k}", h)
        s = sum((d * h).sum() for d, h in zip(grads, directions))
        seconds = torch.autograd.grad(s, [*x.values(), g], allow_unused=True)
        seconds = [torch.zeros_like(v) if d is None else torch.zeros_like(v) + d for v, d in zip([*x.values(), g], seconds)]
        for k, d in zip([*x, "cotangent"], seconds):
            put(f"grad2.{k}", d)

        def s_at(m):
            grads = torch.autograd.grad(fn(**m, **(constants or {})), list(m.values()), g.detach())
            return sum((d * h).sum() for d, h in zip(grads, directions)).item()

        agree(sum((d * along[k]).sum() for k, d in zip(x, seconds)).item(), s_at)

    def save(self, name, **metadata):
        save(name, self.tensors, {"cases": json.dumps(self.params, separators=(",", ":")), "computed_in": "float64", "torch": torch.__version__, **metadata})


# ------------------------------------------------------------------------------------------------------------------------ ops

def gradient_penalty(score, x):
    """mean_i (|dD/dx_i| - 1)^2, the norm as sqrt(sum + 1e-12)."""
    (g,) = torch.autograd.grad(score.sum(), x, create_graph=True)
    return ((g.flatten(1).pow(2).sum(1) + 1e-12).sqrt() - 1).pow(2).mean()


def attention(q, k, v, scale):
    return torch.softmax(scale * q @ k.transpose(-1, -2), -1) @ v


def make_ops():
    c = Cases(1)
    n = c.normal

    # Elementwise. Inputs keep away from poles; zero is among the inputs where the function has a kink there (torch: derivative 0 of relu and abs at 0,
    # slope of leaky_relu, half to each operand of a tied maximum).
    pos = lambda: c.uniform(0.2, 3.0, 3, 7)
    c.add("affine", lambda x: 1.7 * x - 0.3, {"x": n(3, 7)}, scale=1.7, shift=-0.3)
    c.add("square", torch.square, {"input": n(3, 7)})
    c.add("sqrt", torch.sqrt, {"input": pos()})
    c.add("reciprocal", torch.reciprocal, {"input": pos() * torch.tensor([1.0, -1, 1, -1, 1, -1, 1], dtype=torch.float64)})
    kink = n(3, 7)
    kink[0, 0] = kink[2, 3] = 0
    c.add("abs", torch.abs, {"input": kink}, smooth=False)
    c.add("relu", torch.relu, {"input": kink}, smooth=False)
    c.add("leaky_relu", lambda x: F.leaky_relu(x, 0.1), {"x": kink}, smooth=False, slope=0.1)
    c.add("exp", torch.exp, {"input": n(3, 7)})
    c.add("log", torch.log, {"input": pos()})
    c.add("tanh", torch.tanh, {"input": 1.5 * n(3, 7)})
    c.add("sigmoid", torch.sigmoid, {"input": 2 * n(3, 7)})
    c.add("softplus", lambda x: F.softplus(x, threshold=1e9), {"x": 3 * n(3, 7)})
    # softplus(30) to torch's last digit needs no threshold; large arguments must not overflow.
    c.add("softplus_large", lambda x: torch.logaddexp(x, torch.zeros_like(x)), {"x": torch.tensor([-90.0, -20, -1, 0, 1, 20, 90], dtype=torch.float64)})

    shapes = {"same": ((2, 3, 4), (2, 3, 4)), "row": ((2, 3, 4), (4,)), "column": ((2, 3, 4), (3, 1)), "both": ((2, 1, 4), (3, 1)), "scalar": ((3, 5), ())}
    for how, (sa, sb) in shapes.items():
        c.add(f"add_{how}", torch.add, {"input": n(*sa), "other": n(*sb)})
        c.add(f"subtract_{how}", torch.sub, {"input": n(*sa), "other": n(*sb)})
        c.add(f"multiply_{how}", torch.mul, {"input": n(*sa), "other": n(*sb)})
        c.add(f"divide_{how}", torch.div, {"input": n(*sa), "other": c.uniform(0.5, 2, *sb)})
        a, b = n(*sa), n(*sb)
        if how == "same":
            b[1, 2, 3] = a[1, 2, 3]
        c.add(f"max_{how}", torch.maximum, {"input": a, "other": b}, smooth=how != "same")

    # Shape.
    c.add("sum_all", lambda x: x.sum(), {"x": n(2, 3, 4)})
    c.add("sum_last", lambda x: x.sum(-1), {"x": n(2, 3, 4)}, axes=[-1], keep=False)
    c.add("sum_outer", lambda x: x.sum((0, 1)), {"x": n(3, 5, 4)}, axes=[0, 1], keep=False)
    c.add("sum_middle_keep", lambda x: x.sum(1, keepdim=True), {"x": n(3, 5, 4)}, axes=[1], keep=True)
    c.add("mean_images", lambda x: x.mean((2, 3)), {"x": n(2, 3, 4, 5)}, axes=[2, 3], keep=False)
    c.add("broadcast_to", lambda x: x.expand(2, 3, 4), {"x": n(3, 1)}, shape=[2, 3, 4])
    c.add("reshape", lambda x: x.reshape(4, 6), {"x": n(2, 3, 4)}, shape=[4, 6])
    c.add("permute", lambda x: x.permute(0, 2, 3, 1), {"x": n(2, 3, 4, 5)}, order=[0, 2, 3, 1])
    c.add("permute_reverse", lambda x: x.permute(2, 1, 0), {"x": n(3, 4, 5)}, order=[2, 1, 0])
    c.add("slice", lambda x: x[:, 1:4], {"x": n(2, 5, 3)}, axis=1, start=1, count=3)
    c.add("pad", lambda x: F.pad(x, (0, 0, 2, 1)), {"x": n(2, 3, 4)}, axis=1, before=2, length=6)
    c.add("concat", lambda a, b: torch.cat([a, b], 1), {"a": n(2, 3, 4), "b": n(2, 2, 4)}, axis=1)

    # Products.
    for ta in (False, True):
        for tb in (False, True):
            f = lambda a, b: (a.transpose(-1, -2) if ta else a) @ (b.transpose(-1, -2) if tb else b)
            sa, sb = ((7, 5) if ta else (5, 7)), ((3, 7) if tb else (7, 3))
            c.add(f"matmul_{'t' if ta else 'n'}{'t' if tb else 'n'}", f, {"a": n(*sa), "b": n(*sb)}, transposeA=ta, transposeB=tb)
            c.add(f"matmul_batch_{'t' if ta else 'n'}{'t' if tb else 'n'}", f, {"a": n(2, *sa), "b": n(2, *sb)}, transposeA=ta, transposeB=tb)
    c.add("matmul_batch_shared", lambda a, b: a @ b, {"a": n(2, 5, 7), "b": n(7, 3)}, transposeA=False, transposeB=False)

    # Convolutions: x [N,Ci,H,W], w [Co,Ci,Kh,Kw]. Where stride does not divide H + 2p - k the last rows are never read: their gradient is 0.
    convolutions = [(1, 1, 1, 0, 5, 7, 3, 4), (3, 3, 1, 1, 3, 8, 5, 6), (4, 4, 2, 1, 3, 8, 8, 6), (4, 4, 2, 1, 16, 5, 4, 4), (4, 4, 1, 0, 6, 1, 4, 4),
                    (4, 4, 1, 0, 2, 3, 6, 5), (3, 3, 2, 1, 4, 6, 7, 5), (3, 3, 2, 0, 2, 3, 6, 8), (5, 5, 3, 2, 1, 4, 9, 8), (3, 2, 1, 1, 2, 3, 4, 5)]
    for kh, kw, s, p, ci, co, h, w in convolutions:
        c.add(f"conv2d_k{kh}x{kw}s{s}p{p}_{ci}to{co}_{h}x{w}", lambda x, w: F.conv2d(x, w, None, s, p),
              {"x": n(2, ci, h, w), "w": n(co, ci, kh, kw)}, stride=s, padding=p)
    c.add("conv2d_bias", lambda x, w, b: F.conv2d(x, w, b, 2, 1),
          {"x": n(2, 3, 6, 6), "w": n(5, 3, 4, 4), "b": n(5)}, stride=2, padding=1)
    # Transposed convolutions: x [N,Ci,H,W], w [Ci,Co,K,K], H' = (H - 1) s - 2p + k + output_padding.
    transposed = [(4, 1, 0, 0, 6, 5, 1, 1), (4, 2, 1, 0, 5, 3, 3, 4), (4, 2, 1, 0, 8, 16, 4, 4), (3, 1, 1, 0, 3, 4, 5, 4),
                  (3, 2, 1, 0, 2, 3, 4, 3), (3, 2, 1, 1, 2, 3, 4, 3), (5, 3, 2, 2, 2, 1, 3, 2), (2, 2, 0, 0, 3, 2, 3, 3)]
    for k, s, p, o, ci, co, h, w in transposed:
        c.add(f"conv_transpose2d_k{k}s{s}p{p}o{o}_{ci}to{co}_{h}x{w}", lambda x, w: F.conv_transpose2d(x, w, None, s, p, o),
              {"x": n(2, ci, h, w), "w": n(ci, co, k, k)}, stride=s, padding=p, outputPadding=o)
    c.add("conv_transpose2d_bias", lambda x, w, b: F.conv_transpose2d(x, w, b, 2, 1),
          {"x": n(2, 5, 3, 3), "w": n(5, 4, 4, 4), "b": n(4)}, stride=2, padding=1, outputPadding=0)

    c.add("softmax", lambda x: torch.softmax(x, -1), {"x": 2 * n(3, 9)})
    c.add("softmax_large", lambda x: torch.softmax(x, -1), {"x": 100 + 30 * n(2, 5)})
    c.add("attention", lambda q, k, v: attention(q, k, v, 1.0), {"q": n(2, 6, 3), "k": n(2, 6, 3), "v": n(2, 6, 5)}, scale=1.0)
    c.add("attention_scaled_fewer_keys", lambda q, k, v: attention(q, k, v, 0.5), {"q": n(2, 9, 4), "k": n(2, 5, 4), "v": n(2, 5, 3)}, scale=0.5)

    # Resampling, pooling, gathering.
    c.add("upsample2x", lambda x: F.interpolate(x, scale_factor=2, mode="nearest"), {"x": n(2, 3, 2, 3)})
    c.add("sum_pool2x2", lambda x: 4 * F.avg_pool2d(x, 2), {"x": n(2, 3, 4, 6)})
    c.add("avg_pool2x2", lambda x: F.avg_pool2d(x, 2), {"x": n(2, 3, 4, 6)})
    for k, s, p, h, w in [(2, 2, 0, 4, 6), (3, 2, 1, 5, 7), (3, 1, 1, 4, 4)]:
        c.add(f"max_pool2d_k{k}s{s}p{p}", lambda x: F.max_pool2d(x, k, s, p), {"x": n(2, 3, h, w)}, kernel=k, stride=s, padding=p)
    tied = torch.zeros(1, 1, 4, 4, dtype=torch.float64)
    tied[0, 0, 2:, 2:] = torch.tensor([[1.0, 2], [2, 2]])
    c.add("max_pool2d_tie", lambda x: F.max_pool2d(x, 2), {"x": tied}, smooth=False, kernel=2, stride=2, padding=0)
    c.add("embedding", lambda table, index: F.embedding(index, table), {"table": n(5, 4)}, constants={"index": torch.tensor([4, 0, 4, 2, 4, 1])})

    # Batch norm: the formula of the running statistics is in modules.safetensors.
    bn = lambda x, weight, bias: F.batch_norm(x, None, None, weight, bias, training=True, eps=1e-5)
    c.add("batch_norm_train", bn, {"x": 2 * n(4, 3, 2, 3) + 1, "weight": n(3), "bias": n(3)}, epsilon=1e-5)
    c.add("batch_norm_train_rows", bn, {"x": n(8, 5), "weight": n(5), "bias": n(5)}, epsilon=1e-5)
    c.add("batch_norm_relu", lambda x, weight, bias: torch.relu(bn(x, weight, bias)), {"x": n(4, 3, 2, 2), "weight": n(3), "bias": n(3)}, epsilon=1e-5)
    c.add("batch_norm_eval", lambda x, weight, bias, mean, variance: F.batch_norm(x, mean, variance, weight, bias, training=False, eps=1e-5),
          {"x": n(2, 3, 2, 3), "weight": n(3), "bias": n(3)}, constants={"mean": n(3), "variance": c.uniform(0.5, 2, 3)}, epsilon=1e-5)

    # Losses. Scores are far enough from the hinges at 1 and -1 that rounding cannot move them across, and lie on both sides.
    real, fake = torch.tensor([-2.0, 0.3, 0.9, 1.2, 5.0], dtype=torch.float64), torch.tensor([-3.0, -1.1, -0.8, 0.4, 2.0], dtype=torch.float64)
    c.add("hinge_d", lambda real, fake: torch.relu(1 - real).mean() + torch.relu(1 + fake).mean(), {"real": real, "fake": fake})
    c.add("hinge_g", lambda fake: -fake.mean(), {"fake": fake})
    c.add("wgan_d", lambda real, fake: fake.mean() - real.mean(), {"real": real, "fake": fake})
    c.add("wgan_g", lambda fake: -fake.mean(), {"fake": fake})

    # GP of a critic conv k4s2p1 -> tanh -> attention (1x1 q, k, v) -> conv k2: its first-order gradients are second-order gradients of the critic.
    def penalty(x, w1, wq, wk, wv, w2):
        h = torch.tanh(F.conv2d(x, w1, None, 2, 1))
        q, k, v = (F.conv2d(h, m).flatten(2).transpose(1, 2) for m in (wq, wk, wv))
        o = h + 0.7 * attention(q, k, v, 1.0).transpose(1, 2).reshape(h.shape)
        return gradient_penalty(F.conv2d(o, w2).flatten(1).sum(1), x)

    c.add("gradient_penalty", penalty, {"x": n(3, 2, 4, 4), "w1": 0.3 * n(4, 2, 4, 4), "wq": n(2, 4, 1, 1), "wk": n(2, 4, 1, 1), "wv": n(4, 4, 1, 1),
                                        "w2": n(1, 4, 2, 2)}, second=False, attentionGamma=0.7)
    c.save("ops.safetensors", layout="images NCHW, conv weights [out,in,kh,kw], transposed conv weights [in,out,kh,kw], everything else as named")


# -------------------------------------------------------------------------------------------------------------------- modules

def l2n(x, eps=1e-12):
    """heykeetae's normalisation: x / (|x| + eps)."""
    return x / (x.norm() + eps)


class SpectralNormHk(nn.Module):
    """heykeetae's convention: the matrix is weight_bar with its first axis as rows, also for ConvTranspose2d (rows = input channels); one power step in
    every forward, in training and in evaluation; x / (|x| + eps). u and v of this forward serve this forward's gradient."""

    def __init__(self, module):
        super().__init__()
        self.module = module
        w = module.weight
        del module._parameters["weight"]
        module.weight_bar = nn.Parameter(w.data)
        rows = w.shape[0]
        module.register_buffer("weight_u", l2n(torch.randn(rows, dtype=w.dtype)))
        module.register_buffer("weight_v", l2n(torch.randn(w.numel() // rows, dtype=w.dtype)))
        self.frozen = False

    def forward(self, x):
        m = self.module
        w = m.weight_bar.flatten(1)
        if not self.frozen:
            with torch.no_grad():
                m.weight_v = l2n(w.t() @ m.weight_u)
                m.weight_u = l2n(w @ m.weight_v)
        m.weight = m.weight_bar / (m.weight_u @ w @ m.weight_v)
        return m(x)


def spectral_norm_torch(module):
    return nn.utils.spectral_norm(module)


class SelfAttention(nn.Module):
    """The block of heykeetae's networks: full attention, 1x1 convolutions with bias, query and key of channels / 8, y = gamma o + x."""

    def __init__(self, channels):
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(1))
        self.query_conv = nn.Conv2d(channels, max(1, channels // 8), 1)
        self.key_conv = nn.Conv2d(channels, max(1, channels // 8), 1)
        self.value_conv = nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        q, k, v = (m(x).flatten(2) for m in (self.query_conv, self.key_conv, self.value_conv))
        a = torch.softmax(q.transpose(1, 2) @ k, -1)
        return self.gamma * (v @ a.transpose(1, 2)).reshape(x.shape) + x


def fill(module, rng, scale=0.5):
    """Normal parameters with float32 values, so that no bias or gain is left at 0 or 1."""
    for p in module.parameters():
        p.data = exact32(scale * torch.randn(p.shape, generator=rng, dtype=torch.float64))
    return module


def unit_vectors(module, rng):
    """Spectral-norm vectors with float32 values, drawn from rng."""
    for name, b in module.named_buffers():
        if name.endswith(("weight_u", "weight_v")):
            b.copy_(exact32(l2n(torch.randn(b.shape, generator=rng, dtype=torch.float64))))
    return module


def make_modules():
    c = Cases(2)
    n, t = c.normal, c.tensors

    def record(case, module, x, steps, second=False, **params):
        """For each step a forward in the stated mode: s<i>.in, out, cotangent, gradients of <out, cotangent>; state.* before and s<i>.state.* after each."""
        c.params[case] = {"steps": steps, **params}
        for k, v in module.state_dict().items():
            t[f"{case}/state.{k}"] = v.clone()
        for i, mode in enumerate(steps):
            module.train(mode == "train")
            xi = x(i)
            if xi.is_floating_point():
                xi = exact32(xi).requires_grad_()
            y = module(xi)
            g = n(*y.shape)
            t[f"{case}/s{i}.in"], t[f"{case}/s{i}.out"], t[f"{case}/s{i}.cotangent"] = xi, y, g
            wrt = {k: p for k, p in module.named_parameters()}
            if xi.is_floating_point():
                wrt["in"] = xi
            grads = torch.autograd.grad(y, list(wrt.values()), g, create_graph=second)
            for k, d in zip(wrt, grads):
                t[f"{case}/s{i}.grad.{k}"] = d
            if second:
                hs = {k: n(*p.shape) for k, p in wrt.items()}
                s = sum((d * hs[k]).sum() for k, d in zip(wrt, grads))
                for (k, p), d in zip(wrt.items(), torch.autograd.grad(s, list(wrt.values()))):
                    t[f"{case}/s{i}.direction.{k}"], t[f"{case}/s{i}.grad2.{k}"] = hs[k], d
            for k, v in module.state_dict().items():
                if not any(k == p for p, _ in module.named_parameters()):
                    t[f"{case}/s{i}.state.{k}"] = v.clone()

    rng = c.rng
    make = lambda m: unit_vectors(fill(m.double(), rng), rng)
    record("linear", make(nn.Linear(5, 7)), lambda i: n(3, 5), ["train"])
    record("conv2d", make(nn.Conv2d(3, 5, 4, 2, 1)), lambda i: n(2, 3, 6, 8), ["train"], stride=2, padding=1)
    record("conv_transpose2d", make(nn.ConvTranspose2d(3, 5, 4, 2, 1)), lambda i: n(2, 3, 3, 4), ["train"], stride=2, padding=1)
    # Two steps in training mode (the running statistics move, with the unbiased variance), then one in evaluation mode.
    record("batch_norm2d", make(nn.BatchNorm2d(3)), lambda i: 2 * n(3, 3, 2, 4) + 1, ["train", "train", "eval"], epsilon=1e-5, momentum=0.1)
    record("embedding", make(nn.Embedding(6, 4)), lambda i: torch.tensor([5, 0, 5, 2]), ["train"])

    inner = {
        "linear": (lambda: nn.Linear(5, 7), lambda i: n(3, 5), {}),
        "conv2d": (lambda: nn.Conv2d(3, 5, 4, 2, 1), lambda i: n(2, 3, 4, 6), {"stride": 2, "padding": 1}),
        "conv_transpose2d": (lambda: nn.ConvTranspose2d(3, 5, 4, 2, 1), lambda i: n(2, 3, 3, 2), {"stride": 2, "padding": 1}),
    }
    for kind, (build, x, params) in inner.items():
        record(f"spectral_norm_torch_{kind}", make(spectral_norm_torch(build().double())), x, ["train", "train", "eval"], **params)
        record(f"spectral_norm_hk_{kind}", make(SpectralNormHk(build().double())), x, ["train", "train", "eval"], **params)
    record("spectral_norm_torch_embedding", make(spectral_norm_torch(nn.Embedding(6, 4).double())), lambda i: torch.tensor([5, 0, 5, 2]), ["train", "eval"])
    record("self_attention", make(SelfAttention(16)), lambda i: n(2, 16, 3, 4), ["train"], second=True)

    # Adam: the TensorFlow form by its formula. Two parameters, five steps, gradients given.
    for form in ("torch", "tensorflow"):
        for name, betas in (("", (0.9, 0.999)), ("_beta0", (0.0, 0.9))):
            lr, eps, case = 0.01, 1e-3, f"adam_{form}{name}"
            c.params[case] = {"form": form, "learningRate": lr, "beta1": betas[0], "beta2": betas[1], "epsilon": eps, "steps": 5}
            p = [nn.Parameter(n(4, 3)), nn.Parameter(n(5))]
            m, v = [torch.zeros_like(q) for q in p], [torch.zeros_like(q) for q in p]
            optimizer = torch.optim.Adam(p, lr=lr, betas=betas, eps=eps)
            for i, q in enumerate(p):
                t[f"{case}/p{i}"] = q.detach().clone()
            for step in range(1, 6):
                for i, q in enumerate(p):
                    # A thousandfold range of gradients, so that epsilon counts in some elements.
                    q.grad = exact32(n(*q.shape) * 10 ** c.uniform(-3, 0, *q.shape))
                    t[f"{case}/s{step - 1}.grad{i}"] = q.grad.clone()
                if form == "torch":
                    optimizer.step()
                else:
                    for i, q in enumerate(p):
                        m[i] = betas[0] * m[i] + (1 - betas[0]) * q.grad
                        v[i] = betas[1] * v[i] + (1 - betas[1]) * q.grad ** 2
                        q.data -= lr * (1 - betas[1] ** step) ** 0.5 / (1 - betas[0] ** step) * m[i] / (v[i].sqrt() + eps)
                for i, q in enumerate(p):
                    t[f"{case}/s{step - 1}.p{i}"] = q.detach().clone()

    # Exponential moving average: e = d e + (1 - d) w after each of five steps.
    c.params["ema"] = {"decay": 0.9, "steps": 5}
    e = n(3, 4)
    t["ema/average"] = e
    for step in range(5):
        w = n(3, 4)
        e = 0.9 * e + 0.1 * w
        t[f"ema/s{step}.value"], t[f"ema/s{step}.average"] = w, e
    c.save("modules.safetensors", layout="PyTorch's own state_dict names and layouts")


# --------------------------------------------------------------------------------------------------------------- trajectories

SIZE, CONV_DIM, Z, BATCH = 32, 8, 16, 8
G_ATTENTION, D_ATTENTION = (8, 16), (8, 4)


def norm_of(kind):
    return {"torch": spectral_norm_torch, "hk": SpectralNormHk, "none": lambda m: m}[kind]


class Generator(nn.Module):
    """l1: ConvT k4 s1 z -> conv_dim 2^(m-3) at 4x4; l2..: ConvT k4 s2 p1 halving the width; each with spectral norm, BN, ReLU; attn<i> after the stages
    at the given sizes; last: ConvT k4 s2 p1 to RGB, tanh. size = 2^m."""

    def __init__(self, sn):
        super().__init__()
        m = SIZE.bit_length() - 1
        width, side, self.order, attention = CONV_DIM << (m - 3), 4, [], 0
        channels = Z
        for stage in range(1, m - 1):
            conv = nn.ConvTranspose2d(channels, width, 4, 1 if stage == 1 else 2, 0 if stage == 1 else 1).double()
            self.add(f"l{stage}", nn.Sequential(norm_of(sn)(conv), nn.BatchNorm2d(width), nn.ReLU()))
            if side in G_ATTENTION:
                attention += 1
                self.add(f"attn{attention}", SelfAttention(width))
            channels, width, side = width, width // 2, side * 2
        self.add("last", nn.Sequential(nn.ConvTranspose2d(channels, 3, 4, 2, 1), nn.Tanh()))

    def add(self, name, module):
        setattr(self, name, module)
        self.order.append(module)

    def forward(self, z):
        x = z[:, :, None, None]
        for m in self.order:
            x = m(x)
        return x


class Discriminator(nn.Module):
    """l<i>: Conv k4 s2 p1 with spectral norm, leaky ReLU 0.1, doubling the width down to 4x4; attn<i> after the stages at the given sizes; last: Conv k4."""

    def __init__(self, sn):
        super().__init__()
        width, side, self.order, attention, stage, channels = CONV_DIM, SIZE // 2, [], 0, 1, 3
        while side >= 4:
            self.add(f"l{stage}", nn.Sequential(norm_of(sn)(nn.Conv2d(channels, width, 4, 2, 1).double()), nn.LeakyReLU(0.1)))
            if side in D_ATTENTION:
                attention += 1
                self.add(f"attn{attention}", SelfAttention(width))
            channels, width, side, stage = width, width * 2, side // 2, stage + 1
        self.add("last", nn.Sequential(nn.Conv2d(channels, 1, 4)))

    add = Generator.add

    def forward(self, x):
        for m in self.order:
            x = m(x)
        return x.reshape(-1)

    def freeze(self, frozen):
        """Frozen spectral norm: u and v stay, sigma = u^T W v is computed anew with its gradient. There is no batch norm in D for eval() to change."""
        self.train(not frozen)
        for m in self.modules():
            if isinstance(m, SpectralNormHk):
                m.frozen = frozen


def initial(model, seed):
    """PyTorch's default initialisation would do, but depends on the version: uniform(+-1.7 / sqrt(fan_in)), BN gain about 1, gamma 0.6 and 0.4 so that
    attention takes part from the first step."""
    rng = torch.Generator().manual_seed(seed)
    gammas = iter([0.6, 0.4])
    with torch.no_grad():
        for name, p in model.named_parameters():
            if name.endswith("gamma"):
                p.fill_(next(gammas))
                continue
            u = 2 * torch.rand(p.shape, generator=rng, dtype=torch.float64) - 1
            if p.dim() == 4:
                p.copy_(1.7 * u / (p[0].numel() if "query" in name or "key" in name or p.shape[-1] == 4 else p.shape[1]) ** 0.5)
            elif name.endswith(".1.weight"):
                p.copy_(1 + 0.2 * u)
            else:
                p.copy_(0.1 * u)
    model.double()
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(exact32(p))
    return unit_vectors(model, rng)


def no_grad_for(model, off):
    for p in model.parameters():
        p.requires_grad_(not off)


def draw(seed):
    """One step's images as bytes, x = (b - 128) / 128 exactly; noise for the D step and for the G step; alphas of the penalty."""
    rng = torch.Generator().manual_seed(seed)
    y, x = torch.meshgrid(torch.arange(SIZE), torch.arange(SIZE), indexing="ij")
    images = torch.empty(BATCH, 3, SIZE, SIZE, dtype=torch.uint8)
    for b in range(BATCH):
        r = lambda *shape: torch.rand(shape, generator=rng, dtype=torch.float64)
        cx, cy, radius, colour, ground = 8 + 16 * r(1), 8 + 16 * r(1), 4 + 6 * r(1), r(3, 1, 1), r(3, 1, 1)
        inside = ((x - cx) ** 2 + (y - cy) ** 2 < radius ** 2).double()
        picture = inside * colour + (1 - inside) * ground + 0.05 * torch.randn(3, SIZE, SIZE, generator=rng, dtype=torch.float64)
        images[b] = (256 * picture).clamp(0, 255).to(torch.uint8)
    normal = lambda *shape: exact32(torch.randn(shape, generator=rng, dtype=torch.float64))
    return {"images": images, "z_d": normal(BATCH, Z), "z_g": normal(BATCH, Z), "alpha": exact32(torch.rand(BATCH, generator=rng, dtype=torch.float64))}


class Training:
    """loss: hinge | wgan_gp (one D update on wgan + 10 GP) | wgan_gp_two_step (heykeetae: an update on wgan, then one on 10 GP)."""

    def __init__(self, loss, g_sn, d_sn, lr, eps, dtype=torch.float64):
        self.loss, self.dtype = loss, dtype
        self.g, self.d = initial(Generator(g_sn), 10).to(dtype), initial(Discriminator(d_sn), 11).to(dtype)
        self.og, self.od = (torch.optim.Adam(m.parameters(), lr=r, betas=(0.0, 0.9), eps=eps) for m, r in ((self.g, lr[0]), (self.d, lr[1])))
        self.nearest = float("inf")
        for m in (*self.g.modules(), *self.d.modules()):
            if isinstance(m, (nn.ReLU, nn.LeakyReLU)):
                m.register_forward_pre_hook(lambda _, x: self.meet(x[0]))

    def meet(self, x):
        """x enters a function with a kink at 0: notes how near to it the nearest element comes, in units of the root mean square of all."""
        x = x.detach()
        self.nearest = min(self.nearest, (x.abs().min() / x.square().mean().sqrt()).item())

    def step(self, drawn):
        g, d = self.g, self.d
        g.train()
        real = ((drawn["images"].double() - 128) / 128).to(self.dtype)
        z_d, z_g, alpha = (drawn[k].to(self.dtype) for k in ("z_d", "z_g", "alpha"))
        with torch.no_grad():
            fake = g(z_d)
        d.freeze(False)
        scores = d(torch.cat([real, fake]))
        real_scores, fake_scores = scores[:BATCH], scores[BATCH:]
        if self.loss == "hinge":
            self.meet(torch.cat([1 - real_scores, 1 + fake_scores]))
            d_loss, gp = torch.relu(1 - real_scores).mean() + torch.relu(1 + fake_scores).mean(), None
        else:
            d_loss = fake_scores.mean() - real_scores.mean()
        if self.loss == "wgan_gp_two_step":
            self.od.zero_grad()
            d_loss.backward()
            self.od.step()
        if self.loss != "hinge":
            d.freeze(True)
            between = (alpha[:, None, None, None] * real + (1 - alpha[:, None, None, None]) * fake).requires_grad_()
            gp = gradient_penalty(d(between), between)
        self.od.zero_grad()
        (d_loss if gp is None else 10 * gp if self.loss == "wgan_gp_two_step" else d_loss + 10 * gp).backward()
        self.od.step()
        d.freeze(False)
        no_grad_for(d, True)
        g_scores = d(g(z_g))
        g_loss = -g_scores.mean()
        self.og.zero_grad()
        g_loss.backward()
        self.og.step()
        no_grad_for(d, False)
        values = (d_loss, g_loss, torch.tensor(float("nan")) if gp is None else gp, real_scores, fake_scores, g_scores)
        return {k: v.detach().double() for k, v in zip(("d_loss", "g_loss", "gp", "scores_real", "scores_fake", "scores_g"), values)}

    def snapshot(self):
        return copy.deepcopy([m.state_dict() for m in (self.g, self.d, self.og, self.od)])

    def restore(self, snapshot):
        for m, s in zip((self.g, self.d, self.og, self.od), copy.deepcopy(snapshot)):
            m.load_state_dict(s)


# A ReLU whose input is 1e-8 from 0 passes the gradient in one correct float32 program and not in another, and ten steps on the weights differ by 1e-3: such
# a file would test luck. So a step whose inputs to kinks come nearer than this (twenty times what float32 is off by there) is drawn anew.
KINK_MARGIN = 2e-5


def choose(run):
    """The steps of a run that keep away from kinks: the first such draw of each step's seeds 1000 step, 1000 step + 1, ..."""
    training, chosen = Training(**{k: v for k, v in run.items() if k != "steps"}), []
    for i in range(run["steps"]):
        before = training.snapshot()
        for seed in range(1000 * i, 1000 * (i + 1)):
            drawn, training.nearest = draw(seed), float("inf")
            training.step(drawn)
            if training.nearest >= KINK_MARGIN:
                chosen.append(drawn)
                break
            training.restore(before)
        else:
            raise RuntimeError(f"step {i}: every draw comes nearer to a kink than {KINK_MARGIN}")
    return {k: torch.stack([c[k] for c in chosen]) for k in chosen[0]}


def train(steps, batch, dtype=torch.float64, **run):
    training = Training(**run, dtype=dtype)
    states, log = [state(training.g, training.d)], []
    for i in range(steps):
        log.append(training.step({k: v[i] for k, v in batch.items()}))
        states.append(state(training.g, training.d))
    return states, {k: torch.stack([row[k] for row in log]) for k in log[0]}


def state(g, d):
    return {**{f"g.{k}": v.clone() for k, v in g.state_dict().items()}, **{f"d.{k}": v.clone() for k, v in d.state_dict().items()}}


# The recipe's own settings, once; otherwise ten times its learning rates, so that weights move by up to 0.05, and eps 1e-4 (see README: with eps 1e-8 Adam
# makes steps of the size lr out of the rounding noise of gradients that are 0 by theory, in any float32 program).
FAST = dict(lr=(1e-3, 4e-3), eps=1e-4)
# A critic without spectral norm has gradients ten times as large, and so is their rounding noise.
PLAIN = dict(lr=(1e-3, 4e-3), eps=1e-3)
RUNS = {
    "hinge_torch_recipe": dict(loss="hinge", steps=10, g_sn="torch", d_sn="torch", lr=(1e-4, 4e-4), eps=1e-8),
    "hinge_torch": dict(loss="hinge", steps=10, g_sn="torch", d_sn="torch", **FAST),
    "hinge_hk": dict(loss="hinge", steps=10, g_sn="hk", d_sn="hk", **FAST),
    "wgan_gp_torch": dict(loss="wgan_gp", steps=5, g_sn="torch", d_sn="torch", **FAST),
    "wgan_gp_plain": dict(loss="wgan_gp", steps=5, g_sn="torch", d_sn="none", **PLAIN),
    "wgan_gp_two_step_hk": dict(loss="wgan_gp_two_step", steps=5, g_sn="hk", d_sn="hk", **FAST),
    "wgan_gp_two_step_plain": dict(loss="wgan_gp_two_step", steps=5, g_sn="hk", d_sn="none", **PLAIN),
}

CONVENTIONS = (
    "One step: (1) fake = G(z_d): G in training mode (batch statistics, running statistics and spectral-norm vectors move), no gradient; "
    "(2) D on [real; fake] concatenated, one forward, so one power step of D; D loss; Adam on D; "
    "(3) D(G(z_g)): one forward more of each, so one power step more of each; G loss -mean; Adam on G alone. "
    "WGAN-GP: between = alpha real + (1 - alpha) fake with the fake of (1), D with frozen spectral norm (u, v stay, sigma = u^T W v anew, with its gradient), "
    "penalty = mean (sqrt(sum g^2 + 1e-12) - 1)^2, weight 10. wgan_gp: one Adam step on mean fake - mean real + 10 penalty. "
    "wgan_gp_two_step: one Adam step on mean fake - mean real, then one on 10 penalty at the new weights; Adam's t counts both. "
    "d_loss is without the penalty. Adam: torch form, betas 0 and 0.9. "
    "u and v of a forward serve that forward's gradient.")


def make_trajectories():
    start = {}
    for name, run in RUNS.items():
        batch = choose(run)
        states, log = train(**run, batch=batch)
        for net, sn in (("g", run["g_sn"]), ("d", run["d_sn"])):
            start.update({f"{net}.{sn}/{k[2:]}": v for k, v in states[0].items() if k.startswith(net)})
        tensors = {**batch, **{f"final/{k}": v for k, v in states[-1].items()}}
        if run["loss"] == "hinge":
            log.pop("gp")
        tensors.update({f"log/{k}": v for k, v in log.items()})
        nets = dict(size=SIZE, conv_dim=CONV_DIM, z=Z, batch=BATCH, g_attention=G_ATTENTION, d_attention=D_ATTENTION)
        config = json.dumps(dict(run, betas=(0.0, 0.9), gp_weight=10, **nets))
        save(f"trajectory_{name}.safetensors", tensors,
             {"config": config, "conventions": CONVENTIONS, "images": "bytes b; x = (b - 128) / 128", "computed_in": "float64", "torch": torch.__version__})
    save("trajectory_start.safetensors", start, {"torch": torch.__version__,
                                                 "states": "g.<spectral norm>/<state_dict name>, d.<spectral norm>/<state_dict name>"})


def check_trajectories():
    for name, run in RUNS.items():
        batch = choose(run)
        (s64, l64), (s32, l32) = (train(**run, batch=batch, dtype=t) for t in (torch.float64, torch.float32))
        print(f"{name}: losses differ by {max((l64[k] - l32[k]).abs().max().item() for k in ('d_loss', 'g_loss')):.1e};"
              f" d {l64['d_loss'][0]:.3f} -> {l64['d_loss'][-1]:.3f}, g {l64['g_loss'][0]:.3f} -> {l64['g_loss'][-1]:.3f},"
              f" gp {l64['gp'][0]:.3f} -> {l64['gp'][-1]:.3f}")
        distance = lambda a, b, k: (a[k].double() - b[k].double()).abs().max().item()
        rows = sorted((distance(s64[-1], s32[-1], k), distance(s64[-1], s64[0], k), k) for k in s64[0])[::-1]
        for difference, moved, k in rows[:6]:
            print(f"    {difference:.1e} where it moved {moved:.1e}  {k}")


if __name__ == "__main__":
    if "--check" in sys.argv:
        check_trajectories()
    else:
        make_ops()
        make_modules()
        make_trajectories()
