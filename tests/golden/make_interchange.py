#!/usr/bin/env python3
"""Makes interchange.zip: files that PyTorch and numpy write, with what is in them. Needs torch and numpy (made with torch 1.13.1, numpy 1.24).

    python3 make_interchange.py              writes interchange.zip here
    python3 make_interchange.py --full DIR   writes heykeetae's generator in its own size (64x64, conv_dim 64) and images of it to DIR, for a check by hand

Entries:  pth/NAME.pth, pth/NAME.safetensors      a file of torch.save, and its tensors row by row (metadata: dtypes, and key, where one is needed)
          hk/..., sn/...                          networks: state dicts (.pth), noise and images (.safetensors)
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
        parallel()
        numpy_files()
        with zipfile.ZipFile(HERE / "interchange.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for name in sorted(entries):
                archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), entries[name], zipfile.ZIP_DEFLATED)
        print(f"interchange.zip: {len(entries)} entries, {(HERE / 'interchange.zip').stat().st_size} bytes")
