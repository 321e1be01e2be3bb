"""The JSON of a proof to a page of tables."""
import statistics

# Goals: ratio of PyTorch's time on this card to ours, in float32 unless said otherwise.
STEP, TENSOR_CORES, ATTENTION, GEMM, CONVOLUTION = 1.0, 1.0, 1.5, 0.7, 0.6
SHOWN = (1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 40, 50, 70, 85, 100)
NAMES = {"fp32": "fp32, TF32 off", "tf32": "TF32", "bf16": "BF16 autocast"}
WORK_AGREES = 1e-3  # relative; the same work, or two times mean nothing beside each other


def verdict(part):
    if "not_run" in part:
        return f"not run: {part['not_run']}"
    if "passed" in part:
        return "passed" if part["passed"] else "FAILED"
    return "measured" + "".join(f"; {m}" for m in dict.fromkeys(part.get("missing", [])))


def text(results):
    parts, peer = results["parts"], results["peer"]
    page = [f"# {results['about'].split(',')[0]}", "",
            f"Made by `benchmarks/gpu/prove.py` on {results['date']} in {results['minutes']} minutes, with {results['engine']}.", "",
            f"* Device: `{results['device']}`, {results['about']}; NVIDIA driver: {results['driver'] or 'none found'}.",
            f"* Peer: PyTorch {peer['torch']}, CUDA {peer['cuda'] or 'none'}, on {peer['device']}." if peer else f"* {results['peer_missing']}"]
    if results["quick"]:
        page.append("* **Made with --quick: small sizes and few steps, to see that everything runs. The times mean nothing.**")
    page += ["", "| part | outcome | seconds |", "|---|---|---|"]
    page += [f"| {name} | {verdict(part)} | {part['seconds']} |" for name, part in parts.items()]
    page += goals(parts) if peer and peer["cuda"] and peer["device"] != "cpu" and not results["quick"] else ["", "Goals are not judged: they are for whole sizes and against PyTorch on the same card."]
    for name, section in (("conformance", checked), ("rounded", checked), ("gradients", checked), ("trajectory", trajectory), ("step", step), ("attention", attention), ("kernels", kernels)):
        if name in parts and "not_run" not in parts[name]:
            page += ["", f"## {name.capitalize()}", "", *section(parts[name])]
    page += ["", "## Devices of the machine", ""]
    page += [f"* `{d['name']}` {d.get('about', '')}{'' if d['available'] else ' not available: ' + d['reason']}" for d in results["devices"]]
    return "\n".join(page) + "\n"


def number(x, digits=3):
    return "" if x is None else f"{x:.{digits}g}" if abs(x) < 1000 else f"{x:.0f}"


# Goals

def goals(parts):
    rows = [
        ("step of SAGAN-64, batch 64, against PyTorch eager, fp32", STEP, step_ratio(parts, "fp32")),
        ("the same with tensor cores, TF32 on both", TENSOR_CORES, step_ratio(parts, "tf32")),
        ("attention forward + backward against bmm, softmax, bmm, fp32", ATTENTION, attention_ratios(parts)),
        ("products (GEMM) against cuBLAS, fp32", GEMM, kernel_ratios(parts, lambda k: k == "matmul")),
        ("convolutions against cuDNN, fp32", CONVOLUTION, kernel_ratios(parts, lambda k: k.startswith(("conv2d", "transposed conv")))),
    ]
    page = ["", "## Goals", "", "PyTorch's time divided by ours: above 1 we are faster. A goal is met where every case meets it.", "",
            "| goal | at least | median | worst case | outcome |", "|---|---|---|---|---|"]
    for name, least, found in rows:
        if not found:
            page.append(f"| {name} | {least} | | | open: not measured |")
            continue
        met, (case, worst) = sum(r >= least for _, r in found), min(found, key=lambda f: f[1])
        outcome = "met" if met == len(found) else f"missed: {met} of {len(found)} cases"
        page.append(f"| {name} | {least} | {number(statistics.median(r for _, r in found))} | {number(worst)} ({case}) | {outcome} |")
    return page


def step_ratio(parts, precision):
    part = parts.get("step", {})
    ours, peer = part.get("ours", {}).get(precision), part.get("peer", {}).get(precision)
    return [("step", peer["eager"] / ours["ms"])] if ours and peer else []


def attention_ratios(parts):
    part = parts.get("attention", {})
    return [(attention_case(o), p["ms"] / o["ms"]) for o, p in zip(part.get("ours", {}).get("fp32", []), part.get("peer", {}).get("fp32", []))]


def kernel_ratios(parts, wanted):
    part = parts.get("kernels", {})
    return [(f"{name} {shape}", best / o["ms"]) for name, shape, o, best, _ in pairs(part, "fp32") if wanted(name)] if "peer" in part else []


# Sections

def checked(part):
    page = [f"{part['cases']} cases, {len(part['failed'])} failed."]
    for c in part["failed"]:
        what = c.get("error") or (f"{c['output']}[{c['element']}] is {c['actual']}, expected {c['expected']}" if "output" in c else f"errors {c['first']:.2g} and {c['second']:.2g}")
        page.append(f"* **{c['op']}** ({c['variant'] or 'plain'}): {what}")
    return page


