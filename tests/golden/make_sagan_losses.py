#!/usr/bin/env python3
"""Makes sagan_losses.safetensors beside this script: losses by scores; penalties and regularisers by the weights of small networks: see README.md."""
import json

import torch
import torch.nn as nn
import torch.nn.functional as F

import sagan_torch as st
from make_golden import save
from make_sagan import BASE, CASES, MARGIN, fill, values
from sagan_networks import NETWORKS, ResNetDiscriminator


def softplus(x):
    return torch.logaddexp(x, torch.zeros_like(x))


def log_sigmoid(x):
    """log p, not below -100."""
    return torch.clamp(-softplus(-x), min=-100)


# kind -> (D on real, D on fake, G), each a function of scores.
LOSSES = {
    "hinge": (lambda s: torch.relu(1 - s), lambda s: torch.relu(1 + s), lambda s: -s),
    "wgan-gp": (lambda s: -s, lambda s: s, lambda s: -s),
    "wgan-gp-two-step": (lambda s: -s, lambda s: s, lambda s: -s),
    "wgan-lp": (lambda s: -s, lambda s: s, lambda s: -s),
    "dragan": (lambda s: softplus(-s), softplus, lambda s: softplus(-s)),
    "non-saturating": (lambda s: softplus(-s), softplus, lambda s: softplus(-s)),
    "bce": (lambda s: -log_sigmoid(s), lambda s: -log_sigmoid(-s), lambda s: -log_sigmoid(s)),
    "least-squares": (lambda s: (s - 1) ** 2, lambda s: s ** 2, lambda s: (s - 1) ** 2),
    "kl": (lambda s: softplus(-s), softplus, lambda s: -s),
}
SCORES = {"moderate": ([0.3, -0.7, 1.5, -2.5, 0.9, 4], [-0.2, 0.8, -1.6, 3.1, -0.95, -5]),
          "extreme": ([200, -200, 30, -30, 99, -101], [-200, 200, -30, 30, 101, -99])}
CRITIC = {"family": "resnet", "size": 16, "conv_dim": 2, "z": 6, "kind": "pooled", "g_attention": [], "d_attention": [8], "slope": 0.2}


def penalty(kind, score, real, fake, alpha, noise):
    a = alpha[:, None, None, None]
    if kind == "r1":
        x = real
    elif kind == "dragan":
        moved = real + (2 * a - 1) * 0.5 * real.std(unbiased=False) * noise
        st.KINKS.meet(moved.abs() - 1, moved)
        x = moved.clamp(-1, 1)
    else:
        x = a * real + (1 - a) * fake
    x = x.detach().requires_grad_()
    (g,) = torch.autograd.grad(score(x).sum(), x, create_graph=True)
    squares = g.flatten(1).square().sum(1)
    if kind == "r1":
        return squares.mean()
    slopes = (squares + 1e-12).sqrt()
    if kind == "wgan-lp":
        st.KINKS.meet(slopes - 1, slopes)
        return torch.relu(slopes - 1).square().mean()
    return (slopes - 1).square().mean()


def critic_term(t, case, sn, term, **own):
    """term(score, real, fake, alpha, noise): its value and gradients by the weights of a critic with attention, spectral norm frozen."""
    for attempt in range(1000):
        salt, st.KINKS.nearest = f"{case}/{attempt}", float("inf")
        d = ResNetDiscriminator({**CRITIC, "sn": sn, **own})
        state = fill(d, salt)
        shape = (3, 3, 16, 16)
        real, fake = values(f"{salt}/real", shape), values(f"{salt}/fake", shape)
        alpha, noise = values(f"{salt}/alpha", (3,), 0.5, 0.5), values(f"{salt}/noise", shape, 0.5, 0.5)
        if sn == "torch":
            d(real)
        st.freeze(d, True)
        value = term(d, real, fake, alpha, noise)
        grads = torch.autograd.grad(value, list(d.parameters()), allow_unused=True)
        if st.KINKS.nearest >= MARGIN:
            break
    t[f"{case}/value"] = value
    for (k, p), g in zip(d.named_parameters(), grads):
        t[f"{case}/grad.{k}"] = torch.zeros(p.shape, dtype=torch.float64) if g is None else g.clone()
    return {"salt": salt, "config": {**CRITIC, "sn": sn, **own}, "state": state}


