"""SAGAN's modules in PyTorch, written from the papers and from descriptions of the reference systems, to hold the engine's to: see README.md.

State_dict names are the engine's; layouts are PyTorch's. What has a kink notes how near its inputs come to it (KINKS)."""
import torch
import torch.nn as nn
import torch.nn.functional as F

from make_golden import SpectralNormHk, spectral_norm_torch


class Kinks:
    """The smallest distance of an input to a kink, in units of the root mean square of its layer, where gradients are computed."""

    def __init__(self):
        self.nearest = float("inf")

    def meet(self, distance, x):
        if torch.is_grad_enabled():
            self.nearest = min(self.nearest, (distance.detach().abs().min() / x.detach().square().mean().sqrt()).item())


KINKS = Kinks()


def leaky_relu(x, slope=0.0):
    KINKS.meet(x, x)
    return F.leaky_relu(x, slope)


def max_pool(x, s):
    if s == 1:
        return x
    best = F.unfold(x, s, stride=s).view(x.shape[0], x.shape[1], s * s, -1).topk(2, 2).values
    KINKS.meet(best[:, :, 0] - best[:, :, 1], x)
    return F.max_pool2d(x, s)


# --------------------------------------------------------------------------------------------------------------- spectral norm

class Official:
    """The official TensorFlow code: w as [-1, last] in TensorFlow's layout (conv [kh, kw, in, out], deconv [kh, kw, out, in], dense [in, out], an embedding
    transposed, so classes last); v = l2n(u w^T), u' = l2n(v w), sigma = v w u'^T; no stop_gradient; u' is kept, except in a frozen pass ("NO_OPS")."""

    def __init__(self, module):
        w = module._parameters.pop("weight")
        module.register_parameter("weight_orig", w)
        module.register_buffer("weight_u", torch.randn(w.shape[0], dtype=torch.float64))
        module.frozen = False
        module.official = True
        module.register_forward_pre_hook(lambda m, _: self.compute(m))
        self.compute(module)

    @staticmethod
    def compute(m):
        w = m.weight_orig
        tf = w.permute(2, 3, 1, 0) if w.dim() == 4 else w.t()
        flat = tf.reshape(-1, tf.shape[-1])
        l2n = lambda x: x / (x.square().sum().sqrt() + 1e-12)
        u = m.weight_u.clone()[None]
        v = l2n(u @ flat.t())
        u = l2n(v @ flat)
        sigma = (v @ flat @ u.t()).squeeze()
        m.weight = w / sigma
        if not m.frozen:
            m.weight_u.copy_(u.detach()[0])


def official(module):
    Official(module)
    return module


SPECTRAL = {"torch": spectral_norm_torch, "heykeetae": SpectralNormHk, "official": official, "none": lambda m: m}


def freeze(net, frozen):
    """Extra passes: torch's and heykeetae's u and v stay; the official step is computed and forgotten."""
    for m in net.modules():
        if isinstance(m, SpectralNormHk) or hasattr(m, "official"):
            m.frozen = frozen
        elif hasattr(m, "weight_u"):
            m.train(not frozen)


# ------------------------------------------------------------------------------------------------------------------- attention