def trajectory(part):
    page = ["The same seed and images on both. What is asserted:", ""]
    page += [f"* {'holds' if c['holds'] else '**does not hold**'}: {c['claim']}" for c in part["claims"]]
    page += ["", "Differences are |a - b| / (1 + |b|), the largest of both losses and both mean scores. The first step compares one pass over the same weights. From then on the difference",
             "must grow: Adam divides a gradient by its own size, so in the first steps a weight whose gradient is near 0 takes a whole step in a direction that rounding decides; and two",
             "networks that play against each other amplify what differs. PyTorch run twice, or this engine's CPU with vectors of another width (last column: only the order of sums differs),",
             "parts in the same way, so no bound is asserted later on.", "",
             "| step | D loss, CPU | D loss, GPU | G loss, CPU | G loss, GPU | GPU to CPU | CPU with narrower vectors to CPU |", "|---|---|---|---|---|---|---|"]
    for r in part["steps"]:
        if r["step"] in SHOWN:
            cells = [f"{float(r[who][m]):.5f}" for m in ("d_loss", "g_loss") for who in ("cpu", "gpu")]
            page.append(f"| {r['step']} | {' | '.join(cells)} | {r['gpu_to_cpu']:.1e} | {r['narrow_to_cpu']:.1e} |")
    return page


def step(part):
    page = ["A discriminator and a generator update, the losses read after each, on both sides. *Tuned*: channels last, fused Adam, attention without a copy of the N x N matrix.", "",
            "| precision | ours, ms | PyTorch eager, ms | tuned, ms | eager / ours | tuned / ours | launches a step |", "|---|---|---|---|---|---|---|"]
    for precision, title in NAMES.items():
        o, p = part["ours"].get(precision, {}), part["peer"].get(precision, {})
        cells = [o.get("ms"), p.get("eager"), p.get("tuned"), *((p[k] / o["ms"] if o and p else None) for k in ("eager", "tuned"))]
        page.append(f"| {title} | {' | '.join(map(number, cells))} | {number(o.get('launches_per_step', o.get('launches')))} |")
    return page + open_figures(part)


def attention_case(row):
    return f"N = {row['positions']}, batch {row['batch']}, {row['channels']} channels"


def attention(part):
    page = ["Through autograd on both sides; dk is an eighth of the channels. PyTorch's memory is the peak of its tensors.", "",
            "| case | precision | ours, ms | PyTorch, ms | PyTorch / ours | ours, MB | PyTorch, MB |", "|---|---|---|---|---|---|---|"]
    for k, case in enumerate(part["ours"]["fp32"]):
        for precision, title in NAMES.items():
            o, p = (part[who].get(precision) for who in ("ours", "peer"))
            o, p = o[k] if o else {}, p[k] if p else {}
            if o or p:
                cells = [o.get("ms"), p.get("ms"), p["ms"] / o["ms"] if o and p else None, o.get("tensor_mb"), p.get("tensor_mb")]
                page.append(f"| {attention_case(case)} | {title} | {' | '.join(map(number, cells))} |")
    return page + open_figures(part)


def pairs(part, precision):
    """Name, shape, our row, the time of the fastest of PyTorch's ways and which that is; nothing where one of the two has no such precision."""
    ours = {(k["kernel"], k["shape"]): k for k in part["ours"].get(precision, [])}
    for k in part["peer"].get(precision, []):
        o = ours.get(tuple(k["against"]))
        if not o:
            continue
        if o["gflops"] and k["gflop"] and abs(o["gflops"] * o["ms"] * 1e-3 / k["gflop"] - 1) > WORK_AGREES:
            continue
        way = min(k["ms"], key=k["ms"].get)
        yield k["kernel"], k["shape"], o, k["ms"][way], way


def kernels(part):
    page = [f"Alone, by the device's clock{', batch ' + str(part['batch']) if 'batch' in part else ''}; of PyTorch's ways the fastest (named). Ours in fp32."]
    if part.get("peak_gflops"):
        page.append(f"Measured roofs of the device: {part['peak_gflops']:.0f} GFLOP/s{', ' + number(part.get('peak_gb_s')) + ' GB/s' if part.get('peak_gb_s') else ''}.")
    compared = {(name, shape): o for name, shape, o, _, _ in pairs(part, "fp32")}
    page += ["", "| kernel | shape | ours, ms | GFLOP/s | % of peak | PyTorch, ms | PyTorch / ours | TF32: ours, PyTorch | BF16: ours, PyTorch |", "|---|---|---|---|---|---|---|---|---|"]
    for name, shape, o, ms, way in pairs(part, "fp32"):
        others = [f"{own(part, p, o) or '-'}, {theirs(part, p, name, shape) or '-'}" for p in ("tf32", "bf16")]
        page.append(f"| {name} | {shape} | {number(o['ms'])} | {number(o['gflops'])} | {number(o['percent_of_peak'])} | {number(ms)} ({way}) | {number(ms / o['ms'])} | {' | '.join(others)} |")
    against = {tuple(k["against"]) for k in part["peer"].get("fp32", [])}
    matched = {(o["kernel"], o["shape"]) for o in compared.values()}
    for o in part["ours"]["fp32"]:
        if (o["kernel"], o["shape"]) not in matched:
            why = "another amount of work" if (o["kernel"], o["shape"]) in against else ""
            page.append(f"| {o['kernel']} | {o['shape']} | {number(o['ms'])} | {number(o['gflops'])} | {number(o['percent_of_peak'])} | {why} | | | |")
    return page + open_figures(part)


def own(part, precision, row):
    return next((number(k["ms"]) for k in part["ours"].get(precision, []) if (k["kernel"], k["shape"]) == (row["kernel"], row["shape"])), "")


def theirs(part, precision, name, shape):
    return next((number(min(k["ms"].values())) for k in part["peer"].get(precision, []) if (k["kernel"], k["shape"]) == (name, shape)), "")


def open_figures(part):
    missing = list(dict.fromkeys(part["missing"]))
    return ["", *[f"* Open: {m}" for m in missing]] if missing else []
