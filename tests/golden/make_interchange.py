#!/usr/bin/env python3
"""Makes interchange.zip: files that PyTorch and numpy write, with what is in them. Needs torch and numpy (made with torch 1.13.1, numpy 1.24).

    python3 make_interchange.py              writes interchange.zip here
    python3 make_interchange.py --full DIR   writes heykeetae's generator in its own size (64x64, conv_dim 64) and images of it to DIR, for a check by hand

Entries:  pth/NAME.pth, pth/NAME.safetensors      a file of torch.save, and its tensors row by row (metadata: dtypes, and key, where one is needed)
          hk/..., sn/..., big/..., studio/...     networks: state dicts (.pth), noise, classes and images (.safetensors)
          npy/NAME.npy, npy/NAME.safetensors, npz/NAME.npz, npz/NAME.safetensors    the same for numpy
"""
import io
import json
import struct
import sys
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

HERE = Path(__file__).resolve().parent
DTYPES = {torch.bool: "BOOL", torch.uint8: "U8", torch.float16: "F16", torch.bfloat16: "BF16", torch.int32: "I32", torch.float32: "F32", torch.float64: "F64",
          torch.int64: "I64"}
NUMPY = {"bool": "BOOL", "uint8": "U8", "int8": "I32", "float16": "F16", "int32": "I32", "float32": "F32", "float64": "F64", "int64": "I64"}
entries = {}
torch.set_num_threads(1)


def safetensors(arrays, metadata):
    """Everything as F64, which holds every value that is used here exactly, or as F32 where it is that."""
    header, data = {"__metadata__": metadata}, b""
    for k in sorted(arrays, key=lambda k: (arrays[k].dtype != np.float64, k)):
        a = np.ascontiguousarray(arrays[k]).reshape(arrays[k].shape)
        header[k] = {"dtype": "F64" if a.dtype == np.float64 else "F32", "shape": list(a.shape), "data_offsets": [len(data), len(data) + a.nbytes]}
        data += a.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def saved(value, old=False):
    f = io.BytesIO()
    torch.save(value, f, _use_new_zipfile_serialization=not old)
    return f.getvalue()


def pth(name, value, tensors, key=None, old=False):
    """value is saved; tensors is what a reader must find."""
    metadata = {"dtypes": json.dumps({k: DTYPES[t.dtype] for k, t in tensors.items()}), **({} if key is None else {"key": key})}
    entries[f"pth/{name}.pth"] = saved(value, old)
    entries[f"pth/{name}.safetensors"] = safetensors({k: t.detach().double().numpy() for k, t in tensors.items()}, metadata)


# ---- containers -------------------------------------------------------------------------------------------------------------

class OldTensor:
    """Pickles as tensors did before PyTorch 0.4: without requires_grad and hooks."""

    def __init__(self, tensor):
        self.tensor = tensor

    def __reduce__(self):
        t = self.tensor
        return torch._utils._rebuild_tensor, (t.storage(), t.storage_offset(), tuple(t.size()), t.stride())


def every_kind():
    base = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4) / 8 - 1
    d = OrderedDict()
    d["f32"], d["f64"], d["f16"], d["bf16"] = base.clone(), base.double() * 3, base.half(), base.bfloat16()
    d["i64"], d["i32"], d["u8"], d["bool"] = (torch.tensor([-2 ** 40, 5, 2 ** 52]), torch.tensor([[-7, 2 ** 31 - 1]], dtype=torch.int32),
                                              torch.arange(250, 256, dtype=torch.uint8), torch.tensor([True, False, True]))
    d["scalar"], d["count"], d["empty"] = torch.tensor(2.5), torch.tensor(12), torch.zeros(0, 4)
    # Views of one storage: its transpose, every second column, a part of it; a channels-last convolution weight; a parameter.
    d["transposed"], d["strided"], d["part"], d["shared"] = base.permute(2, 0, 1), base[:, :, 1::2], base[1], base
    d["channels_last"] = torch.arange(24.).reshape(2, 3, 2, 2).to(memory_format=torch.channels_last)
    d["parameter"] = nn.Parameter(torch.tensor([0.25, -0.5]))
    d["name with spaces, ünïcode"] = torch.ones(1)
    d._metadata = OrderedDict(version=1)
    return d


