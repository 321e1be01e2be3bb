#!/usr/bin/env python3
"""Makes sagan_modules.safetensors and sagan_networks.safetensors beside this script: forms of attention, conditioning, spectral norm in the official
convention, and whole networks, in PyTorch, in float64. Weights and inputs follow from names by a formula (values): see README.md."""
import json

import numpy as np
import torch
import torch.nn as nn

import sagan_torch as st
from sagan_networks import NETWORKS
from make_golden import save

torch.set_num_threads(1)
MARGIN = 2e-5


def values(name, shape, offset=0.0, scale=1.0):
    """float32(offset + scale u), u[i] in [-1, 1) from hash(FNV-1a(name) + i 0x9E3779B9), as float64."""
    seed = 2166136261
    for byte in name.encode():
        seed = (seed ^ byte) * 16777619 & 0xFFFFFFFF
    x = (np.arange(int(np.prod(shape)), dtype=np.uint64) * 0x9E3779B9 + seed) & 0xFFFFFFFF
    x ^= x >> 16
    x = x * 0x7FEB352D & 0xFFFFFFFF
    x ^= x >> 15
    x = x * 0x846CA68B & 0xFFFFFFFF
    x ^= x >> 16
    u = (x >> 8).astype(np.float64) / 2 ** 23 - 1
    return torch.from_numpy((offset + scale * u).astype(np.float32).astype(np.float64).reshape(shape))


def filled(name, shape):
    """Offset and scale by name and shape: everything takes part from the start."""
    last = name.split(".")[-1]
    if last == "gamma":
        return 0.6, 0.2
    if last == "running_var":
        return 1.0, 0.3
    if len(shape) == 1:
        return (1.0, 0.3) if last == "weight" else (0.0, 0.3)
    if name.endswith("gain.weight"):
        return 1.0, 0.4
    if "embed" in name or "shared" in name or "class_query" in name or "norm" in name:
        return 0.0, 0.5
    return 0.0, round(1.7 / int(np.prod(shape[1:])) ** 0.5, 4)


def fill(module, salt):
    """Sets the whole state by the formula; returns name -> [shape, offset, scale]."""
    module.double()
    state = {}
    with torch.no_grad():
        for name, t in module.state_dict().items():
            if t.is_floating_point():
                state[name] = [list(t.shape), *filled(name, t.shape)]
                t.copy_(values(f"{salt}/{name}", t.shape, *state[name][1:]))
    return state


class File:
    def __init__(self):
        self.tensors, self.cases = {}, {}

    def add(self, case, build, inputs, labels=None, steps=("train",), config=None, brief=False):
        """inputs: name -> shape, or (shape, scale), all differentiated. The first salt whose inputs to kinks keep away from them. brief: of evaluation mode
        the output alone."""
        inputs = {k: s if isinstance(s, tuple) and isinstance(s[0], (tuple, list)) else (s, 1.7) for k, s in inputs.items()}
        for attempt in range(1000):
            salt = f"{case}/{attempt}"
            made, state = self.run(case, build(), salt, inputs, labels, steps, brief)
            if st.KINKS.nearest >= MARGIN:
                break
        else:
            raise RuntimeError(f"{case}: no draw keeps {MARGIN} from kinks")
        self.tensors.update(made)
        self.cases[case] = {"salt": salt, "config": config or {}, "steps": list(steps), "labels": labels, "state": state,
                            "inputs": {k: [list(s), scale] for k, (s, scale) in inputs.items()}}

    @staticmethod
    def run(case, module, salt, inputs, labels, steps, brief):
        state, t = fill(module, salt), {}
        st.KINKS.nearest = float("inf")
        y = None if labels is None else torch.tensor(labels)
        for i, mode in enumerate(steps):
            module.train(mode == "train")
            x = {k: values(f"{salt}/s{i}.{k}", s, 0, scale).requires_grad_() for k, (s, scale) in inputs.items()}
            out = module(*x.values(), y) if y is not None else module(*x.values())
            t[f"{case}/s{i}.out"] = out
            if brief and mode == "eval":
                continue
            g = values(f"{salt}/s{i}.cotangent", out.shape)
            wrt = {**dict(module.named_parameters()), **x}
            grads = torch.autograd.grad(out, list(wrt.values()), g, allow_unused=True)
            for (k, p), d in zip(wrt.items(), grads):
                t[f"{case}/s{i}.grad.{k}"] = torch.zeros_like(p) if d is None else d
            for k, v in module.state_dict().items():
                if k not in wrt and v.is_floating_point():
                    t[f"{case}/s{i}.state.{k}"] = v.clone()
        return t, state

    def save(self, name):
        save(name, self.tensors, {"cases": json.dumps(self.cases, separators=(",", ":")), "computed_in": "float64", "torch": torch.__version__})


# --------------------------------------------------------------------------------------------------------------------- modules

