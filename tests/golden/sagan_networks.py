"""SAGAN's networks in PyTorch, written from descriptions of the reference systems: see sagan_torch.py and README.md."""
import torch
import torch.nn as nn
import torch.nn.functional as F

from sagan_torch import SPECTRAL, ConditionalBatchNorm, SelfAttention, leaky_relu, normed


class Nets:
    """Layers of one network with its options: spectral norm, conditioning, padding."""

    def __init__(self, o, normalized=True):
        self.o, self.attentions = o, 0
        self.sn = SPECTRAL[o.get("sn", "torch")] if normalized else (lambda m: m)

    def conv(self, i, o, k, normalize=True):
        mirror = k > 1 and self.o.get("reflect", False)
        c = nn.Conv2d(i, o, k, padding=0 if mirror else k // 2).double()
        c = self.sn(c) if normalize else c
        return nn.Sequential(nn.ReflectionPad2d(k // 2), c) if mirror else c

    def norm(self, c, width=0, eps=None):
        o = self.o
        eps = eps or o.get("bn_eps", 1e-5)
        if not o.get("classes"):
            return nn.BatchNorm2d(c, eps)
        if o.get("cond", "table") == "table":
            return ConditionalBatchNorm(c, nn.Embedding(o["classes"], c), nn.Embedding(o["classes"], c), eps)
        linear = lambda: self.sn(nn.Linear(width, c, bias=False).double())
        return ConditionalBatchNorm(c, linear(), linear(), eps)

    def attention(self, c):
        kind = self.o.get("kind", "full")
        # heykeetae's attention is not normalised, the official one is.
        wrap = (lambda m: m) if kind == "full" else self.sn
        block = SelfAttention(c, kind, **self.o.get("form", {}), classes=self.o["classes"] if self.o.get("class_query") else 0, wrap=wrap)
        self.attentions += 1
        return f"attn{self.attentions}", block


# ---------------------------------------------------------------------------------------------------------------------- ResNet

# Multiples of conv_dim: first layer of G, blocks of G; blocks of D, how many of them halve. 32 and up: StudioGAN's table; 16, 20, 24, 28: one block less.
WIDTHS = {2: (4, [4, 4], [2, 2, 2, 2], 2), 3: (4, [4, 4, 4], [2, 2, 2, 2], 2), 4: (16, [8, 4, 2, 1], [1, 2, 4, 8, 16], 4)}


def plan(o):
    size = o["size"]
    doublings = max(n for n in (2, 3, 4) if size >> n >= 4)
    first, g, d, downs = WIDTHS[doublings]
    w = o["conv_dim"]
    return size >> doublings, first * w, [m * w for m in g], [m * w for m in d], downs


class GBlock(nn.Module):
    """BN, act, up, conv3, BN, act, conv3; shortcut: up, conv1."""

    def __init__(self, i, o, make, width):
        super().__init__()
        self.norm1, self.conv1 = make.norm(i, width), make.conv(i, o, 3)
        self.norm2, self.conv2 = make.norm(o, width), make.conv(o, o, 3)
        self.conv0 = make.conv(i, o, 1)

    def forward(self, x, label, vector):
        up = lambda t: F.interpolate(t, scale_factor=2, mode="nearest")
        h = self.conv1(up(leaky_relu(normed(self.norm1, x, label, vector))))
        h = self.conv2(leaky_relu(normed(self.norm2, h, label, vector)))
        return h + self.conv0(up(x))


class ResNetGenerator(nn.Module):
    def __init__(self, o):
        super().__init__()
        make = Nets(o)
        self.o = o
        self.bottom, first, widths, _, _ = plan(o)
        pieces = len(widths) + 1 if o.get("hierarchical") else 1
        self.piece = o["z"] // pieces
        width = (o.get("shared") or o.get("classes", 0)) + (self.piece if pieces > 1 else 0)
        self.linear = make.sn(nn.Linear(self.piece, first * self.bottom ** 2).double())
        if o.get("shared"):
            self.shared = nn.Embedding(o["classes"], o["shared"])
        self.layers, c, size = [], first, self.bottom
        for i, w in enumerate(widths):
            self.add(f"block{i + 1}", GBlock(c, w, make, width))
            c, size = w, size * 2
            if size in o["g_attention"]:
                self.add(*make.attention(c))
        self.norm = nn.BatchNorm2d(c)
        self.last = make.conv(c, o.get("channels", 3), 3, normalize=o.get("output_sn", True))

    def add(self, name, module):
        setattr(self, name, module)
        self.layers.append(module)

    def forward(self, z, y=None):
        o = self.o
        pieces = z.split(self.piece, 1)
        h = self.linear(pieces[0]).view(z.shape[0], -1, self.bottom, self.bottom)
        vector = None
        if o.get("cond") == "linear":
            vector = self.shared(y) if o.get("shared") else F.one_hot(y, o["classes"]).double()
        k = 0
        for m in self.layers:
            if isinstance(m, GBlock):
                k += 1
                h = m(h, y, torch.cat([vector, pieces[k]], 1) if o.get("hierarchical") else vector)
            else:
                h = m(h, y)
        return torch.tanh(self.last(leaky_relu(self.norm(h))))


class DBlock(nn.Module):
    """[act,] conv3, act, conv3, [avgpool]; shortcut: conv1, [avgpool] (first block: avgpool, conv1), or nothing where neither size nor width change."""

    def __init__(self, i, o, down, first, make):
        super().__init__()
        self.down, self.first, self.slope, self.in_place = down, first, make.o.get("slope", 0.0), make.o.get("in_place", False)
        self.conv1, self.conv2 = make.conv(i, o, 3), make.conv(o, o, 3)
        self.conv0 = make.conv(i, o, 1) if down or i != o else None

    def forward(self, x):
        pool = (lambda t: F.avg_pool2d(t, 2)) if self.down else (lambda t: t)
        a = x if self.first else leaky_relu(x, self.slope)
        h = pool(self.conv2(leaky_relu(self.conv1(a), self.slope)))
        s = a if self.in_place else x
        if self.conv0 is None:
            return h + s
        return h + (self.conv0(pool(s)) if self.first else pool(self.conv0(s)))


class Scores(nn.Module):
    """w . phi + b + <embed[y], phi>."""

    def embedding(self, make, c):
        if self.o.get("classes"):
            self.embed = nn.Sequential(make.sn(nn.Embedding(self.o["classes"], c).double()))

    def projected(self, phi, y):
        return (self.embed[0](y) * phi).sum(1) if self.o.get("classes") else 0


class ResNetDiscriminator(Scores):
    def __init__(self, o):
        super().__init__()
        make = Nets(o)
        self.o, self.layers = o, []
        _, _, _, widths, downs = plan(o)
        c, size = o.get("channels", 3), o["size"]
        for i, w in enumerate(widths):
            down = i < downs
            self.add(f"block{i + 1}", DBlock(c, w, down, i == 0, make))
            c, size = w, size // 2 if down else size
            if down and size in o["d_attention"]:
                self.add(*make.attention(c))
        self.last = make.sn(nn.Linear(c, 1).double())
        self.embedding(make, c)

    add = ResNetGenerator.add

    def forward(self, x, y=None):
        for m in self.layers:
            x = m(x, y) if isinstance(m, SelfAttention) else m(x)
        phi = leaky_relu(x, self.o.get("slope", 0.0)).sum((2, 3))
        return self.last(phi)[:, 0] + self.projected(phi, y)


# --------------------------------------------------------------------------------------------------------------- DCGAN, upconv

class Stage(nn.Sequential):
    """conv, norm, activation: children 0 and 1."""

    def __init__(self, *modules, act=None):
        super().__init__(*modules)
        self.act = act or (lambda x: x)

    def forward(self, x, y=None):
        for m in self:
            x = normed(m, x, y)
        return self.act(x)


class DcganGenerator(nn.Module):
    """heykeetae's, of any size."""

    def __init__(self, o):
        super().__init__()
        make, self.layers = Nets(o), []
        c, side, width, i = o["z"], 4, o["conv_dim"] * o["size"] // 8, 1
        while side < o["size"]:
            conv = nn.ConvTranspose2d(c, width, 4, 1 if i == 1 else 2, 0 if i == 1 else 1)
            self.add(f"l{i}", Stage(make.sn(conv.double()), make.norm(width), act=leaky_relu))
            if side in o["g_attention"]:
                self.add(*make.attention(width))
            c, width, side, i = width, width // 2, side * 2, i + 1
        self.add("last", Stage(nn.ConvTranspose2d(c, 3, 4, 2, 1), act=torch.tanh))

    add = ResNetGenerator.add

    def forward(self, z, y=None):
        x = z[:, :, None, None]
        for m in self.layers:
            x = m(x, y)
        return x


class DcganDiscriminator(Scores):
    def __init__(self, o):
        super().__init__()
        make, self.layers, self.o = Nets(o), [], o
        c, side, width, i = 3, o["size"] // 2, o["conv_dim"], 1
        while side >= 4:
            self.add(f"l{i}", Stage(make.sn(nn.Conv2d(c, width, 4, 2, 1).double()), act=lambda x: leaky_relu(x, 0.1)))
            if side in o["d_attention"]:
                self.add(*make.attention(width))
            c, width, side, i = width, width * 2, side // 2, i + 1
        self.last = Stage(nn.Conv2d(c, 1, 4))
        self.embedding(make, c)

    add = ResNetGenerator.add

    def forward(self, x, y=None):
        for m in self.layers:
            x = m(x, y)
        return self.last(x).view(-1) + self.projected(x.sum((2, 3)), y)


class UpconvGenerator(nn.Module):
    """Linear, BN; up, conv3, BN, leaky 0.2, twice; conv3, tanh. The first BN has the usual epsilon, the others 0.8."""

    def __init__(self, o):
        super().__init__()
        make, self.layers, w = Nets(o), [], o["conv_dim"]
        self.side = o["size"] // 4
        self.linear = make.sn(nn.Linear(o["z"], 2 * w * self.side ** 2).double())
        self.norm0 = make.norm(2 * w, eps=1e-5)
        c, size = 2 * w, self.side
        for i, width in enumerate((2 * w, w)):
            size *= 2
            self.layers.append(lambda x, y: F.interpolate(x, scale_factor=2, mode="nearest"))
            self.add(f"conv{i + 1}", Stage(make.conv(c, width, 3), make.norm(width), act=lambda x: leaky_relu(x, 0.2)))
            if size in o["g_attention"]:
                self.add(*make.attention(width))
            c = width
        self.last = make.conv(c, 3, 3, normalize=False)

    add = ResNetGenerator.add

    def forward(self, z, y=None):
        h = normed(self.norm0, self.linear(z).view(z.shape[0], -1, self.side, self.side), y)
        for m in self.layers:
            h = m(h, y)
        return torch.tanh(self.last(h))


class LeakyFirst(nn.Module):
    """Leaky ReLU 0.2, then channel dropout, which the files were made without."""

    def forward(self, x):
        return leaky_relu(x, 0.2)


class UpconvDiscriminator(Scores):
    """Four times conv3 stride 2, leaky 0.2, dropout, BN (not in the first); linear."""

    def __init__(self, o):
        super().__init__()
        make, self.layers, self.o = Nets(o), [], o
        c, size = 3, o["size"]
        for i in range(4):
            width, size = o["conv_dim"] * 2 ** (i + 1) // 8, size // 2
            conv = make.sn(nn.Conv2d(c, width, 3, 2, 1).double())
            norms = [] if i == 0 else [nn.BatchNorm2d(width, o.get("bn_eps", 1e-5))]
            # Children 0 and 2: in between is what has no state.
            self.add(f"conv{i + 1}", Stage(conv, LeakyFirst(), *norms))
            if size in o["d_attention"]:
                self.add(*make.attention(width))
            c = width
        self.last = nn.Linear(c * size * size, 1)
        self.embedding(make, c)

    add = ResNetGenerator.add

    def forward(self, x, y=None):
        for m in self.layers:
            x = m(x, y)
        return self.last(x.flatten(1))[:, 0] + self.projected(x.sum((2, 3)), y)


NETWORKS = {"resnet": (ResNetGenerator, ResNetDiscriminator), "dcgan": (DcganGenerator, DcganDiscriminator), "upconv": (UpconvGenerator, UpconvDiscriminator)}
