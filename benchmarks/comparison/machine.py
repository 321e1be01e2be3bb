"""The machine: what it is, and whether something else computes on it."""
import os
import time

TOLERATED = 0.05  # share of all processors that others may use during a run


def describe(threads):
    with open("/proc/cpuinfo") as f:
        lines = f.read().splitlines()
    name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown processor")
    with open("/proc/meminfo") as f:
        memory = int(f.readline().split()[1]) / 1024 ** 2
    return {"processor": name, "avx512": any(" avx512f " in line + " " for line in lines if line.startswith("flags")), "processors": os.cpu_count(),
            "threads": threads, "memory_gb": round(memory)}


def free_memory_gb():
    with open("/proc/meminfo") as f:
        return next(int(line.split()[1]) / 1024 ** 2 for line in f if line.startswith("MemAvailable"))


def busy_seconds():
    """Processor time used so far by everything, time that a hypervisor took away included."""
    with open("/proc/stat") as f:
        user, nice, system, _, _, irq, softirq, steal = map(int, f.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def wait_until_idle(limit):
    """Waits until nothing else computes, at most so many seconds. True when it is so."""
    end = time.monotonic() + limit
    while True:
        before, start = busy_seconds(), time.monotonic()
        time.sleep(0.4)
        if busy_seconds() - before < TOLERATED * os.cpu_count() * (time.monotonic() - start):
            return True
        if time.monotonic() > end:
            return False