class ChannelAttention(nn.Module):
    """s = sigmoid(W2 relu(W1 mean_hw(x) + b1) + b2), y = s x."""

    def __init__(self, c):
        super().__init__()
        self.squeeze, self.excite = nn.Linear(c, max(1, c // 16)), nn.Linear(max(1, c // 16), c)

    def forward(self, x):
        s = torch.sigmoid(self.excite(leaky_relu(self.squeeze(x.mean((2, 3))))))
        return s[:, :, None, None] * x


class SelfAttention(nn.Module):
    """full (heykeetae): q, k C/8, v C, biases. pooled (official): q, k C/8, v C/2, keys and values max-pooled, conv C/2 -> C, no biases. literal (paper):
    q, k, v C/8, conv C/8 -> C. multi-head: q, k, v, o linear C -> C, scale 1 / sqrt(C / heads).
    E[i,j] = q_i . k_j, A = softmax_j(E), o_i = sum_j A[i,j] v_j."""

    def __init__(self, c, kind="full", heads=1, similarity="embedded-gaussian", top_k=0, scales=(), channel=False, classes=0, wrap=lambda m: m):
        super().__init__()
        dk = {"full": max(1, c // 8), "pooled": max(1, c // 8), "literal": max(1, c // 8), "multi-head": c}[kind]
        dv = {"full": c, "pooled": max(1, c // 2), "literal": max(1, c // 8), "multi-head": c}[kind]
        bias = kind in ("full", "multi-head")
        conv = lambda i, o: wrap(nn.Conv2d(i, o, 1, bias=bias).double())
        self.heads, self.similarity, self.top_k = heads, similarity, top_k
        self.scales = scales or ((2,) if kind == "pooled" else (1,))
        self.scale = (c // heads) ** -0.5 if kind == "multi-head" else 1.0
        self.channel = ChannelAttention(c) if channel else None
        self.query_conv = self.key_conv = None
        if similarity != "gaussian":
            self.query_conv, self.key_conv = conv(c, dk), conv(c, dk)
        self.value_conv = conv(c, dv)
        self.out_conv = conv(dv, c) if kind != "full" else None
        if similarity == "concatenation":
            self.query_weight, self.key_weight = nn.Parameter(torch.zeros(dk, 1)), nn.Parameter(torch.zeros(dk, 1))
        self.class_query = nn.Embedding(classes, c if similarity == "gaussian" else dk) if classes else None
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x, y=None):
        if self.channel is not None:
            x = self.channel(x)
        b, c, h, w = x.shape
        columns = lambda t: t.flatten(2)
        pooled = lambda t: torch.cat([columns(max_pool(t, s)) for s in self.scales], 2)
        q = columns(x if self.query_conv is None else self.query_conv(x))
        k = pooled(x if self.key_conv is None else self.key_conv(x))
        v = pooled(self.value_conv(x))
        if self.class_query is not None:
            q = q + self.class_query(y)[:, :, None]
        of_heads = lambda t: t.reshape(b, self.heads, -1, t.shape[-1])
        q, k, v = of_heads(q), of_heads(k), of_heads(v)
        e = self.scale * torch.einsum("bhdi,bhdj->bhij", q, k)
        if self.similarity == "dot-product":
            a = e / e.shape[-1]
        elif self.similarity == "concatenation":
            first, second = (torch.einsum("bhdi,d->bhi", t, p[:, 0]) for t, p in ((q, self.query_weight), (k, self.key_weight)))
            a = leaky_relu(first[..., :, None] + second[..., None, :]) / e.shape[-1]
        else:
            if 0 < self.top_k < e.shape[-1]:
                best = e.topk(self.top_k + 1).values
                KINKS.meet(best[..., -2] - best[..., -1], e)
                chosen = torch.zeros_like(e).scatter(-1, e.topk(self.top_k).indices, 1.0).bool()
                e = e.masked_fill(~chosen, float("-inf"))
            a = torch.softmax(e, -1)
        o = torch.einsum("bhij,bhdj->bhdi", a, v).reshape(b, -1, h, w)
        return x + self.gamma * (o if self.out_conv is None else self.out_conv(o))


# ------------------------------------------------------------------------------------------------------- batch norm, conditions

class ConditionalBatchNorm(nn.Module):
    """y = gain xh + bias. From tables gain[label], bias[label]; from a vector gain = 1 + L(vector), bias = L(vector), L without bias."""

    def __init__(self, c, gain, bias, eps=1e-5, momentum=0.1):
        super().__init__()
        self.gain, self.bias, self.eps, self.momentum = gain, bias, eps, momentum
        self.register_buffer("running_mean", torch.zeros(c))
        self.register_buffer("running_var", torch.ones(c))
        self.register_buffer("num_batches_tracked", torch.tensor(0))

    def forward(self, x, label, vector=None):
        if self.training:
            self.num_batches_tracked += 1
        xh = F.batch_norm(x, self.running_mean, self.running_var, None, None, self.training, self.momentum, self.eps)
        table = isinstance(self.gain, nn.Embedding)
        gain, bias = (self.gain(label), self.bias(label)) if table else (1 + self.gain(vector), self.bias(vector))
        return gain[:, :, None, None] * xh + bias[:, :, None, None]


def normed(norm, x, label, vector=None):
    return norm(x, label, vector) if isinstance(norm, ConditionalBatchNorm) else norm(x)
