"""Starts the two programs in turn, and watches whether the machine was theirs alone."""
import json
import os
import pathlib
import resource
import statistics
import subprocess
import time

from . import machine, peer
from .refusal import Refusal

HERE = pathlib.Path(__file__).resolve().parent.parent


class Disturbed(Exception):
    """Something else computed during a run."""


class Runner:
    """One comparison: where the programs are, and how they are started."""

    def __init__(self, options):
        self.options, self.threads = options, options.threads
        self.avx512 = machine.describe(options.threads)["avx512"]
        if not os.path.exists(options.sagan):
            raise Refusal(f"{options.sagan} is not there. Build it: dotnet build -c Release src/Cli.")
        self.peer_facts = self._json([options.python, HERE / "pytorch_facts.py"], self._peer_environment(self.threads, self.avx512),
                                     "Install python3-torch, or name an interpreter that has it with --python.")
        peer.check(self.peer_facts, self.threads, self.avx512)
        self.version = subprocess.run(["dotnet", options.sagan, "--version"], capture_output=True, text=True, check=True).stdout.strip()

    def ours(self, *arguments, threads=None, avx512=None):
        """The JSON of `sagan bench ...`."""
        threads, avx512 = threads or self.threads, self.avx512 if avx512 is None else avx512
        env = {name: value for name, value in os.environ.items() if not name.startswith(("DOTNET_Enable", "SAGAN_"))}
        if not avx512:
            env["DOTNET_EnableAVX512"] = "0"
        result = self._run(["dotnet", self.options.sagan, "bench", *arguments, "--json", "--threads", threads], env, "")
        if result["threads"] != threads:
            raise Refusal(f"sagan computes with {result['threads']} threads, {threads} were asked for.")
        bits, wanted = result.get("vector_bits"), 512 if avx512 else 256
        if bits not in (None, wanted):
            raise Refusal(f"sagan computes with {bits}-bit vectors, {wanted} are called for: this .NET runtime does not honour DOTNET_EnableAVX512, or its defaults were changed.")
        return result

    def theirs(self, script, *arguments, threads=None, avx512=None):
        """The JSON of a script of this folder, started in the best environment."""
        threads, avx512 = threads or self.threads, self.avx512 if avx512 is None else avx512
        result = self._run([self.options.python, HERE / script, *arguments, "--threads", threads], self._peer_environment(threads, avx512), "")
        peer.check(result["peer"], threads, avx512)
        return result

    def rounds(self, count, one_round):
        """So many rounds during which nothing else computed; each is repeated when it was disturbed, as many times in all as there are rounds."""
        done, spare = [], count
        while len(done) < count:
            if not machine.wait_until_idle(self.options.wait) and not self.options.accept_load:
                raise Refusal(f"something else has been computing for {self.options.wait} s, and that slows PyTorch down more than sagan. Stop it, or give --accept-load, which marks the rounds.")
            try:
                self.disturbance = 0.0
                result = one_round()
                done.append({**result, "disturbed": self.disturbance > machine.TOLERATED})
            except Disturbed as e:
                print(f"  round again: {e}", flush=True)
                spare -= 1
                if spare < 0:
                    raise Refusal(f"{e}, again and again. Stop it, or give --accept-load, which marks the rounds.") from None
        return done

    def _run(self, command, env, hint):
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        busy, start = machine.busy_seconds(), time.monotonic()
        result = self._json(command, env, hint)
        wall, now = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        own = now.ru_utime - used.ru_utime + now.ru_stime - used.ru_stime
        others = max(0.0, machine.busy_seconds() - busy - own) / (wall * os.cpu_count())
        self.disturbance = max(self.disturbance, others)
        if others > machine.TOLERATED and not self.options.accept_load:
            raise Disturbed(f"other programs used {others:.0%} of the processors during a run")
        return result

    def _peer_environment(self, threads, avx512):
        return peer.environment(self.options.peer_libs, threads, avx512, self.options.peer_env)

    @staticmethod
    def _json(command, env, hint):
        command = [str(c) for c in command]
        done = subprocess.run(command, env=env, capture_output=True, text=True)
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise Refusal(f"{' '.join(command)} failed with exit code {done.returncode}: {last.rstrip('.')}. {hint}".rstrip())
        return json.loads(done.stdout)


def median(rounds, *path):
    """The median over the rounds of a value inside them; None where it is missing."""
    values = []
    for r in rounds:
        for key in path:
            r = None if r is None else r.get(key)
        if r is None:
            return None
        values.append(r)
    return statistics.median(values)


def ratios(rounds, above, below, key="step_s"):
    """above / below in each round, both run within seconds of each other; empty where a round has not both."""
    return [r[above][key] / r[below][key] for r in rounds if above in r and below in r]
