#!/usr/bin/env python3
"""Makes sagan_growing.safetensors beside this script: networks that grow (Karras et al. 2018, section 2 and figure 2), at some stages, in PyTorch, in float64.
Written from the paper's figure: every feature map and every image of it is computed, and the stage picks. See README.md."""
import torch
import torch.nn as nn
import torch.nn.functional as F

import sagan_networks as nets
import sagan_torch as st
from make_sagan import BASE, CLASSES, File


def up(x, k=2):
    return F.interpolate(x, scale_factor=k, mode="nearest")


def sizes(o):
    r = o["grow_from"]
    while r < o["size"]:
        yield r
        r *= 2


class Generator(nn.Module):
    """Around a network of NETWORKS: layers(z, y) yields (size, map) after each of its feature maps; full(map) is the image of the last one."""

    def grow(self, o, head):
        self.o = o
        for r in sizes(o):
            setattr(self, f"to_rgb{r}", head(self.widths[r]))

    def rgb(self, r, maps, y):
        return self.full(maps, y) if r == self.o["size"] else torch.tanh(getattr(self, f"to_rgb{r}")(maps[r]))

    def forward(self, z, y=None):
        r, alpha = self.o["growth"]
        maps = self.maps(z, y, r)
        image = self.rgb(r, maps, y)
        if alpha < 1:
            image = (1 - alpha) * up(self.rgb(r // 2, maps, y)) + alpha * image
        return up(image, self.o["size"] // r)


class DcganGenerator(Generator, nets.DcganGenerator):
    def __init__(self, o):
        nets.DcganGenerator.__init__(self, o)
        self.widths = {4 << i: o["conv_dim"] * o["size"] // (8 << i) for i in range(6) if 4 << i < o["size"]}
        self.grow(o, lambda c: nn.Conv2d(c, 3, 1).double())

    def maps(self, z, y, r):
        x, maps, side = z[:, :, None, None], {}, 2
        for m in self.layers[:-1]:
            side *= 1 if isinstance(m, st.SelfAttention) else 2
            if side > r:
                break
            maps[side] = x = m(x, y)
        return maps

    def full(self, maps, y):
        return self.last(maps[self.o["size"] // 2], y)


class ResNetGenerator(Generator, nets.ResNetGenerator):
    def __init__(self, o):
        nets.ResNetGenerator.__init__(self, o)
        make = nets.Nets(o)
        bottom, _, widths, _, _ = nets.plan(o)
        self.widths = {bottom << (i + 1): w for i, w in enumerate(widths)}
        self.grow(o, lambda c: nn.Sequential(nn.BatchNorm2d(c), make.conv(c, 3, 1)))

    def rgb(self, r, maps, y):
        norm, conv = (self.norm, self.last) if r == self.o["size"] else getattr(self, f"to_rgb{r}")
        return torch.tanh(conv(st.leaky_relu(norm(maps[r]))))

    def maps(self, z, y, r):
        h, maps, side = self.linear(z).view(z.shape[0], -1, self.bottom, self.bottom), {}, self.bottom
        for m in self.layers:
            side *= 2 if isinstance(m, nets.GBlock) else 1
            if side > r:
                break
            maps[side] = h = m(h, y, None) if isinstance(m, nets.GBlock) else m(h, y)
        return maps


class Discriminator(nn.Module):
    def grow(self, o, head):
        for r in sizes(o):
            setattr(self, f"from_rgb{r}", head(self.widths[r]))

    def rgb(self, r, x):
        return self.act(getattr(self, f"from_rgb{r}")(x))

    def body(self, x, y):
        """The map after all layers, those of the larger sizes left out."""
        o = self.o
        r, alpha = o["growth"]
        x = F.avg_pool2d(x, o["size"] // r)
        h, old = (x if r == o["size"] else self.rgb(r, x)), None
        if alpha < 1:
            old = self.rgb(r // 2, F.avg_pool2d(x, 2))
        side = o["size"]
        for m in self.layers:
            attends = isinstance(m, st.SelfAttention)
            side //= 1 if attends or not self.halves(m) else 2
            # What is left out makes the map of size r, or a larger one.
            if (not attends and side >= r) or (attends and side > r):
                continue
            h = m(h, y) if not isinstance(m, nets.DBlock) else m(h)
            if not attends and old is not None and side == r // 2:
                h, old = (1 - alpha) * old + alpha * h, None
        return h

    def halves(self, m):
        return getattr(m, "down", True)


class DcganDiscriminator(Discriminator, nets.DcganDiscriminator):
    def __init__(self, o):
        nets.DcganDiscriminator.__init__(self, o)
        self.widths = {o["size"] >> i: o["conv_dim"] << (i - 1) for i in range(1, 6)}
        make = nets.Nets(o)
        self.grow(o, lambda c: make.conv(3, c, 1))

    def act(self, x):
        return st.leaky_relu(x, 0.1)

    def forward(self, x, y=None):
        h = self.body(x, y)
        return self.last(h).view(-1) + self.projected(h.sum((2, 3)), y)


class ResNetDiscriminator(Discriminator, nets.ResNetDiscriminator):
    def __init__(self, o):
        nets.ResNetDiscriminator.__init__(self, o)
        make = nets.Nets(o)
        _, _, _, widths, downs = nets.plan(o)
        self.widths = {o["size"] >> (i + 1): widths[i] for i in range(downs)}
        self.grow(o, lambda c: make.conv(3, c, 1))

    def act(self, x):
        return x

    def forward(self, x, y=None):
        phi = st.leaky_relu(self.body(x, y)).sum((2, 3))
        return self.last(phi)[:, 0] + self.projected(phi, y)


NETWORKS = {"dcgan": (DcganGenerator, DcganDiscriminator), "resnet": (ResNetGenerator, ResNetDiscriminator)}
DCGAN = {"family": "dcgan", "grow_from": 4, "g_attention": [4, 8], "d_attention": [4, 8]}
RESNET = {"family": "resnet", "kind": "pooled", "grow_from": 8, "g_attention": [8, 16], "d_attention": [8]}
CASES = {
    "dcgan_4": {**DCGAN, "growth": [4, 1]},
    "dcgan_8_fades": {**DCGAN, "growth": [8, 0.25]},
    "dcgan_16_fades": {**DCGAN, **CLASSES, "growth": [16, 0.625]},
    "resnet_8": {**RESNET, **CLASSES, "growth": [8, 1]},
    "resnet_16_fades": {**RESNET, "growth": [16, 0.375]},
}


def main():
    f = File()
    for name, own in CASES.items():
        o = {**BASE, **own}
        labels = [2, 0] if o.get("classes") else None
        g, d = NETWORKS[o["family"]]
        f.add(f"{name}/g", lambda: g(o), {"z": (2, o["z"])}, labels, config=o)
        f.add(f"{name}/d", lambda: d(o), {"image": ((2, 3, o["size"], o["size"]), 1.0)}, labels, config=o)
        print(name, f.cases[f"{name}/g"]["salt"], f.cases[f"{name}/d"]["salt"])
    f.save("sagan_growing.safetensors")


if __name__ == "__main__":
    main()
