"""What a PyTorch process really computes with: asked of the libraries that it has loaded, not of its environment variables."""
import ctypes
import json
import os
import time

import torch

AVX512_CORE = 0x20  # the bit of dnnl_cpu_isa_t that AVX-512 has and AVX2 has not


def loaded(name):
    """The files mapped into this process whose name holds this."""
    with open("/proc/self/maps") as maps:
        return sorted({line.split()[-1] for line in maps if name in line.rsplit("/", 1)[-1]})


def ask(library, function, result=ctypes.c_int):
    """Calls a C function without arguments; None where the library has none of that name."""
    try:
        call = getattr(ctypes.CDLL(library), function)
    except (AttributeError, OSError):
        return None
    call.restype = result
    answer = call()
    return answer.decode() if isinstance(answer, bytes) else answer


def facts():
    blas = next(iter(loaded("openblas") or loaded("libmkl_core") or loaded("blas")), None)
    dnnl = next(iter(loaded("libdnnl")), None)
    isa = ask(dnnl, "dnnl_get_effective_cpu_isa") if dnnl else None
    return {
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "blas_info": next((word.split("=")[1] for word in torch.__config__.show().replace(",", " ").split() if word.startswith("BLAS_INFO=")), None),
        "aten": next((line.split(":")[1].strip() for line in torch.__config__.show().splitlines() if "CPU capability usage" in line), None),
        "blas": blas,
        "blas_core": ask(blas, "openblas_get_corename", ctypes.c_char_p) if blas else None,
        "blas_openmp": ask(blas, "openblas_get_parallel") == 2 if blas else False,
        "blas_threads": ask(blas, "openblas_get_num_threads") if blas else None,
        "onednn_avx512": None if isa is None else bool(isa & AVX512_CORE),
        "malloc": next(iter(loaded("tcmalloc") or loaded("jemalloc")), None),
    }


def age():
    """Seconds since this process was started."""
    with open("/proc/self/stat") as stat:
        ticks = int(stat.read().rsplit(")", 1)[1].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


def memory_mb(field):
    """VmRSS, resident memory now, or VmHWM, its peak."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith(field))


if __name__ == "__main__":
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    print(json.dumps(facts()))