def containers():
    d = every_kind()
    assert not d["transposed"].is_contiguous() and not d["strided"].is_contiguous() and d["part"].storage_offset() == 12
    pth("zip", d, d)
    pth("stream", d, d, old=True)
    parts = {k: v for k, v in d.items() if k in ("f32", "count", "part")}
    pth("plain_dict", dict(parts), parts)
    pth("before_0.4", OrderedDict((k, OldTensor(v)) for k, v in parts.items()), parts, old=True)
    model = nn.Linear(3, 2)
    with torch.no_grad():
        model.weight.copy_(torch.arange(6.).reshape(2, 3))
        model.bias.copy_(torch.tensor([1., 2.]))
    adam = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 3)).sum().backward()
    adam.step()
    for old in (False, True):
        checkpoint = {"state_dict": model.state_dict(), "optimizer": adam.state_dict(), "epoch": 3, "best": 0.5, "name": "run", "none": None}
        pth("nested" + "_stream" * old, checkpoint, model.state_dict(), old=old)
    pth("several", {"models": {"g": model.state_dict(), "d": {"w": torch.ones(2)}}}, model.state_dict(), key="models.g")
    entries["pth/refused_tensor.pth"] = saved(torch.ones(2))
    entries["pth/refused_module.pth"] = saved(model)
    entries["pth/refused_module_stream.pth"] = saved(model, old=True)
    entries["pth/refused_expanded.pth"] = saved({"w": torch.zeros(1).expand(1 << 20)})
    entries["pth/refused_global.pth"] = saved({"w": torch.ones(1), "lr": np.float64(0.5)})
    script = io.BytesIO()
    torch.jit.save(torch.jit.script(model), script)
    entries["pth/refused_script.pth"] = script.getvalue()


# ---- heykeetae's networks, from the description of their layers ---------------------------------------------------------------------

def l2n(v, eps=1e-12):
    return v / (v.norm() + eps)


