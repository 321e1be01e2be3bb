#!/usr/bin/env python3
"""Makes trajectory_resnet*.safetensors beside this script: training steps of a small conditional ResNet in PyTorch, in float64. Weights at the start and all
inputs follow from names by the formula of make_sagan.py: see README.md."""
import copy
import json
import sys

import torch

import sagan_torch as st
from make_golden import save
from make_sagan import MARGIN, fill, values
from sagan_networks import ResNetDiscriminator, ResNetGenerator

NET = {"family": "resnet", "size": 16, "conv_dim": 3, "z": 6, "kind": "pooled", "g_attention": [8], "d_attention": [8], "classes": 3}
BATCH, CLASSES = 4, NET["classes"]
# Learning rates and epsilon as in make_golden.py (FAST), for the reasons given in README.md.
RATES, BETAS, EPSILON = (1e-3, 4e-3), (0.0, 0.9), 1e-4
EMA_DECAY, EMA_START = 0.9, 2
RUNS = {
    "resnet": dict(steps=10, sn="official"),
    "resnet_accumulated": dict(steps=4, sn="torch", parts=2),
    "resnet_two_d_steps": dict(steps=4, sn="torch", d_steps=2),
    # R1 in every second D step, twice as large; LeCam; the two best images of four for G; orthogonal regularisation.
    "resnet_regularized": dict(steps=4, sn="torch", loss="non-saturating", r1=0.2, r1_every=2, lecam=0.3, lecam_decay=0.9, top_k=0.5, orthogonal=1e-3),
    # Latent optimisation, two steps of it; z stays where clipping leaves most of it alone.
    "resnet_latent": dict(steps=3, sn="official", lo_alpha=0.9, lo_beta=0.5, lo_steps=2, lo_cost=0.3, z_scale=0.9),
}


def draw(salt, z_scale=1.7):
    shape = (BATCH, 3, NET["size"], NET["size"])
    label = lambda name: ((values(f"{salt}/{name}", (BATCH,)) + 1) / 2 * CLASSES).long()
    return {"real": values(f"{salt}/real", shape), "z": values(f"{salt}/z", (BATCH, NET["z"]), 0, z_scale), "real_classes": label("real_classes"),
            "fake_classes": label("fake_classes")}


