#!/usr/bin/python3
"""Compares this engine with PyTorch on this machine: whole training steps, kernels, start-up, and how cost grows.

    dotnet build -c Release src/Cli
    python3 benchmarks/compare.py                          # everything: about half an hour on a machine that does nothing else
    python3 benchmarks/compare.py --only 'hinge*' kernels  # some parts; the results of the others stay
    python3 benchmarks/compare.py --quick                  # a look: few rounds and steps, written to artifacts/

The two take turns, several rounds, and medians of the rounds' ratios count. PyTorch gets its best environment, and its processes are asked what they
really use: where they are handicapped, nothing is reported. Needs Debian's python3-torch, libopenblas0-openmp and libtcmalloc-minimal4.
Results go to results.json, and from there to RESULTS.md and two plots: in benchmarks/ where the results that are there are this machine's, else in
benchmarks/machines/<processor>-<threads>/. --output names another folder.
"""
import argparse
import datetime
import fnmatch
import json
import os
import pathlib
import re
import sys

from comparison import machine, report
from comparison.parts import PARTS
from comparison.refusal import Refusal
from comparison.runner import Runner

HERE = pathlib.Path(__file__).resolve().parent


def arguments():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                epilog="parts:\n" + "\n".join(f"  {p.name:14} {p.title}{' (only by name)' if p.optional else ''}" for p in PARTS))
    a.add_argument("--only", nargs="+", metavar="PATTERN", default=None, help="parts by name; * stands for anything")
    a.add_argument("--quick", action="store_true", help="one round of two steps: to see that everything works")
    a.add_argument("--rounds", type=int, default=None, help="rounds of each part (5; with --quick 1)")
    a.add_argument("--threads", type=int, default=os.cpu_count(), help="threads of both (all processors)")
    a.add_argument("--kernel", default="", help="only kernels whose name holds this")
    a.add_argument("--wait", type=int, default=60, metavar="S", help="how long to wait for other programs to come to rest (60)")
    a.add_argument("--accept-load", action="store_true", help="measure while other programs compute, and mark those rounds")
    a.add_argument("--peer-libs", default=None, metavar="DIR", help="where libopenblas0-openmp and libtcmalloc-minimal4 are unpacked, if not installed")
    a.add_argument("--peer-env", action="append", default=[], metavar="NAME=VALUE", help="changes the peer's environment; what it then uses is checked all the same")
    a.add_argument("--python", default="/usr/bin/python3", help="the interpreter that has torch (/usr/bin/python3)")
    a.add_argument("--sagan", default=str(HERE.parent / "src/Cli/bin/Release/net10.0/sagan.dll"))
    a.add_argument("--output", type=pathlib.Path, default=None, help="folder of results.json, RESULTS.md and the plots")
    a.add_argument("--render", action="store_true", help="measure nothing: write RESULTS.md from results.json")
    a = a.parse_args()
    a.rounds = a.rounds or (1 if a.quick else 5)
    return a


def folder(options, here):
    """Where the results of this machine are; those of another are left alone."""
    if options.output:
        return options.output
    if options.quick:
        return HERE.parent / "artifacts/benchmarks"
    file = HERE / "results.json"
    if not file.exists() or json.loads(file.read_text())["machine"] == here:
        return HERE
    name = re.sub(r"[^a-z0-9]+", "-", f"{here['processor']} {here['threads']}".lower()).strip("-")
    print(f"{HERE / 'RESULTS.md'} is another machine's; results of this one go to {HERE / 'machines' / name}.", flush=True)
    return HERE / "machines" / name


def chosen(patterns):
    if patterns is None:
        return [p for p in PARTS if not p.optional]
    for pattern in patterns:
        if not fnmatch.filter([p.name for p in PARTS], pattern):
            raise Refusal(f"--only {pattern}: no such part. Parts: {', '.join(p.name for p in PARTS)}.")
    return [p for p in PARTS if any(fnmatch.fnmatch(p.name, pattern) for pattern in patterns)]


def lines(x, depth=4):
    """JSON with a line for each round, and figures to five digits."""
    if depth == 0 or not x or not isinstance(x, (dict, list)):
        return json.dumps(json.loads(json.dumps(x), parse_float=lambda text: float(f"{float(text):.5g}")))
    inner = [lines(v, depth - 1) for v in x] if isinstance(x, list) else [f"{json.dumps(k)}: {lines(v, depth - 1)}" for k, v in x.items()]
    return f"{'[{'[isinstance(x, dict)]}\n" + ",\n".join(inner) + f"\n{']}'[isinstance(x, dict)]}"


def main():
    options = arguments()
    todo = [] if options.render else chosen(options.only)
    here = machine.describe(options.threads)
    options.output = HERE if options.render and not options.output else folder(options, here)
    file = options.output / "results.json"
    results = json.loads(file.read_text()) if file.exists() else {"machine": here, "peer": None, "parts": {}}
    if options.render:
        if not results["parts"]:
            raise Refusal(f"--render: there are no results in {file}.")
        report.write(results, options.output)
        return
    if results["machine"] != here:
        there = results["machine"]
        raise Refusal(f"{file} has results of another machine or number of threads ({there['processor']}, {there['threads']} threads). Delete it, or give --output another folder.")
    runner = Runner(options)
    results["peer"] = {key: os.path.basename(value) if isinstance(value, str) else value for key, value in runner.peer_facts.items()}
    options.output.mkdir(parents=True, exist_ok=True)
    for part in todo:
        print(f"{part.title} ...", flush=True)
        results["parts"][part.name] = {"date": str(datetime.date.today()), "engine": runner.version, **part.run(runner, options)}
        # After each part, so that what follows can fail without losing it.
        file.write_text(lines(results) + "\n")
        report.write(results, options.output)
    print(f"{options.output / 'RESULTS.md'}")


if __name__ == "__main__":
    try:
        main()
    except Refusal as e:
        sys.exit(f"compare: {e}")
    except KeyboardInterrupt:
        sys.exit("compare: stopped; the parts that were finished are kept.")
