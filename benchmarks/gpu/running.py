"""Runs sagan and PyTorch as child processes, within the time there is."""
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time

BENCHMARKS = pathlib.Path(__file__).resolve().parent.parent
LEAST = 5  # seconds under which nothing new is begun


class NotRun(Exception):
    """Why a part, or a figure of it, is missing."""


class Runner:
    def __init__(self, options, end):
        self.options, self.end, self.no_peer = options, end, None
        self.folder = tempfile.TemporaryDirectory(prefix="sagan-proof-")
        path = str(pathlib.Path(options.sagan).resolve())
        self.sagan = ["dotnet", path] if path.endswith(".dll") else [path]

    @property
    def quick(self):
        return self.options.quick

    def left(self):
        return self.end - time.monotonic()

    def run(self, command, limit, env=None):
        """Exit code, stdout and stderr of a command, which is stopped after limit seconds, or earlier when the time for everything is up."""
        limit = min(limit, self.left())
        if limit < LEAST:
            raise NotRun("the time was used up before it")
        command = [str(c) for c in command]
        try:
            process = subprocess.Popen(command, env={**os.environ, **(env or {})}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
        except OSError as e:
            raise NotRun(f"{command[0]} does not start: {e.strerror}") from None
        try:
            out, err = process.communicate(timeout=limit)
        except BaseException as e:
            # Its own children too, whatever ends the wait.
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            if not isinstance(e, subprocess.TimeoutExpired):
                raise
            raise NotRun(f"`{' '.join(command[:4])} ...` was stopped after {limit:.0f} s") from None
        return process.returncode, out, err

    def ours(self, *arguments, limit=150, env=None, codes=(0,), device=True):
        """What sagan prints with --json."""
        code, out, err = self.run([*self.sagan, *arguments, *(["--device", self.options.device] if device else []), "--json"], limit, env)
        if code not in codes:
            raise NotRun(f"`sagan {' '.join(map(str, arguments[:3]))}` ended with exit code {code}: {last(err)}")
        return json.loads(out)

    def knows(self, *verb, option):
        """Whether this build's verb has the option."""
        return option in self.run([*self.sagan, *verb, "--help"], 30)[1]

    def devices(self):
        return self.ours("devices", device=False)["devices"]

    def version(self):
        return self.run([*self.sagan, "--version"], 30)[1].strip()

    def find_peer(self):
        """What PyTorch is there; None, and no_peer says why, where it cannot compute on the GPU."""
        ask = "import json, torch; print(json.dumps([torch.__version__, torch.cuda.is_available(), torch.version.cuda, torch.cuda.is_available() and torch.cuda.get_device_name()]))"
        try:
            code, out, err = self.run([self.options.python, "-c", ask], 60)
        except NotRun as e:
            code, out, err = 1, "", str(e)
        if code != 0:
            self.no_peer = f"No comparison with PyTorch, its figures stay open: {self.options.python} has none ({last(err)})."
            return None
        version, cuda, toolkit, name = json.loads(out.splitlines()[-1])
        if self.options.peer_device == "cuda" and not cuda:
            self.no_peer = f"No comparison with PyTorch, its figures stay open: PyTorch {version} of {self.options.python} finds no CUDA device."
            return None
        return {"torch": version, "cuda": toolkit, "device": name if self.options.peer_device == "cuda" else "cpu"}

    def theirs(self, script, *arguments, precision="fp32", limit=90):
        """What a script of PyTorch prints."""
        if self.no_peer:
            raise NotRun(self.no_peer)
        device = ["--device", self.options.peer_device, "--precision", precision, "--threads", os.cpu_count()]
        code, out, err = self.run([self.options.python, BENCHMARKS / script, *arguments, *device], limit)
        if code != 0:
            raise NotRun(f"{script} --precision {precision} ended with exit code {code}: {last(err)}")
        return json.loads(out.splitlines()[-1])


def last(text):
    return (text.strip().splitlines() or ["no message"])[-1]
