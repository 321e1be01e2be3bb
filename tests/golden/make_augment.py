#!/usr/bin/env python3
"""Makes augment.safetensors beside this script with PyTorch: DiffAugment with given draws, and ADA's resampling and matrices.

    python3 make_augment.py

float64 throughout, from inputs exact in float32. Written from the papers' formulas; see README.md for names.
"""
import json
import math

import torch
import torch.nn.functional as F

from make_golden import exact32, save

rng = torch.Generator().manual_seed(20)
tensors, cases = {}, {}


def normal(*shape):
    return exact32(torch.randn(shape, generator=rng, dtype=torch.float64))


def uniform(low, high, *shape):
    return exact32(low + (high - low) * torch.rand(shape, generator=rng, dtype=torch.float64))


def integers(low, high, n):
    return torch.randint(low, high + 1, (n,), generator=rng)


def record(name, f, x, **given):
    """Output and gradient of f, with the given numbers beside."""
    x = x.clone().requires_grad_()
    y = f(x)
    g = normal(*y.shape)
    tensors.update({f"{name}/in": x, f"{name}/out": y, f"{name}/cotangent": g, f"{name}/grad": torch.autograd.grad(y, x, g)[0]})
    tensors.update({f"{name}/{k}": v for k, v in given.items()})


# ------------------------------------------------------------------------------------------------------------------ DiffAugment

def color(x, b, s, c):
    rgb, rest = (x[:, :3], x[:, 3:]) if x.shape[1] == 4 else (x, x[:, :0])
    b, s, c = (v.view(-1, 1, 1, 1) for v in (b, s, c))
    rgb = rgb + b
    m = rgb.mean(1, keepdim=True)
    rgb = (rgb - m) * s + m
    m = rgb.mean((1, 2, 3), keepdim=True)
    rgb = (rgb - m) * c + m
    return torch.cat([rgb, rest], 1)


def flip(x, yes):
    return torch.where(yes.bool().view(-1, 1, 1, 1), x.flip(3), x)


def translation(x, ty, tx):
    h, w = x.shape[2:]
    rows = []
    for i in range(len(x)):
        padded = F.pad(x[i], (w, w, h, h))
        rows.append(padded[:, h + ty[i]:2 * h + ty[i], w + tx[i]:2 * w + tx[i]])
    return torch.stack(rows)


def cutout(x, cy, cx):
    h, w = x.shape[2:]
    side_y, side_x = int(h * 0.5 + 0.5), int(w * 0.5 + 0.5)
    mask = torch.ones_like(x)
    for i in range(len(x)):
        top, left = int(cy[i]) - side_y // 2, int(cx[i]) - side_x // 2
        mask[i, :, max(top, 0):max(top + side_y, 0), max(left, 0):max(left + side_x, 0)] = 0
    return x * mask


def diff_augment(name, n, c, h, w, policies):
    shift_y, shift_x = int(h * 0.125 + 0.5), int(w * 0.125 + 0.5)
    yes = integers(0, 1, n)
    b, s, k = uniform(-0.5, 0.5, n), uniform(0, 2, n), uniform(0.5, 1.5, n)
    ty, tx = integers(-shift_y, shift_y, n), integers(-shift_x, shift_x, n)
    cy, cx = (integers(0, side - int(side * 0.5 + 0.5) % 2, n) for side in (h, w))

    def f(x):
        if "flip" in policies:
            x = flip(x, yes)
        if "color" in policies:
            x = color(x, b, s, k)
        if "translation" in policies:
            x = translation(x, ty, tx)
        if "cutout" in policies:
            x = cutout(x, cy, cx)
        return x

    cases[name] = {"policies": policies}
    record(name, f, uniform(-1, 1, n, c, h, w), numbers=torch.stack([b, s, k], 1), places=torch.stack([yes, ty, tx, cy, cx], 1).int())


diff_augment("color", 3, 3, 6, 5, "color")
diff_augment("color_grey", 2, 1, 5, 5, "color")
diff_augment("color_rgba", 2, 4, 5, 5, "color")
diff_augment("flip", 4, 3, 5, 6, "flip")
diff_augment("translation", 4, 3, 12, 9, "translation")
diff_augment("cutout", 4, 2, 8, 7, "cutout")
diff_augment("flip_translation", 4, 1, 12, 12, "flip,translation")
diff_augment("all", 4, 3, 10, 10, "color,translation,cutout")
diff_augment("all_and_flip_rgba", 4, 4, 7, 9, "flip,color,translation,cutout")