def make_losses():
    t, cases = {}, {}
    for which, (real, fake) in SCORES.items():
        r, s = (torch.tensor(x, dtype=torch.float32).double().requires_grad_() for x in (real, fake))
        t[f"{which}/real"], t[f"{which}/fake"] = r, s
        for kind, (on_real, on_fake, on_g) in LOSSES.items():
            d, g = on_real(r).mean() + on_fake(s).mean(), on_g(s).mean()
            gr, gs = torch.autograd.grad(d, (r, s))
            (gg,) = torch.autograd.grad(g, s)
            for k, v in {"d": d, "g": g, "d.real": gr, "d.fake": gs, "g.fake": gg}.items():
                t[f"{which}/{kind}/{k}"] = v
            if kind == "bce" and which == "moderate":
                with torch.no_grad():
                    p, q = torch.sigmoid(r), torch.sigmoid(s)
                    assert abs(F.binary_cross_entropy(p, torch.ones_like(p)) + F.binary_cross_entropy(q, torch.zeros_like(q)) - d) < 1e-12

    for kind in ("wgan-gp", "wgan-lp", "dragan", "r1"):
        for sn in ("none", "torch", "official") if kind == "wgan-gp" else ("none",):
            case = f"penalty_{kind}_{sn}"
            cases[case] = critic_term(t, case, sn, lambda d, *a: penalty(kind, d, *a))
            print(case, cases[case]["salt"], t[f"{case}/value"].item())
    # The other forms of attention, differentiated twice.
    forms = {"full": {}, "literal": {}, "multi-head": {"heads": 2}, "gaussian": {"similarity": "gaussian"}, "dot-product": {"similarity": "dot-product"},
             "concatenation": {"similarity": "concatenation"}, "top-k": {"top_k": 5}, "scales": {"scales": (1, 2, 4)}, "channel": {"channel": True}}
    for name, form in forms.items():
        kind, case = name if name in ("literal", "multi-head") else "full", f"penalty_wgan-gp_{name}"
        cases[case] = critic_term(t, case, "none", lambda d, *a: penalty("wgan-gp", d, *a), kind=kind, form=form)
        print(case, cases[case]["salt"], t[f"{case}/value"].item())
    cases["consistency"] = critic_term(t, "consistency", "none", lambda d, x, moved, *_: (d(x) - d(moved)).square().mean())

    # LeCam: averages begin as 0, decay 0.9; the regulariser of a step sees those of the steps before.
    averages = torch.zeros(2, dtype=torch.float64)
    for i in range(4):
        r, s = (values(f"lecam/s{i}.{k}", (5,), offset, 1.5).requires_grad_() for k, offset in (("real", 0.7), ("fake", -0.4)))
        value = torch.relu(r - averages[1]).square().mean() + torch.relu(averages[0] - s).square().mean()
        gr, gs = torch.autograd.grad(value, (r, s))
        averages = 0.9 * averages + 0.1 * torch.stack([r.mean(), s.mean()]).detach()
        for k, v in {"value": value, "grad.real": gr, "grad.fake": gs, "averages": averages.clone()}.items():
            t[f"lecam/s{i}.{k}"] = v

    # BigGAN's orthogonal regularisation: all parameters with two axes or more, but those of the class tables.
    for name in ("resnet16_shared", "resnet16_table", "dcgan_conditional"):
        o = {**BASE, **CASES[name]}
        g, case = NETWORKS[o["family"]][0](o), f"orthogonal_{name}"
        cases[case] = {"salt": case, "config": o, "state": fill(g, case)}
        tables = {f"{k}.{n}" for k, m in g.named_modules() if isinstance(m, nn.Embedding) for n, _ in m.named_parameters()}
        total = torch.zeros((), dtype=torch.float64)
        for k, p in g.named_parameters():
            gradient = torch.zeros_like(p)
            if p.dim() > 1 and k not in tables:
                w = p.detach().reshape(p.shape[0], -1)
                off = (w @ w.t()) * (1 - torch.eye(w.shape[0], dtype=torch.float64))
                total, gradient = total + 0.5 * off.square().sum(), (2 * off @ w).view(p.shape)
            # The gradient along one direction for each weight: the whole would be most of this file.
            t[f"{case}/along.{k}"] = (gradient * values(f"{case}/direction.{k}", p.shape)).sum()
            t[f"{case}/largest.{k}"] = gradient.abs().max()
        t[f"{case}/value"] = total

    losses, scores = values("top-k/losses", (7,)).requires_grad_(), values("top-k/scores", (7,))
    value = losses[scores.topk(3).indices].mean()
    t["top-k/value"], t["top-k/grad"] = value, torch.autograd.grad(value, losses)[0]
    save("sagan_losses.safetensors", t, {"cases": json.dumps(cases, separators=(",", ":")), "computed_in": "float64", "torch": torch.__version__})


if __name__ == "__main__":
    make_losses()