def make_modules():
    f = File()
    forms = {
        "full": {}, "pooled": {"kind": "pooled"}, "literal": {"kind": "literal"}, "multi-head_1": {"kind": "multi-head"},
        "multi-head_4": {"kind": "multi-head", "heads": 4}, "gaussian": {"similarity": "gaussian"}, "dot-product": {"similarity": "dot-product"},
        "concatenation": {"similarity": "concatenation"}, "top-k": {"top_k": 5}, "top-k_pooled": {"kind": "pooled", "top_k": 3},
        "scales": {"scales": (1, 2, 4)}, "scales_pooled": {"kind": "pooled", "scales": (2, 4)}, "channel": {"channel": True},
        "class_query": {"classes": 3}, "class_query_gaussian_channel": {"classes": 3, "similarity": "gaussian", "channel": True},
    }
    for name, o in forms.items():
        c = 32 if "channel" in name else 16
        labels = [2, 0] if o.get("classes") else None
        f.add(f"attention_{name}", lambda: st.SelfAttention(c, **o), {"in": (2, c, 4, 8)}, labels, config={"channels": c, **o})

    steps = ("train", "train", "eval")
    for name, shapes in {"table": {"in": (4, 5, 3, 2)}, "linear": {"in": (4, 5, 3, 2), "vector": (4, 3)}}.items():
        inner = (lambda: nn.Embedding(3, 5)) if name == "table" else (lambda: nn.Linear(3, 5, bias=False))
        f.add(f"cbn_{name}", lambda: Flat(st.ConditionalBatchNorm(5, inner(), inner())), shapes, [2, 0, 2, 1], steps)

    layers = {
        "linear": (lambda: nn.Linear(5, 7), (3, 5)), "conv2d": (lambda: nn.Conv2d(3, 5, 4, 2, 1), (2, 3, 4, 6)),
        "conv_transpose2d": (lambda: nn.ConvTranspose2d(3, 5, 4, 2, 1), (2, 3, 3, 2)), "embedding": (lambda: nn.Embedding(6, 4), None),
    }
    for name, (build, shape) in layers.items():
        f.add(f"official_{name}", lambda: st.official(build().double()), {} if shape is None else {"in": shape}, [5, 0, 5, 2] if shape is None else None,
              ("train", "train", "train", "eval"))
    f.save("sagan_modules.safetensors")


class Flat(st.ConditionalBatchNorm):
    """The same module with its inputs in the order (x, vector, labels)."""

    def __init__(self, norm):
        super().__init__(norm.running_mean.shape[0], norm.gain, norm.bias)

    def forward(self, x, *rest):
        return super().forward(x, rest[-1], rest[0] if len(rest) == 2 else None)


# -------------------------------------------------------------------------------------------------------------------- networks

BASE = {"size": 16, "conv_dim": 2, "z": 6, "g_attention": [16], "d_attention": [8]}
CLASSES = {"classes": 3}
CASES = {
    "resnet16": {"family": "resnet", "kind": "pooled"},
    "resnet24": {"family": "resnet", "kind": "literal", "size": 24, "g_attention": [12], "d_attention": [6]},
    "resnet32": {"family": "resnet", "kind": "pooled", "size": 32, "sn": "official", "g_attention": [16], "d_attention": [16, 8]},
    "resnet16_table": {"family": "resnet", "kind": "pooled", "sn": "official", "g_attention": [8], **CLASSES},
    "resnet16_linear": {"family": "resnet", "kind": "pooled", "cond": "linear", **CLASSES},
    "resnet16_shared": {"family": "resnet", "kind": "pooled", "cond": "linear", "shared": 4, "hierarchical": True, **CLASSES},
    "resnet16_class_query": {"family": "resnet", "kind": "pooled", "class_query": True, "in_place": True, **CLASSES},
    "resnet32_taki": {"family": "resnet", "kind": "pooled", "size": 32, "g_attention": [16], "d_attention": [8], "sn": "official", "reflect": True,
                      "slope": 0.2, "output_sn": False},
    "dcgan_conditional": {"family": "dcgan", "g_attention": [8], "d_attention": [8], **CLASSES},
    "dcgan_heykeetae": {"family": "dcgan", "sn": "heykeetae", "g_attention": [4], "d_attention": [4]},
    "upconv": {"family": "upconv", "sn": "none", "conv_dim": 4, "bn_eps": 0.8, "g_attention": [8], "d_attention": [4]},
    "upconv_conditional": {"family": "upconv", "conv_dim": 4, "bn_eps": 0.8, "g_attention": [16], "d_attention": [8], **CLASSES},
}


def make_networks():
    f = File()
    for name, own in CASES.items():
        o = {**BASE, **own}
        n = 2
        labels = [2, 0] if o.get("classes") else None
        steps = ("train", "eval") if name in ("resnet16_table", "upconv", "dcgan_heykeetae") else ("train",)
        g, d = NETWORKS[o["family"]]
        f.add(f"{name}/g", lambda: g(o), {"z": (n, o["z"])}, labels, steps, o, brief=True)
        f.add(f"{name}/d", lambda: d(o), {"image": ((n, 3, o["size"], o["size"]), 1.0)}, labels, steps, o, brief=True)
        print(name, f.cases[f"{name}/g"]["salt"], f.cases[f"{name}/d"]["salt"])
    f.save("sagan_networks.safetensors")


if __name__ == "__main__":
    make_modules()
    make_networks()