# -------------------------------------------------------------------------------------------------------------------------- ADA

def matrix2(*rows):
    return torch.tensor([list(r) for r in rows] + [[0, 0, 1]], dtype=torch.float64)


def scale2(x, y):
    return matrix2((x, 0, 0), (0, y, 0))


def shift2(x, y):
    return matrix2((1, 0, x), (0, 1, y))


def rotate2(a):
    return matrix2((math.cos(a), -math.sin(a), 0), (math.sin(a), math.cos(a), 0))


# The low-pass filter of the wavelet sym6, as PyWavelets has it (dec_lo).
SYM6 = torch.tensor([0.015404109327027373, 0.0034907120842174702, -0.11799011114819057, -0.048311742585633, 0.4910559419267466, 0.787641141030194,
                     0.3379294217276218, -0.07263752278646252, -0.021060292512300564, 0.04472490177066578, 0.0017677118642428036, -0.007800708325034148],
                    dtype=torch.float64)


def each(x, f):
    """f of every channel as an image of its own."""
    y = f(x.reshape(-1, 1, *x.shape[2:]))
    return y.reshape(*x.shape[:2], *y.shape[2:])


def reflected(x, times):
    """Reflected at its edges, this many more images on each side."""
    for axis in (2, 3):
        parts = [x.flip(axis) if k % 2 else x for k in range(-times, times + 1)]
        x = torch.cat(parts, axis)
    return x


def doubled(x):
    """Zeros between the pixels, then the filter in both directions; pixel i is at 2 i."""
    n, c, h, w = x.shape
    spread = torch.zeros(n, c, 2 * h, 2 * w, dtype=x.dtype)
    spread[:, :, ::2, ::2] = x
    kernel = torch.outer(SYM6, SYM6) * 2
    return each(F.pad(spread, (6, 5, 6, 5)), lambda t: F.conv2d(t, kernel.flip(0, 1)[None, None]))


def halved(z):
    """z begins 5 before its first pixel and ends 5 after its last."""
    return each(z, lambda t: F.conv2d(t, (torch.outer(SYM6, SYM6) / 2)[None, None], stride=2))


def resample(x, maps, times=4):
    """maps [N,2,3]: where an output pixel reads, in pixels from the centre."""
    h, w = x.shape[2:]
    full = torch.cat([maps, torch.tensor([[[0.0, 0, 1]]], dtype=torch.float64).expand(len(maps), 1, 3)], 1)
    u = doubled(reflected(x, times))
    # In pixels of the doubled image from its centre; there pixel i's place is half a pixel further than that of 2 i.
    full = shift2(-0.5, -0.5) @ scale2(2, 2) @ full @ scale2(0.5, 0.5) @ shift2(0.5, 0.5)
    # From indices of the result, whose first is -5, to their places; and from places in u to its indices.
    i, j = torch.meshgrid(torch.arange(2 * h + 10.0, dtype=torch.float64), torch.arange(2 * w + 10.0, dtype=torch.float64), indexing="ij")
    points = torch.stack([j - 5 - (2 * w - 1) / 2, i - 5 - (2 * h - 1) / 2, torch.ones_like(i)], -1)
    places = torch.einsum("nab,ijb->nija", full, points)[..., :2]
    size = torch.tensor([u.shape[3], u.shape[2]], dtype=torch.float64)
    assert (places.abs() < size / 2 - 8).all(), "more reflections are needed"
    return halved(F.grid_sample(u, 2 * places / size, mode="bilinear", align_corners=False))


maps = exact32(torch.eye(2, 3, dtype=torch.float64) + 0.6 * torch.randn((5, 2, 3), generator=rng, dtype=torch.float64))
maps[:, :, 2] *= 8
maps[0], maps[1, :, :2] = torch.eye(2, 3, dtype=torch.float64), 4 * maps[1, :, :2]
record("resample", lambda x: resample(x, maps, 12), uniform(-1, 1, 5, 3, 7, 10), maps=maps)


