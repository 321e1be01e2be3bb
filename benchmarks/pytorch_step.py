#!/usr/bin/python3
"""Times one SAGAN training step (a discriminator and a generator update) in PyTorch, on the CPU or a GPU, and prints one JSON object.

The same networks and the same work as `sagan bench step --preset sagan64`: fakes for the discriminator are made without a graph, real and fake
images are scored in one pass (--passes 2 needs less memory, and is faster with attention over 64x64 maps), and the generator's step computes no
gradients of the discriminator's weights. --inference times the generator alone, as `sagan bench generator`.

    python3 pytorch_step.py --batch 16 --steps 8 [--tuned] [--device cuda --precision tf32]

--tuned adds what somebody who knows PyTorch well can do in user code: channels last; transposed convolutions as oneDNN's gradient of a
convolution (on the CPU; cuDNN does so by itself); attention as bmm(weights, values), whose backward pass copies no N x N matrix; in inference no spectral
normalisation; on a GPU the fused Adam.
"""
import argparse
import json
import statistics
import time

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import remove_spectral_norm, spectral_norm

import pytorch_device
import pytorch_facts


class GradientOfConvolution(torch.autograd.Function):
    """A transposed convolution is the gradient of a convolution with respect to its input."""

    @staticmethod
    def forward(ctx, x, weight, stride, padding):
        ctx.save_for_backward(x, weight)
        ctx.geometry = stride, padding
        side = (x.shape[2] - 1) * stride[0] - 2 * padding[0] + weight.shape[2]
        return nn.grad.conv2d_input((x.shape[0], weight.shape[1], side, side), weight, x, stride, padding)

    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        dx = F.conv2d(g, weight, None, *ctx.geometry) if ctx.needs_input_grad[0] else None
        dw = nn.grad.conv2d_weight(g, weight.shape, x, *ctx.geometry) if ctx.needs_input_grad[1] else None
        return dx, dw, None, None


class TunedConvTranspose2d(nn.ConvTranspose2d):
    def forward(self, x):
        return GradientOfConvolution.apply(x, self.weight, self.stride, self.padding) + self.bias.view(-1, 1, 1)


