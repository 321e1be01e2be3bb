#!/usr/bin/env python3
"""Makes trajectory_*_separate.safetensors beside this script: the training steps of make_golden.py with heykeetae's passes: D on the real images, D on the
fakes, one backward pass; then, for WGAN-GP, D on points between. Every forward moves u and v, by assignment to .data, so that the backward pass of an
earlier forward meets the newer vectors, with its own sigma: that is what autograd's saved variables then refer to. See README.md."""
import json
import sys

import torch

import make_golden as mg
from make_golden import BATCH, SIZE, CONV_DIM, Z, G_ATTENTION, D_ATTENTION, FAST, PLAIN

RUNS = {
    "hinge_hk_separate": dict(loss="hinge", steps=10, g_sn="hk", d_sn="hk", **FAST),
    "hinge_torch_separate": dict(loss="hinge", steps=5, g_sn="torch", d_sn="torch", **FAST),
    # With FAST's epsilon PyTorch's own float32 run ends 3e-3 away in a key bias, whose gradient is 0 but for rounding; with this one 2e-5. In the fourth step the
    # penalty would be 5, and that run's 3e-4 away.
    "wgan_gp_two_step_hk_separate": dict(loss="wgan_gp_two_step", steps=3, g_sn="hk", d_sn="hk", **PLAIN),
}


class OverwritingSpectralNorm(mg.SpectralNormHk):
    def forward(self, x):
        m = self.module
        w = m.weight_bar.flatten(1)
        m.weight_v.data = mg.l2n(w.data.t() @ m.weight_u.data)
        m.weight_u.data = mg.l2n(w.data @ m.weight_v.data)
        m.weight = m.weight_bar / (m.weight_u @ (w @ m.weight_v))
        return m(x)


class Training(mg.Training):
    def step(self, drawn):
        g, d = self.g, self.d
        g.train()
        d.train()
        real = ((drawn["images"].double() - 128) / 128).to(self.dtype)
        z_d, z_g, alpha = (drawn[k].to(self.dtype) for k in ("z_d", "z_g", "alpha"))
        real_scores = d(real)
        with torch.no_grad():
            fake = g(z_d)
        fake_scores = d(fake)
        if self.loss == "hinge":
            self.meet(torch.cat([1 - real_scores, 1 + fake_scores]))
            d_loss = torch.relu(1 - real_scores).mean() + torch.relu(1 + fake_scores).mean()
        else:
            d_loss = fake_scores.mean() - real_scores.mean()
        self.od.zero_grad()
        d_loss.backward()
        self.od.step()
        gp = torch.tensor(float("nan"))
        if self.loss != "hinge":
            between = (alpha[:, None, None, None] * real + (1 - alpha[:, None, None, None]) * fake).requires_grad_()
            gp = mg.gradient_penalty(d(between), between)
            self.od.zero_grad()
            (10 * gp).backward()
            self.od.step()
        mg.no_grad_for(d, True)
        g_scores = d(g(z_g))
        g_loss = -g_scores.mean()
        self.og.zero_grad()
        g_loss.backward()
        self.og.step()
        mg.no_grad_for(d, False)
        values = (d_loss, g_loss, gp, real_scores, fake_scores, g_scores)
        return {k: v.detach().double() for k, v in zip(("d_loss", "g_loss", "gp", "scores_real", "scores_fake", "scores_g"), values)}


mg.norm_of = lambda kind: {"torch": mg.spectral_norm_torch, "hk": OverwritingSpectralNorm, "none": lambda m: m}[kind]
mg.Training = Training

if __name__ == "__main__":
    for name, run in RUNS.items():
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        batch = mg.choose(run)
        states, log = mg.train(**run, batch=batch)
        tensors = {**batch, **{f"final/{k}": v for k, v in states[-1].items()}}
        if run["loss"] == "hinge":
            log.pop("gp")
        tensors.update({f"log/{k}": v for k, v in log.items()})
        nets = dict(size=SIZE, conv_dim=CONV_DIM, z=Z, batch=BATCH, g_attention=G_ATTENTION, d_attention=D_ATTENTION)
        config = json.dumps(dict(run, betas=(0.0, 0.9), gp_weight=10, **nets))
        mg.save(f"trajectory_{name}.safetensors", tensors,
                {"config": config, "images": "bytes b; x = (b - 128) / 128", "computed_in": "float64", "torch": torch.__version__})
        print(f"{name}: d {log['d_loss'][0]:.3f} -> {log['d_loss'][-1]:.3f}, g {log['g_loss'][0]:.3f} -> {log['g_loss'][-1]:.3f}")
