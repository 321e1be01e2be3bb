#!/usr/bin/python3
"""Compares the training step with PyTorch on this machine: the two run in turn, several rounds, and the median of the rounds' ratios is printed.

    dotnet build -c Release src/Sagan
    python3 benchmarks/compare.py --batch 16 64 --rounds 5

PyTorch is given its best environment, since Debian's default makes it several times slower: an OpenBLAS with OpenMP, tcmalloc, and the AVX-512
kernels of the machine. --peer-env FILE sources a shell file before the peer instead, --peer FILE runs another script that prints the same JSON.
"""
import argparse
import datetime
import glob
import json
import os
import pathlib
import statistics
import subprocess
import sys

here = pathlib.Path(__file__).resolve().parent


def processor():
    with open("/proc/cpuinfo") as f:
        lines = f.read().splitlines()
    name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown processor")
    avx512 = any("avx512f" in line for line in lines if line.startswith("flags"))
    return name, avx512


def best_environment(avx512):
    """The environment for the peer, and what it lacks."""
    env, lacks = dict(os.environ), []
    for name in ("OPENBLAS_CORETYPE", "ATEN_CPU_CAPABILITY"):
        env.pop(name, None)
    if avx512:
        env.update(OPENBLAS_CORETYPE="SKYLAKEX", ATEN_CPU_CAPABILITY="avx512")
    blas = glob.glob("/usr/lib/*/openblas-openmp/libblas.so.3")
    if blas:
        env["LD_LIBRARY_PATH"] = os.path.dirname(blas[0])
    else:
        lacks.append("an OpenBLAS with OpenMP (libopenblas0-openmp)")
    malloc = glob.glob("/usr/lib/*/libtcmalloc_minimal.so.4")
    if malloc:
        env["LD_PRELOAD"] = malloc[0]
    else:
        lacks.append("tcmalloc (libtcmalloc-minimal4)")
    return env, lacks


def run(command, env=None):
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"compare: {' '.join(map(str, command))} failed with exit code {done.returncode}:\n{done.stderr.strip()}")
    return json.loads(done.stdout)


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--batch", type=int, nargs="+", default=[16, 64])
    a.add_argument("--loss", nargs="+", default=["hinge"])
    a.add_argument("--rounds", type=int, default=5)
    a.add_argument("--steps", type=int, default=6)
    a.add_argument("--threads", type=int, default=os.cpu_count())
    a.add_argument("--peer", default=str(here / "pytorch_step.py"))
    a.add_argument("--peer-env", default=None)
    a.add_argument("--sagan", default=str(here.parent / "src/Sagan/bin/Release/net10.0/sagan.dll"))
    a = a.parse_args()
    name, avx512 = processor()
    env, lacks = best_environment(avx512)
    if a.peer_env is None and lacks:
        sys.exit(f"compare: the peer would be handicapped: {' and '.join(lacks)} not found. Install it, or give --peer-env.")

    print(f"{name}, {a.threads} threads, {datetime.date.today()}")
    print(f"{'case':22} {'sagan s':>9} {'torch s':>9} {'ratio':>7} {'sagan MB':>9} {'torch MB':>9} {'memory':>7}")
    for loss in a.loss:
        for batch in a.batch:
            ratios, ours, peers = [], [], []
            for _ in range(a.rounds):
                common = ["--batch", str(batch), "--steps", str(a.steps), "--threads", str(a.threads), "--loss", loss]
                mine = run(["dotnet", a.sagan, "bench", "step", "--preset", "sagan64", "--json", *common])
                if a.peer_env:
                    quoted = " ".join([a.peer, *common])
                    peer = run(["bash", "-c", f". {a.peer_env} && exec /usr/bin/python3 {quoted}"])
                else:
                    peer = run(["/usr/bin/python3", a.peer, *common], env)
                ratios.append(peer["step_s"] / mine["step_s"])
                ours.append(mine)
                peers.append(peer)

            def median(runs, key):
                return statistics.median(r[key] for r in runs)

            memory = median(ours, "peak_rss_mb") / median(peers, "peak_rss_mb")
            print(f"{loss + ' batch ' + str(batch):22} {median(ours, 'step_s'):9.4f} {median(peers, 'step_s'):9.4f} {statistics.median(ratios):6.2f}x "
                  f"{median(ours, 'peak_rss_mb'):9.0f} {median(peers, 'peak_rss_mb'):9.0f} {memory:6.2f}x   rounds: {' '.join(f'{r:.2f}' for r in ratios)}", flush=True)


if __name__ == "__main__":
    main()
