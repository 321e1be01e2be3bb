#!/usr/bin/python3
"""Times one SAGAN training step (a discriminator and a generator update) in PyTorch on the CPU, and prints one JSON object.

The same networks and the same work as `sagan bench step --preset sagan64`: fakes for the discriminator are made without a graph, real and fake
images are scored in one pass, and the generator's step computes no gradients of the discriminator's weights.

    python3 pytorch_step.py --batch 16 --steps 8
"""
import argparse
import json
import statistics
import time

import torch
from torch import nn
from torch.nn.utils import spectral_norm


class Attention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.query = nn.Conv2d(channels, channels // 8, 1)
        self.key = nn.Conv2d(channels, channels // 8, 1)
        self.value = nn.Conv2d(channels, channels, 1)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        q, k, v = (conv(x).flatten(2) for conv in (self.query, self.key, self.value))
        weights = torch.softmax(q.transpose(1, 2) @ k, dim=-1)
        return self.gamma * (v @ weights.transpose(1, 2)).view_as(x) + x


def widths(size, conv_dim, cap):
    resolutions = [4 << i for i in range(size.bit_length() - 3)]
    return [(r, min(conv_dim * (size // 2 // r), cap)) for r in resolutions]


def generator(size, attention, z_dim=128, conv_dim=64, cap=512):
    layers, inputs = [], z_dim
    for i, (resolution, width) in enumerate(widths(size, conv_dim, cap)):
        up = nn.ConvTranspose2d(inputs, width, 4) if i == 0 else nn.ConvTranspose2d(inputs, width, 4, 2, 1)
        layers += [spectral_norm(up), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
        if resolution in attention:
            layers.append(Attention(width))
        inputs = width
    return nn.Sequential(*layers, nn.ConvTranspose2d(inputs, 3, 4, 2, 1), nn.Tanh())


def discriminator(size, attention, conv_dim=64, cap=512):
    layers, inputs = [], 3
    for resolution, width in reversed(widths(size, conv_dim, cap)):
        layers += [spectral_norm(nn.Conv2d(inputs, width, 4, 2, 1)), nn.LeakyReLU(0.1, inplace=True)]
        if resolution in attention:
            layers.append(Attention(width))
        inputs = width
    return nn.Sequential(*layers, nn.Conv2d(inputs, 1, 4), nn.Flatten(0))


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--batch", type=int, default=16)
    a.add_argument("--size", type=int, default=64)
    a.add_argument("--loss", choices=["hinge", "wgan-gp"], default="hinge")
    a.add_argument("--g-attention", default=None)
    a.add_argument("--d-attention", default=None)
    a.add_argument("--steps", type=int, default=8)
    a.add_argument("--warm-up", type=int, default=2)
    a.add_argument("--threads", type=int, default=2)
    a = a.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(0)
    torch.set_flush_denormal(True)

    def sizes(text, default):
        return default if text is None else [int(t) for t in text.split(",") if t]

    g = generator(a.size, sizes(a.g_attention, [a.size // 4, a.size // 2]))
    d = discriminator(a.size, sizes(a.d_attention, [8, 4] if a.size == 64 else [a.size // 2]))
    g_adam = torch.optim.Adam(g.parameters(), 1e-4, (0.0, 0.9))
    d_adam = torch.optim.Adam(d.parameters(), 4e-4, (0.0, 0.9))
    real = torch.rand(a.batch, 3, a.size, a.size) * 2 - 1

    def noise():
        return torch.randn(a.batch, 128, 1, 1)

    def d_step():
        for p in d.parameters():
            p.requires_grad_(True)
        d_adam.zero_grad(set_to_none=True)
        with torch.no_grad():
            fake = g(noise())
        r, f = d(torch.cat([real, fake])).split(a.batch)
        if a.loss == "hinge":
            loss = torch.relu(1 - r).mean() + torch.relu(1 + f).mean()
        else:
            alpha = torch.rand(a.batch, 1, 1, 1)
            between = (alpha * real + (1 - alpha) * fake).requires_grad_()
            slope, = torch.autograd.grad(d(between).sum(), between, create_graph=True)
            loss = f.mean() - r.mean() + 10 * ((slope.flatten(1).norm(dim=1) - 1) ** 2).mean()
        loss.backward()
        d_adam.step()

    def g_step():
        for p in d.parameters():
            p.requires_grad_(False)
        g_adam.zero_grad(set_to_none=True)
        (-d(g(noise())).mean()).backward()
        g_adam.step()

    times = []
    for i in range(a.warm_up + a.steps):
        start = time.perf_counter()
        d_step()
        g_step()
        if i >= a.warm_up:
            times.append(time.perf_counter() - start)
    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))
    median = statistics.median(times)
    print(json.dumps({"peer": f"torch {torch.__version__}", "batch": a.batch, "size": a.size, "loss": a.loss, "threads": a.threads, "step_s": median,
                      "step_min_s": min(times), "images_per_s": a.batch / median, "peak_rss_mb": peak}))


if __name__ == "__main__":
    main()