class Training:
    def __init__(self, name, sn, loss="hinge", parts=1, d_steps=1, r1=0, r1_every=1, lecam=0, lecam_decay=0, top_k=1, orthogonal=0, lo_alpha=0, lo_beta=0, lo_steps=1,
                 lo_cost=0, z_scale=1.7, **_):
        o = {**NET, "sn": sn}
        self.loss, self.parts, self.d_steps = loss, parts, d_steps
        self.r1, self.r1_every, self.lecam, self.lecam_decay, self.top_k, self.orthogonal = r1, r1_every, lecam, lecam_decay, top_k, orthogonal
        self.lo_alpha, self.lo_beta, self.lo_steps, self.lo_cost, self.z_scale = lo_alpha, lo_beta, lo_steps, lo_cost, z_scale
        self.g, self.d = ResNetGenerator(o), ResNetDiscriminator(o)
        self.state = {"g": fill(self.g, f"{name}/g"), "d": fill(self.d, f"{name}/d")}
        self.ema = copy.deepcopy(self.g.state_dict())
        self.og, self.od = (torch.optim.Adam(m.parameters(), lr=r, betas=BETAS, eps=EPSILON) for m, r in ((self.g, RATES[0]), (self.d, RATES[1])))
        self.averages, self.counts = torch.zeros(2, dtype=torch.float64), [0, 0]

    def cut(self, x):
        return [{k: v[i * BATCH // self.parts:(i + 1) * BATCH // self.parts] for k, v in x.items()} for i in range(self.parts)]

    def moved(self, z, y):
        """LOGAN: z by natural gradient ascent on the score, and what that costs; recorded, with spectral norms frozen."""
        if not self.lo_alpha:
            return z, None
        z, cost = z.clone().requires_grad_(), 0
        for net in (self.g, self.d):
            st.freeze(net, True)
        for _ in range(self.lo_steps):
            (slope,) = torch.autograd.grad(self.d(self.g(z, y), y).sum(), z, create_graph=True)
            step = self.lo_alpha * slope / (self.lo_beta + slope.square().sum(1, keepdim=True))
            cost = cost + step.square().sum(1).mean()
            st.KINKS.meet((z + step).abs() - 1, z)
            z = (z + step).clamp(-1, 1)
        for net in (self.g, self.d):
            st.freeze(net, False)
        return z, cost

    def d_step(self, x):
        self.g.train()
        self.od.zero_grad()
        total, means = 0, torch.zeros(2, dtype=torch.float64)
        for p in self.cut(x):
            z, cost = self.moved(p["z"], p["fake_classes"])
            with torch.set_grad_enabled(cost is not None):
                fake = self.g(z, p["fake_classes"])
            scores = self.d(torch.cat([p["real"], fake]), torch.cat([p["real_classes"], p["fake_classes"]]))
            real, false = scores.chunk(2)
            if self.loss == "hinge":
                st.KINKS.meet(torch.cat([1 - real, 1 + false]), torch.ones(1))
                loss = torch.relu(1 - real).mean() + torch.relu(1 + false).mean()
            else:
                loss = -torch.nn.functional.logsigmoid(real).mean() - torch.nn.functional.logsigmoid(-false).mean()
            if cost is not None:
                loss = loss + self.lo_cost * cost
            if self.r1 and self.counts[0] % self.r1_every == 0:
                st.freeze(self.d, True)
                at = p["real"].clone().requires_grad_()
                (slope,) = torch.autograd.grad(self.d(at, p["real_classes"]).sum(), at, create_graph=True)
                loss = loss + self.r1 / 2 * self.r1_every * slope.flatten(1).square().sum(1).mean()
                st.freeze(self.d, False)
            if self.lecam:
                above, below = real - self.averages[1], self.averages[0] - false
                st.KINKS.meet(torch.cat([above, below]), torch.ones(1))
                loss = loss + self.lecam * (torch.relu(above).square().mean() + torch.relu(below).square().mean())
            (loss / self.parts).backward()
            total, means = total + loss.detach() / self.parts, means + torch.stack([real.mean(), false.mean()]).detach() / self.parts
        self.od.step()
        self.counts[0] += 1
        self.averages = self.lecam_decay * self.averages + (1 - self.lecam_decay) * means
        return total

    def g_step(self, x):
        self.og.zero_grad()
        for p in self.d.parameters():
            p.requires_grad_(False)
        total = 0
        for p in self.cut(x):
            z, cost = self.moved(p["z"], p["fake_classes"])
            scores = self.d(self.g(z, p["fake_classes"]), p["fake_classes"])
            losses = -scores if self.loss == "hinge" else -torch.nn.functional.logsigmoid(scores)
            if self.top_k < 1:
                # Of n images n (1 - (1 - nu) min(1, step / 2)).
                k = round(len(losses) * (1 - (1 - self.top_k) * min(1, self.counts[1] / 2)))
                best = scores.sort(descending=True).values
                if k < len(losses):
                    st.KINKS.meet(best[k - 1] - best[k], torch.ones(1))
                losses = losses[scores.topk(k).indices]
            loss = losses.mean()
            if cost is not None:
                loss = loss + self.lo_cost * cost
            if self.orthogonal:
                tables = [m.weight for m in self.g.modules() if isinstance(m, torch.nn.Embedding)]
                for w in self.g.parameters():
                    if w.dim() > 1 and all(w is not t for t in tables):
                        rows = w.flatten(1)
                        loss = loss + self.orthogonal * 0.5 * (rows @ rows.t() * (1 - torch.eye(len(rows), dtype=torch.float64))).square().sum()
            (loss / self.parts).backward()
            total = total + loss.detach() / self.parts
        self.og.step()
        self.counts[1] += 1
        for p in self.d.parameters():
            p.requires_grad_(True)
        return total

    def average(self):
        """Copies at first, then weights and running statistics follow slowly; vectors of power iteration and counters are copied."""
        for k, v in self.g.state_dict().items():
            copied = self.counts[1] <= EMA_START or not v.is_floating_point() or k.endswith(("weight_u", "weight_v"))
            self.ema[k] = v.clone() if copied else EMA_DECAY * self.ema[k] + (1 - EMA_DECAY) * v

    def keep(self):
        return copy.deepcopy([m.state_dict() for m in (self.g, self.d, self.og, self.od)] + [self.averages, self.counts])

    def restore(self, kept):
        kept = copy.deepcopy(kept)
        for m, s in zip((self.g, self.d, self.og, self.od), kept):
            m.load_state_dict(s)
        self.averages, self.counts = kept[4:]

    def choose(self, name, step):
        """The first draw whose inputs to kinks keep away from them; its number and what the step returns."""
        before = self.keep()
        for number in range(1000):
            st.KINKS.nearest = float("inf")
            loss = step(draw(f"{name}/{number}", self.z_scale))
            if st.KINKS.nearest >= MARGIN:
                return number, loss
            self.restore(before)
        raise RuntimeError(f"{name}: no draw keeps {MARGIN} from kinks")


def make(name, run):
    training = Training(f"trajectory_{name}", **run)
    draws, d_losses, g_losses = [], [], []
    for i in range(run["steps"]):
        for k in range(training.d_steps):
            number, loss = training.choose(f"{name}/d{i}.{k}", training.d_step)
            draws.append(f"{name}/d{i}.{k}/{number}")
            d_losses.append(loss)
        number, loss = training.choose(f"{name}/g{i}", training.g_step)
        draws.append(f"{name}/g{i}/{number}")
        g_losses.append(loss)
        training.average()
    tensors = {"log/d_loss": torch.stack(d_losses), "log/g_loss": torch.stack(g_losses)}
    for net, state in (("g", training.g.state_dict()), ("d", training.d.state_dict()), *((("ema", training.ema),) if name == "resnet" else ())):
        tensors.update({f"final/{net}.{k}": v.clone() for k, v in state.items()})
    print(f"{name}: d {d_losses[0]:.3f} -> {d_losses[-1]:.3f}, g {g_losses[0]:.3f} -> {g_losses[-1]:.3f}")
    metadata = {"run": run, "config": {**NET, "sn": run["sn"]}, "draws": draws, "state": training.state}
    metadata = {k: json.dumps(v, separators=(",", ":")) for k, v in metadata.items()}
    save(f"trajectory_{name}.safetensors", tensors, {**metadata, "computed_in": "float64", "torch": torch.__version__})


if __name__ == "__main__":
    for name, run in RUNS.items():
        if name in sys.argv[1:] or len(sys.argv) == 1:
            make(name, run)