def matrix3(linear, offset=(0, 0, 0)):
    m = torch.eye(4, dtype=torch.float64)
    m[:3, :3], m[:3, 3] = linear, torch.tensor(offset, dtype=torch.float64)
    return m


def plain(x, maps):
    """Without filters: for what moves whole pixels only."""
    h, w = x.shape[2:]
    full = torch.cat([maps, torch.tensor([[[0.0, 0, 1]]], dtype=torch.float64).expand(len(maps), 1, 3)], 1)
    theta = scale2(2 / w, 2 / h) @ full @ scale2(w / 2, h / 2)
    grid = F.affine_grid(theta[:, :2], list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def ada(t, h, w):
    """Geometry as the inverse, the first transformation leftmost; colour with the last one leftmost."""
    mirror, turns, sx, sy, scale, before, stretch, after, fx, fy, brightness, contrast, luma, hue, saturation = t.tolist()
    g = scale2(1 - 2 * mirror, 1) @ rotate2(math.pi / 2 * turns) @ torch.inverse(shift2(round(sx * w), round(sy * h)))
    g = g @ torch.inverse(scale2(scale, scale)) @ rotate2(before) @ torch.inverse(scale2(stretch, 1 / stretch)) @ rotate2(after)
    g = g @ torch.inverse(shift2(fx * w, fy * h))
    eye, v = torch.eye(3, dtype=torch.float64), torch.full((3,), 3 ** -0.5, dtype=torch.float64)
    vv = torch.outer(v, v)
    cross = torch.tensor([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], dtype=torch.float64) * 3 ** -0.5
    c = matrix3(eye, (brightness,) * 3)
    c = matrix3(contrast * eye) @ c
    c = matrix3(eye - 2 * luma * vv) @ c
    c = matrix3(math.cos(hue) * eye + math.sin(hue) * cross + (1 - math.cos(hue)) * vv) @ c
    c = matrix3(vv + (eye - vv) * saturation) @ c
    return g[:2], c


def ada_transforms(n):
    half = lambda: integers(0, 1, n).double()
    power = lambda d: exact32(2 ** (d * normal(n)))
    turn = lambda: uniform(-math.pi, math.pi, n)
    shift = lambda: uniform(-0.125, 0.125, n)
    gauss = lambda d: exact32(d * normal(n))
    return torch.stack([half(), integers(0, 3, n).double(), shift(), shift(), power(0.2), turn(), power(0.2), turn(), gauss(0.125), gauss(0.125),
                        gauss(0.2), power(0.5), half(), turn(), power(1)], 1)


def recolor(x, c):
    """RGB by the matrix, alpha as it is; grey by the mean of the matrix's rows."""
    if x.shape[1] == 1:
        m = c[:, :3].mean(1)
        return x * m[:, :3].sum(1).view(-1, 1, 1, 1) + m[:, 3].view(-1, 1, 1, 1)
    rgb = torch.einsum("nij,njhw->nihw", c[:, :3, :3], x[:, :3]) + c[:, :3, 3].view(-1, 3, 1, 1)
    return torch.cat([rgb, x[:, 3:]], 1)


for name, channels, h, w in (("ada", 3, 10, 10), ("ada_rgba", 4, 5, 9), ("ada_grey", 1, 6, 6)):
    t = ada_transforms(4)
    if channels == 1:
        t[:, 12] = 0  # Grey has no luma to mirror.
    else:
        t[3, 4:10] = torch.tensor([1, 0, 1, 0, 0, 0])  # Moves whole pixels only.
        t[3, 1] = 2
    g, c = (torch.stack(m) for m in zip(*(ada(row, h, w) for row in t)))
    exact = (t[:, 4:10] == torch.tensor([1.0, 0, 1, 0, 0, 0])).all(1)

    def f(x):
        return recolor(torch.where(exact[:, None, None, None], plain(x, g), resample(x, g)), c)
    record(name, f, uniform(-1, 1, 4, channels, h, w), transforms=t, geometry=g, color=c)

save("augment.safetensors", tensors, {"cases": json.dumps(cases, sort_keys=True)})