class Attention(nn.Module):
    def __init__(self, channels, gamma):
        super().__init__()
        self.query = nn.Conv2d(channels, channels // 8, 1)
        self.key = nn.Conv2d(channels, channels // 8, 1)
        self.value = nn.Conv2d(channels, channels, 1)
        self.gamma = nn.Parameter(torch.full((1,), gamma))

    def forward(self, x):
        q, k, v = (conv(x).flatten(2) for conv in (self.query, self.key, self.value))
        weights = torch.softmax(q.transpose(1, 2) @ k, dim=-1)
        return self.gamma * (v @ weights.transpose(1, 2)).view_as(x) + x


class TunedAttention(Attention):
    def forward(self, x):
        n, c, h, w = x.shape
        # Channels last, so that pixels are rows and nothing is copied.
        q, k, v = (conv(x).permute(0, 2, 3, 1).reshape(n, h * w, -1) for conv in (self.query, self.key, self.value))
        weights = torch.softmax(torch.bmm(q, k.transpose(1, 2)), dim=-1)
        return self.gamma * torch.bmm(weights, v).view(n, h, w, c).permute(0, 3, 1, 2) + x


def widths(size, conv_dim, cap):
    resolutions = [4 << i for i in range(size.bit_length() - 3)]
    return [(r, min(conv_dim * (size // 2 // r), cap)) for r in resolutions]


def generator(size, attention, gamma, tuned, z_dim=128, conv_dim=64, cap=512):
    layers, inputs = [], z_dim
    block = TunedAttention if tuned else Attention
    transposed = TunedConvTranspose2d if tuned and not pytorch_device.on_gpu() else nn.ConvTranspose2d
    for i, (resolution, width) in enumerate(widths(size, conv_dim, cap)):
        up = transposed(inputs, width, 4) if i == 0 else transposed(inputs, width, 4, 2, 1)
        layers += [spectral_norm(up), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
        if resolution in attention:
            layers.append(block(width, gamma))
        inputs = width
    return nn.Sequential(*layers, transposed(inputs, 3, 4, 2, 1), nn.Tanh())


def discriminator(size, attention, gamma, tuned, conv_dim=64, cap=512):
    layers, inputs = [], 3
    for resolution, width in reversed(widths(size, conv_dim, cap)):
        layers += [spectral_norm(nn.Conv2d(inputs, width, 4, 2, 1)), nn.LeakyReLU(0.1, inplace=True)]
        if resolution in attention:
            layers.append((TunedAttention if tuned else Attention)(width, gamma))
        inputs = width
    return nn.Sequential(*layers, nn.Conv2d(inputs, 1, 4), nn.Flatten(0))


class Training:
    """Both networks, their optimisers and one batch of images."""

    def __init__(self, a, attention):
        self.batch, self.hinge, self.passes = a.batch, a.loss == "hinge", a.passes
        self.autocast = lambda: pytorch_device.autocast(a)
        self.g = generator(a.size, attention[0], a.gamma, a.tuned).to(a.device)
        self.d = discriminator(a.size, attention[1], a.gamma, a.tuned).to(a.device)
        self.real = pytorch_device.rand(a.batch, 3, a.size, a.size) * 2 - 1
        if a.tuned:
            self.g, self.d, self.real = (t.to(memory_format=torch.channels_last) for t in (self.g, self.d, self.real))
        fused = {"fused": True} if a.tuned and pytorch_device.on_gpu() else {}
        self.g_adam = torch.optim.Adam(self.g.parameters(), 1e-4, (0.0, 0.9), **fused)
        self.d_adam = torch.optim.Adam(self.d.parameters(), 4e-4, (0.0, 0.9), **fused)

    def noise(self):
        return pytorch_device.randn(self.batch, 128, 1, 1)

    def step(self):
        return self.d_step(), self.g_step()

    def d_step(self):
        self.d.requires_grad_(True)
        self.d_adam.zero_grad(set_to_none=True)
        with self.autocast():
            loss = self.d_loss()
        loss.backward()
        self.d_adam.step()
        return loss.item()

    def d_loss(self):
        with torch.no_grad():
            fake = self.g(self.noise())
        r, f = self.d(torch.cat([self.real, fake])).split(self.batch) if self.passes == 1 else (self.d(self.real), self.d(fake))
        if self.hinge:
            return torch.relu(1 - r).mean() + torch.relu(1 + f).mean()
        alpha = pytorch_device.rand(self.batch, 1, 1, 1)
        between = (alpha * self.real + (1 - alpha) * fake).requires_grad_()
        slope, = torch.autograd.grad(self.d(between).sum(), between, create_graph=True)
        return f.mean() - r.mean() + 10 * ((slope.flatten(1).norm(dim=1) - 1) ** 2).mean()

    def g_step(self):
        self.d.requires_grad_(False)
        self.g_adam.zero_grad(set_to_none=True)
        with self.autocast():
            loss = -self.d(self.g(self.noise())).mean()
        loss.backward()
        self.g_adam.step()
        return loss.item()


class Inference:
    """The generator with running statistics."""

    def __init__(self, a, attention):
        self.batch = a.batch
        self.autocast = lambda: pytorch_device.autocast(a)
        self.g = generator(a.size, attention[0], a.gamma, a.tuned).to(a.device).eval()
        if a.tuned:
            for layer in self.g:
                if isinstance(layer, nn.ConvTranspose2d) and hasattr(layer, "weight_orig"):
                    remove_spectral_norm(layer)
            self.g = self.g.to(memory_format=torch.channels_last)

    def step(self):
        with torch.inference_mode(), self.autocast():
            self.g(pytorch_device.randn(self.batch, 128, 1, 1))


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--batch", type=int, default=16)
    a.add_argument("--size", type=int, default=64)
    a.add_argument("--loss", choices=["hinge", "wgan-gp"], default="hinge")
    a.add_argument("--g-attention", default=None)
    a.add_argument("--d-attention", default=None)
    a.add_argument("--gamma", type=float, default=0.0, help="first value of the attention blocks' gamma")
    a.add_argument("--steps", type=int, default=8)
    a.add_argument("--warm-up", type=int, default=2)
    a.add_argument("--threads", type=int, default=2)
    a.add_argument("--passes", type=int, choices=[1, 2], default=1, help="real and fake images through D together, or one after the other: the fewer bytes at once")
    a.add_argument("--tuned", action="store_true")
    a.add_argument("--inference", action="store_true")
    pytorch_device.add_arguments(a)
    a = a.parse_args()
    pytorch_device.choose(a)
    torch.set_num_threads(a.threads)
    torch.manual_seed(0)
    torch.set_flush_denormal(True)

    def sizes(text, default):
        return default if text is None else [int(t) for t in text.split(",") if t]

    attention = sizes(a.g_attention, [a.size // 4, a.size // 2]), sizes(a.d_attention, [8, 4] if a.size == 64 else [a.size // 2])
    work = (Inference if a.inference else Training)(a, attention)
    times, losses, ends = [], [], []
    for _ in range(a.warm_up + a.steps):
        start = time.perf_counter()
        losses.append(work.step())
        pytorch_device.wait()
        times.append(time.perf_counter() - start)
        ends.append(pytorch_facts.age())
    peak = pytorch_facts.memory_mb("VmHWM")
    median = statistics.median(times[a.warm_up:])
    full = next(i for i, t in enumerate(times) if t <= 1.05 * median)
    print(json.dumps({
        "peer": pytorch_facts.facts(), **pytorch_device.facts(a), "tuned": a.tuned, "batch": a.batch, "size": a.size, "loss": a.loss, "step_s": median, "step_min_s": min(times[a.warm_up:]),
        "images_per_s": a.batch / median, "peak_rss_mb": peak, "first_step_s": ends[0], "full_speed_s": ends[full], "losses": losses[:3],
    }))


if __name__ == "__main__":
    main()
