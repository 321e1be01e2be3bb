#!/usr/bin/python3
"""The proof on a GPU: conformance, a hundred training steps beside the CPU's, and timings beside PyTorch on the same card, in under nine minutes.

    python3 benchmarks/gpu/prove.py --sagan publish/sagan                       # cuda:0, everything
    python3 benchmarks/gpu/prove.py --sagan publish/sagan --only step kernels   # some parts
    SAGAN_ANY_OPENCL=1 python3 benchmarks/gpu/prove.py --sagan publish/sagan --device opencl:0 --quick   # does it all run?

README.md beside this file says how to make the publish. Writes results-<device>.md and .json after every part; what the time did not suffice for, or what
this machine lacks, is named there and its figures stay open. Exit code 0: every check ran and passed; 1: one failed; 3: one did not run.
"""
import argparse
import datetime
import json
import pathlib
import re
import subprocess
import sys
import time

import parts
import report
from running import NotRun, Runner

HERE = pathlib.Path(__file__).resolve().parent
CHECKS = [name for name, part in parts.PARTS.items() if part.check]


def arguments():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                epilog="parts:\n" + "\n".join(f"  {name:12} {part.title}" for name, part in parts.PARTS.items()))
    a.add_argument("--sagan", required=True, help="the published program, or sagan.dll of a build")
    a.add_argument("--device", default="cuda:0", help="as `sagan devices` names it (cuda:0)")
    a.add_argument("--only", nargs="+", choices=parts.PARTS, metavar="PART", help="these parts")
    a.add_argument("--python", default=sys.executable, help="the interpreter that has PyTorch (this one)")
    a.add_argument("--peer-device", choices=["cuda", "cpu"], default="cuda", help="where PyTorch computes; cpu only to try the script")
    a.add_argument("--minutes", type=float, default=8.5, help="time for everything (8.5)")
    a.add_argument("--quick", action="store_true", help="small sizes and few steps: to see that everything runs; the figures mean nothing")
    a.add_argument("--output", type=pathlib.Path, default=HERE, help="folder of the results")
    return a.parse_args()


def driver():
    """The version of NVIDIA's driver, or None."""
    try:
        done = subprocess.run(["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"], capture_output=True, text=True, timeout=20)
        if done.returncode == 0 and done.stdout.strip():
            return done.stdout.strip().splitlines()[0]
    except (OSError, subprocess.TimeoutExpired):
        pass
    file = pathlib.Path("/proc/driver/nvidia/version")
    found = re.search(r"Kernel Module.*?(\d+\.[\d.]+)", file.read_text()) if file.exists() else None
    return found and found[1]


def slug(about):
    """results-nvidia-h100-80gb-hbm3: the device's name in letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", about.split(",")[0].lower()).strip("-")


def main():
    a = arguments()
    begin = time.monotonic()
    runner = Runner(a, begin + 60 * a.minutes)
    devices = runner.devices()
    mine = next((d for d in devices if d["name"] == a.device), None)
    if mine is None or not mine["available"]:
        kind = mine or next((d for d in devices if d["name"] == a.device.split(":")[0]), {})
        sys.exit(f"prove: device '{a.device}' is not available: {kind.get('reason', 'there are ' + ', '.join(d['name'] for d in devices if d['available']))}.")
    results = {"device": a.device, "about": mine["about"], "driver": driver(), "date": str(datetime.date.today()), "engine": runner.version(), "quick": a.quick,
               "devices": devices, "peer": runner.find_peer(), "peer_missing": runner.no_peer, "parts": {}}
    print(f"{mine['about']}; driver {results['driver'] or 'not told'}; {results['engine']}")
    if runner.no_peer:
        print(runner.no_peer)
    a.output.mkdir(parents=True, exist_ok=True)
    base = a.output / f"results-{slug(mine['about'])}"
    for name in a.only or parts.PARTS:
        part, start = parts.PARTS[name], time.monotonic()
        print(f"{part.title} ...", flush=True)
        try:
            result = part.run(runner)
        except NotRun as e:
            result = {"not_run": str(e)}
        result["seconds"] = round(time.monotonic() - start, 1)
        results["parts"][name] = result
        results["minutes"] = round((time.monotonic() - begin) / 60, 2)
        print(f"  {report.verdict(result)} ({result['seconds']} s)", flush=True)
        # After each part: if the machine goes away, what is done is not lost.
        base.with_suffix(".json").write_text(json.dumps(results, indent=1) + "\n")
        base.with_suffix(".md").write_text(report.text(results))
    print(base.with_suffix(".md"))
    checks = [results["parts"].get(name, {}) for name in CHECKS]
    return 1 if any(c.get("passed") is False for c in checks) else 0 if all(c.get("passed") for c in checks) else 3


if __name__ == "__main__":
    try:
        sys.exit(main())
    except NotRun as e:
        sys.exit(f"prove: {e}.")
    except KeyboardInterrupt:
        sys.exit("prove: stopped; the parts that were finished are kept.")