class SpectralNorm(nn.Module):
    """u, v and the weight are parameters of the wrapped layer; one power step in every forward, evaluation included."""

    def __init__(self, module):
        super().__init__()
        self.module, self.step = module, True
        w = module._parameters.pop("weight")
        module.weight_u = nn.Parameter(l2n(torch.randn(w.shape[0])), requires_grad=False)
        module.weight_v = nn.Parameter(l2n(torch.randn(w.numel() // w.shape[0])), requires_grad=False)
        module.weight_bar = nn.Parameter(w.data)

    def forward(self, *x):
        m = self.module
        w = m.weight_bar.reshape(m.weight_bar.shape[0], -1)
        if self.step:
            m.weight_v.data = l2n(w.t().mv(m.weight_u)).data
            m.weight_u.data = l2n(w.mv(m.weight_v)).data
        m.weight = m.weight_bar / m.weight_u.dot(w.mv(m.weight_v))
        return m(*x)


class Attention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.query_conv = nn.Conv2d(channels, channels // 8, 1)
        self.key_conv = nn.Conv2d(channels, channels // 8, 1)
        self.value_conv = nn.Conv2d(channels, channels, 1)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        b, c, h, w = x.shape
        q, k, v = self.query_conv(x).view(b, -1, h * w), self.key_conv(x).view(b, -1, h * w), self.value_conv(x).view(b, -1, h * w)
        a = F.softmax(torch.bmm(q.permute(0, 2, 1), k), -1)
        return self.gamma * torch.bmm(v, a.permute(0, 2, 1)).view(b, c, h, w) + x


class Generator(nn.Module):
    """64x64; layer 4 is made first, as in the original, which shows in the order of the state dict."""

    def __init__(self, dim, z, norm=SpectralNorm):
        super().__init__()
        up = lambda a, b, s, p: nn.Sequential(norm(nn.ConvTranspose2d(a, b, 4, s, p)), nn.BatchNorm2d(b), nn.ReLU())
        self.l4 = up(2 * dim, dim, 2, 1)
        self.l1, self.l2, self.l3 = up(z, 8 * dim, 1, 0), up(8 * dim, 4 * dim, 2, 1), up(4 * dim, 2 * dim, 2, 1)
        self.last = nn.Sequential(nn.ConvTranspose2d(dim, 3, 4, 2, 1), nn.Tanh())
        self.attn1, self.attn2 = Attention(2 * dim), Attention(dim)

    def forward(self, z):
        x = self.l3(self.l2(self.l1(z[:, :, None, None])))
        return self.last(self.attn2(self.l4(self.attn1(x))))


class Discriminator(nn.Module):
    def __init__(self, dim):
        super().__init__()
        down = lambda a, b: nn.Sequential(SpectralNorm(nn.Conv2d(a, b, 4, 2, 1)), nn.LeakyReLU(0.1))
        self.l4 = down(4 * dim, 8 * dim)
        self.l1, self.l2, self.l3 = down(3, dim), down(dim, 2 * dim), down(2 * dim, 4 * dim)
        self.last = nn.Sequential(nn.Conv2d(8 * dim, 1, 4))
        self.attn1, self.attn2 = Attention(4 * dim), Attention(8 * dim)

    def forward(self, x):
        return self.last(self.attn2(self.l4(self.attn1(self.l3(self.l2(self.l1(x))))))).reshape(-1)


def lived(network, inputs):
    """Weights as after some training: gammas are not 0, images have contrast, running statistics and singular vectors have moved. Then rounded to 8 bits of
    mantissa, so that the files pack well."""
    with torch.no_grad():
        for name, p in network.named_parameters():
            if name.endswith("gamma"):
                p.fill_(0.75)
            elif name == "last.0.weight":
                p.mul_(6)
            elif ".1." in name:
                p.add_(0.25 * torch.randn(p.shape))
        network.train()
        for _ in range(5):
            network(inputs())
        for t in network.state_dict().values():
            if t.is_floating_point():
                t.copy_(t.bfloat16().float())
    return network.eval()


def with_step(network, step):
    for m in network.modules():
        if isinstance(m, SpectralNorm):
            m.step = step


def heykeetae(dim, z_dim):
    """State dicts, noise and images: `frozen` with the singular vectors of the file, `stepped` as the original does it, one power step in each forward."""
    torch.manual_seed(3)
    g = lived(Generator(dim, z_dim), lambda: torch.randn(16, z_dim))
    d = lived(Discriminator(dim), lambda: torch.tanh(torch.randn(16, 3, 64, 64)))
    state = {n: OrderedDict((k, v.clone()) for k, v in m.state_dict().items()) for n, m in (("g", g), ("d", d))}
    numbers = {"z": torch.randn(2, z_dim)}
    with torch.no_grad():
        for name, step in (("frozen", False), ("stepped", True)):
            for m in (g, d):
                with_step(m, step)
            images = g(numbers["z"])
            numbers[name] = images
            numbers[f"scores_{name}"] = d(numbers["frozen"])
    return state["g"], state["d"], {k: v.numpy() for k, v in numbers.items()}


def hk():
    g, d, numbers = heykeetae(8, 16)
    assert list(g)[:9] == ["l4.0.module." + k for k in ("bias", "weight_u", "weight_v", "weight_bar")] + [
        "l4.1." + k for k in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")] and len(g) == 52 and len(d) == 32
    entries["hk/g.pth"], entries["hk/d.pth"] = saved(g), saved(d, old=True)
    # One image whole, both at every fourth pixel.
    small = {k: (v[:, :, ::4, ::4] if k in ("frozen", "stepped") else v) for k, v in numbers.items()}
    entries["hk/images.safetensors"] = safetensors({**small, "whole": numbers["stepped"][:1]}, {})


# ---- torch's own spectral norm -------------------------------------------------------------------------------------------------------

class SmallGenerator(nn.Module):
    """16x16: what Generator is, with two layers."""

    def __init__(self, norm, dim=8, z=8):
        super().__init__()
        self.l1 = nn.Sequential(norm(nn.ConvTranspose2d(z, 2 * dim, 4, 1, 0)), nn.BatchNorm2d(2 * dim), nn.ReLU())
        self.l2 = nn.Sequential(norm(nn.ConvTranspose2d(2 * dim, dim, 4, 2, 1)), nn.BatchNorm2d(dim), nn.ReLU())
        self.last = nn.Sequential(nn.ConvTranspose2d(dim, 3, 4, 2, 1), nn.Tanh())
        self.attn1 = Attention(dim)

    def forward(self, z):
        return self.last(self.attn1(self.l2(self.l1(z[:, :, None, None]))))


def sn():
    from torch.nn.utils import parametrizations
    for name, norm in (("hook", nn.utils.spectral_norm), ("parametrized", parametrizations.spectral_norm), ("none", lambda m: m)):
        torch.manual_seed(5)
        g = lived(SmallGenerator(norm), lambda: torch.randn(16, 8))
        z = torch.randn(2, 8)
        with torch.no_grad():
            images = g(z)
        state = g.state_dict()
        entries[f"sn/{name}.pth"] = saved(state)
        entries[f"sn/{name}.safetensors"] = safetensors({"z": z.numpy(), "images": images.numpy()}, {})
        if name == "hook":
            # As PyTorch before 1.0 wrote it: the divided weight too, and no v. What v would have been: l2n(W^T u).
            old = OrderedDict((k, v) for k, v in state.items() if not k.endswith("weight_v"))
            for layer in ("l1.0", "l2.0"):
                w, u = state[f"{layer}.weight_orig"], state[f"{layer}.weight_u"]
                m = w.transpose(0, 1).reshape(w.shape[1], -1)
                v = F.normalize(m.t().mv(u), dim=0)
                old[f"{layer}.weight"] = w / u.dot(m.mv(v))
                state[f"{layer}.weight_v"] = v
            g.load_state_dict(state)
            with torch.no_grad():
                images = g(z)
            entries["sn/without_v.pth"] = saved(old)
            entries["sn/without_v.safetensors"] = safetensors({"z": z.numpy(), "images": images.numpy()}, {})


def before_1_0():
    """As PyTorch 0.4 left it after a training step: the divided weight and u, no v, no version. PyTorch's own loader says what it means."""
    torch.manual_seed(8)
    g = lived(SmallGenerator(nn.utils.spectral_norm), lambda: torch.randn(16, 8))
    z = torch.randn(2, 8)
    g.train()
    with torch.no_grad():
        # Far from the fixed point of the power iteration, where it matters which v it is.
        for layer in (g.l1[0], g.l2[0]):
            layer.weight_u.copy_(F.normalize(layer.weight_u + 0.3 * torch.randn(layer.weight_u.shape), dim=0))
        g(torch.randn(16, 8))
    old = OrderedDict((k, v.clone()) for k, v in g.state_dict().items() if not k.endswith("weight_v"))
    old["l1.0.weight"], old["l2.0.weight"] = g.l1[0].weight.detach().clone(), g.l2[0].weight.detach().clone()
    entries["sn/before_1.0.pth"] = saved(OrderedDict(old), old=True)
    fresh = SmallGenerator(nn.utils.spectral_norm)
    fresh.load_state_dict(OrderedDict(old))
    fresh.eval()
    with torch.no_grad():
        images = fresh(z)
    entries["sn/before_1.0.safetensors"] = safetensors({"z": z.numpy(), "images": images.numpy(), **{
        f"{l}.{k}": v.numpy() for l in ("l1.0", "l2.0") for k, v in (("weight_v", fresh.state_dict()[l + ".weight_v"]),)}}, {})


def wrapped():
    """One generator, saved as torch.compile in DataParallel, and as Lightning with a discriminator and an average beside it, save it."""
    torch.manual_seed(5)
    g = lived(SmallGenerator(nn.utils.spectral_norm), lambda: torch.randn(16, 8)).state_dict()
    entries["sn/compiled.pth"] = saved(OrderedDict(("module._orig_mod." + k, v) for k, v in g.items()))
    other = {"discriminator.l1.0.weight": torch.ones(2, 3, 4, 4), "discriminator.last.0.weight": torch.ones(1, 2, 4, 4), "loss.weight": torch.ones(1)}
    lightning = {"epoch": 3, "state_dict": OrderedDict([("generator." + k, v) for k, v in g.items()] + list(other.items())),
                 "callbacks": {"ModelCheckpoint": {"best_model_score": torch.tensor(0.5)}}, "hyper_parameters": {"lr": 1e-4}}
    entries["sn/lightning.pth"] = saved(lightning)
    entries["sn/two.pth"] = saved({"generator": g, "ema_model": OrderedDict(("module." + k, v) for k, v in g.items()), "step": 7})


# ---- BigGAN-PyTorch's generator, from the description of its layers --------------------------------------------------------------------

class PowerNormed(nn.Module):
    """A linear layer or convolution whose weight is divided by |W v|, v = l2n(W^T u0); u0 is a row, and moves in training only."""

    def __init__(self, weight, bias=True, padding=0):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(weight) / (weight[1] * 3) ** 0.5)
        if bias:
            self.bias = nn.Parameter(0.1 * torch.randn(weight[0]))
        self.padding, self.biased = padding, bias
        self.register_buffer("u0", torch.randn(1, weight[0]))
        self.register_buffer("sv0", torch.ones(1))

    def forward(self, x):
        w = self.weight.reshape(self.weight.shape[0], -1)
        v = F.normalize(self.u0 @ w, eps=1e-8)
        u = F.normalize(v @ w.t(), eps=1e-8)
        if self.training:
            self.u0.copy_(u)
        w, bias = self.weight / (v @ w.t() @ u.t()).squeeze(), self.bias if self.biased else None
        return F.linear(x, w, bias) if w.dim() == 2 else F.conv2d(x, w, bias, padding=self.padding)


class StoredNorm(nn.Module):
    """Batch normalisation with gains and biases of its own, of a vector, or of a table of classes, both as differences from 1 and 0."""

    def __init__(self, channels, vector=None, classes=None):
        super().__init__()
        self.own = vector is None and classes is None
        if self.own:
            self.gain, self.bias = nn.Parameter(1 + 0.2 * torch.randn(channels)), nn.Parameter(0.2 * torch.randn(channels))
        elif vector is not None:
            self.gain, self.bias = PowerNormed((channels, vector), False), PowerNormed((channels, vector), False)
        else:
            self.gain, self.bias = nn.Embedding(classes, channels), nn.Embedding(classes, channels)
        self.register_buffer("stored_mean", torch.zeros(channels))
        self.register_buffer("stored_var", torch.ones(channels))

    def forward(self, x, y=None):
        if self.own:
            return F.batch_norm(x, self.stored_mean, self.stored_var, self.gain, self.bias, self.training, 0.1, 1e-5)
        h = F.batch_norm(x, self.stored_mean, self.stored_var, None, None, self.training, 0.1, 1e-5)
        return h * (1 + self.gain(y))[:, :, None, None] + self.bias(y)[:, :, None, None]


class BigBlock(nn.Module):
    def __init__(self, inputs, outputs, norm):
        super().__init__()
        self.conv1, self.conv2 = PowerNormed((outputs, inputs, 3, 3), padding=1), PowerNormed((outputs, outputs, 3, 3), padding=1)
        self.conv_sc = PowerNormed((outputs, inputs, 1, 1))
        self.bn1, self.bn2 = norm(inputs), norm(outputs)

    def forward(self, x, y):
        up = lambda t: F.interpolate(t, scale_factor=2)
        h = self.conv1(up(F.relu(self.bn1(x, y))))
        return self.conv2(F.relu(self.bn2(h, y))) + self.conv_sc(up(x))


def pooled_attention(x, query, key, value, output, gamma):
    n, c, h, w = x.shape
    q, k, v = query(x).reshape(n, -1, h * w), F.max_pool2d(key(x), 2).reshape(n, -1, h * w // 4), F.max_pool2d(value(x), 2).reshape(n, -1, h * w // 4)
    a = F.softmax(q.transpose(1, 2) @ k, -1)
    return gamma * output((v @ a.transpose(1, 2)).reshape(n, -1, h, w)) + x


class BigAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        conv = lambda a, b: PowerNormed((b, a, 1, 1), False)
        self.theta, self.phi, self.g, self.o = conv(c, c // 8), conv(c, c // 8), conv(c, c // 2), conv(c // 2, c)
        self.gamma = nn.Parameter(torch.tensor(0.75))

    def forward(self, x, y):
        return pooled_attention(x, self.theta, self.phi, self.g, self.o, self.gamma)


class BigGenerator(nn.Module):
    def __init__(self, widths, attention, classes, z, shared=0, hierarchical=False):
        super().__init__()
        self.pieces = len(widths) if hierarchical else 1
        piece = z // self.pieces
        if shared:
            self.shared = nn.Embedding(classes, shared)
        vector = shared + (piece if hierarchical else 0)
        norm = lambda c: StoredNorm(c, vector=vector) if shared else StoredNorm(c, classes=classes)
        self.linear = PowerNormed((16 * widths[0], piece))
        self.blocks = nn.ModuleList(nn.ModuleList([BigBlock(a, b, norm)] + [BigAttention(b)] * (8 << i == attention))
                                    for i, (a, b) in enumerate(zip(widths, widths[1:])))
        self.output_layer = nn.Sequential(StoredNorm(widths[-1]), nn.ReLU(), PowerNormed((3, widths[-1], 3, 3), padding=1))

    def forward(self, z, classes):
        y = self.shared(classes) if hasattr(self, "shared") else classes
        zs = z.chunk(self.pieces, 1)
        h = self.linear(zs[0])
        h = h.view(h.shape[0], -1, 4, 4)
        for i, blocks in enumerate(self.blocks):
            for block in blocks:
                h = block(h, torch.cat([y, zs[i + 1]], 1) if self.pieces > 1 else y)
        return torch.tanh(self.output_layer(h))


# ---- StudioGAN's generators, likewise -----------------------------------------------------------------------------------------------------

class StudioNorm(nn.Module):
    def __init__(self, channels, norm, vector=0, classes=0):
        super().__init__()
        self.bn = nn.BatchNorm2d(channels, eps=1e-4, affine=False)
        if vector:
            self.gain, self.bias = norm(nn.Linear(vector, channels, bias=False)), norm(nn.Linear(vector, channels, bias=False))
        else:
            self.embed0, self.embed1 = norm(nn.Embedding(classes, channels)), norm(nn.Embedding(classes, channels))

    def forward(self, x, y):
        g, b = (self.gain(y), self.bias(y)) if hasattr(self, "gain") else (self.embed0(y), self.embed1(y))
        return self.bn(x) * (1 + g)[:, :, None, None] + b[:, :, None, None]


class StudioBlock(nn.Module):
    def __init__(self, inputs, outputs, norm, bn):
        super().__init__()
        self.bn1, self.bn2 = bn(inputs), bn(outputs)
        self.conv2d0, self.conv2d1 = norm(nn.Conv2d(inputs, outputs, 1)), norm(nn.Conv2d(inputs, outputs, 3, padding=1))
        self.conv2d2 = norm(nn.Conv2d(outputs, outputs, 3, padding=1))

    def forward(self, x, y):
        up = lambda t: F.interpolate(t, scale_factor=2)
        call = lambda m, t: m(t) if y is None else m(t, y)
        h = self.conv2d1(up(F.relu(call(self.bn1, x))))
        return self.conv2d2(F.relu(call(self.bn2, h))) + self.conv2d0(up(x))


class StudioAttention(nn.Module):
    def __init__(self, c, norm):
        super().__init__()
        conv = lambda a, b: norm(nn.Conv2d(a, b, 1, bias=False))
        self.conv1x1_theta, self.conv1x1_phi, self.conv1x1_g, self.conv1x1_attn = conv(c, c // 8), conv(c, c // 8), conv(c, c // 2), conv(c // 2, c)
        self.sigma = nn.Parameter(torch.full((1,), 0.75))

    def forward(self, x):
        return pooled_attention(x, self.conv1x1_theta, self.conv1x1_phi, self.conv1x1_g, self.conv1x1_attn, self.sigma)


class StudioGenerator(nn.Module):
    """form: none (no classes), one_hot, tables, or shared (big_resnet: class vectors and pieces of z)."""

    def __init__(self, widths, attention, classes, z, form, normalized=True, shared=6):
        super().__init__()
        norm = (lambda m: nn.utils.spectral_norm(m, eps=1e-6)) if normalized else (lambda m: m)
        self.form, self.classes, self.pieces = form, classes, len(widths) if form == "shared" else 1
        piece = z // self.pieces
        bn = {"none": lambda c: nn.BatchNorm2d(c, eps=1e-4), "one_hot": lambda c: StudioNorm(c, norm, vector=classes),
              "tables": lambda c: StudioNorm(c, norm, classes=classes), "shared": lambda c: StudioNorm(c, norm, vector=shared + piece)}[form]
        self.linear0 = norm(nn.Linear(piece, 16 * widths[0]))
        if form == "shared":
            self.shared = nn.Embedding(classes, shared)
        blocks = []
        for i, (a, b) in enumerate(zip(widths, widths[1:])):
            blocks += [[StudioBlock(a, b, norm, bn)]] + [[StudioAttention(b, norm)]] * (8 << i == attention)
        self.blocks = nn.ModuleList(nn.ModuleList(b) for b in blocks)
        self.bn4, self.conv2d5 = nn.BatchNorm2d(widths[-1], eps=1e-4), norm(nn.Conv2d(widths[-1], 3, 3, padding=1))

    def forward(self, z, classes):
        zs = z.chunk(self.pieces, 1)
        h = self.linear0(zs[0])
        h, i = h.view(h.shape[0], -1, 4, 4), 0
        for blocks in self.blocks:
            for block in blocks:
                if isinstance(block, StudioAttention):
                    h = block(h)
                    continue
                i += 1
                y = {"none": lambda: None, "one_hot": lambda: F.one_hot(classes, self.classes).float(), "tables": lambda: classes,
                     "shared": lambda: torch.cat([self.shared(classes), zs[i]], 1)}[self.form]()
                h = block(h, y)
        return torch.tanh(self.conv2d5(F.relu(self.bn4(h))))


def residual(folder, name, network, classes, z, every, rename=lambda k: k):
    draw = lambda n: (torch.randn(n, z), torch.arange(n) % classes)
    with torch.no_grad():
        for k, p in network.named_parameters():
            if k.startswith("output_layer.0") or k.startswith("bn4"):
                p.mul_(3)
        network.train()
        for _ in range(5):
            network(*draw(16))
        for t in network.state_dict().values():
            if t.is_floating_point():
                t.copy_(t.bfloat16().float())
        network.eval()
        noise, labels = draw(3)
        images = network(noise, labels)
    entries[f"{folder}/{name}.pth"] = saved(OrderedDict((rename(k), v) for k, v in network.state_dict().items()))
    entries[f"{folder}/{name}.safetensors"] = safetensors({"z": noise.numpy(), "images": images[:, :, ::every, ::every].numpy()}, {"every": str(every)})


def residuals():
    torch.manual_seed(11)
    small = [8, 8, 8, 8]
    residual("big", "hierarchical", BigGenerator([16, 16, 8, 4, 2, 1], 8, 5, 12, shared=6, hierarchical=True), 5, 12, 8)
    # Statistics as the synchronised batch normalisation calls them.
    sync = lambda k: k.replace("stored_mean", "bn.running_mean").replace("stored_var", "bn.running_var")
    residual("big", "shared", BigGenerator(small, 16, 4, 8, shared=6), 4, 8, 4, sync)
    residual("big", "tables", BigGenerator(small, 16, 3, 8), 3, 8, 4)
    residual("big", "wide64", BigGenerator([16, 16, 8, 4, 2], 8, 3, 8), 3, 8, 16)
    residual("studio", "one_hot", StudioGenerator(small, 16, 4, 8, "one_hot"), 4, 8, 4)
    residual("studio", "tables", StudioGenerator(small, 16, 5, 8, "tables"), 5, 8, 4)
    residual("studio", "plain", StudioGenerator([16, 8, 4, 2, 1], 8, 1, 8, "none", normalized=False), 1, 8, 8)
    residual("studio", "shared", StudioGenerator(small, 8, 3, 16, "shared"), 3, 16, 4)


def parallel():
    """heykeetae's form as DataParallel of PyTorch before 0.4.1 writes it, in half precision."""
    torch.manual_seed(6)
    g = lived(SmallGenerator(SpectralNorm), lambda: torch.randn(16, 8))
    for t in g.state_dict().values():
        if t.is_floating_point():
            t.copy_(t.half().float())
    with_step(g, False)
    z = torch.randn(2, 8)
    with torch.no_grad():
        images = g(z)
    entries["hk/parallel.pth"] = saved(OrderedDict(("module." + k, v.half()) for k, v in g.state_dict().items() if "num_batches" not in k), old=True)
    entries["hk/parallel.safetensors"] = safetensors({"z": z.numpy(), "frozen": images.numpy()}, {})


# ---- numpy ---------------------------------------------------------------------------------------------------------------------------

def numpy_files():
    a = np.arange(24, dtype=np.float32).reshape(2, 3, 4) / 8 - 1
    arrays = {"f4": a, "f8": a.astype(np.float64), "f2": a.astype(np.float16), "i4": np.array([-7, 2 ** 31 - 1], np.int32),
              "i8": np.array([[-2 ** 40]], np.int64), "u1": np.arange(250, 256, dtype=np.uint8), "i1": np.array([-128, 127], np.int8),
              "b1": np.array([True, False]), "scalar": np.array(2.5),
              "empty": np.zeros((0, 4), np.float32), "fortran": np.asfortranarray(a), "big_endian": a.astype(">f4"), "big_endian_int": np.array([258], ">i4")}
    number = lambda a: np.array(a, dtype=np.float64, order="C")
    about = lambda d: {"dtypes": json.dumps({k: NUMPY[v.dtype.newbyteorder("=").name] for k, v in d.items()})}

    def write(array, version=None):
        f = io.BytesIO()
        np.lib.format.write_array(f, array, version=version)
        return f.getvalue()

    for name, array in arrays.items():
        entries[f"npy/{name}.npy"] = write(array)
        entries[f"npy/{name}.safetensors"] = safetensors({name: number(array)}, about({name: array}))
    for version in ((2, 0), (3, 0)):
        name = f"version{version[0]}"
        entries[f"npy/{name}.npy"] = write(a, version)
        entries[f"npy/{name}.safetensors"] = safetensors({name: number(a)}, about({name: a}))
    entries["npy/refused_object.npy"] = write(np.array([{}, None], dtype=object))
    entries["npy/refused_record.npy"] = write(np.zeros(2, dtype=[("x", "<f4"), ("y", "<i4")]))
    entries["npy/refused_complex.npy"] = write(np.zeros(2, np.complex64))
    for name, save in (("stored", np.savez), ("deflated", np.savez_compressed)):
        f = io.BytesIO()
        save(f, **arrays, **{"folder/inner": a})
        entries[f"npz/{name}.npz"] = f.getvalue()
        entries[f"npz/{name}.safetensors"] = safetensors({k: number(v) for k, v in {**arrays, "folder/inner": a}.items()}, about({**arrays, "folder/inner": a}))


if __name__ == "__main__":
    if "--full" in sys.argv:
        folder = Path(sys.argv[sys.argv.index("--full") + 1])
        g, d, numbers = heykeetae(64, 128)
        (folder / "g.pth").write_bytes(saved(g))
        (folder / "d.pth").write_bytes(saved(d))
        (folder / "images.safetensors").write_bytes(safetensors(numbers, {}))
    else:
        containers()
        hk()
        sn()
        before_1_0()
        wrapped()
        residuals()
        parallel()
        numpy_files()
        with zipfile.ZipFile(HERE / "interchange.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for name in sorted(entries):
                archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), entries[name], zipfile.ZIP_DEFLATED)
        print(f"interchange.zip: {len(entries)} entries, {(HERE / 'interchange.zip').stat().st_size} bytes")
