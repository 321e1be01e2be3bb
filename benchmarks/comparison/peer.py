"""PyTorch's best environment, and the check that a process really has it.

Debian's default handicaps it several times over: a BLAS without threads, or one whose threads fight with PyTorch's own; AVX2 kernels of its own on
processors with AVX-512; a malloc that gives large tensors back to the kernel.
"""
import glob
import os

from .refusal import Refusal

AVX512_CORES = {"skylakex", "cooperlake", "sapphirerapids"}
HOW_TO_GET = ("Install them (apt install libopenblas0-openmp libtcmalloc-minimal4), or unpack them into a folder and name it: mkdir -p DIR && cd DIR && "
              "apt-get download libopenblas0-openmp libtcmalloc-minimal4 && for d in *.deb; do dpkg-deb -x $d .; done, then --peer-libs DIR.")


def environment(libraries, threads, avx512, changes=()):
    """The environment variables of the peer. libraries: a folder with unpacked packages, or None for those of the system."""
    root = os.path.abspath(libraries) if libraries else ""
    blas = glob.glob(f"{root}/usr/lib/*/openblas-openmp/libblas.so.3")
    malloc = glob.glob(f"{root}/usr/lib/*/libtcmalloc_minimal.so.4")
    if not blas or not malloc:
        lacking = " and ".join(name for name, found in [("libopenblas0-openmp", blas), ("libtcmalloc-minimal4", malloc)] if not found)
        raise Refusal(f"the peer would be handicapped: {lacking} not found{' in ' + libraries if libraries else ''}. {HOW_TO_GET}")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("OPENBLAS_", "ATEN_", "OMP_", "GOMP_", "DNNL_", "ONEDNN_", "MKL_", "MALLOC_"))}
    env.update(LD_LIBRARY_PATH=os.path.dirname(blas[0]), LD_PRELOAD=malloc[0], OMP_NUM_THREADS=str(threads))
    if avx512:
        env.update(OPENBLAS_CORETYPE="SKYLAKEX", ATEN_CPU_CAPABILITY="avx512")
    else:
        env.update(OPENBLAS_CORETYPE="Haswell", ATEN_CPU_CAPABILITY="avx2", ONEDNN_MAX_CPU_ISA="AVX2", DNNL_MAX_CPU_ISA="AVX2")
    for change in changes:
        name, _, value = change.partition("=")
        env[name] = value
    return env


def check(facts, threads, avx512):
    """Refuses what pytorch_facts.facts() says where it is not the best that this machine can do (or, with avx512 False, not AVX2)."""
    if any(count not in (None, threads) for count in (facts["threads"], facts["blas_threads"])):
        raise Refusal(f"the peer computes with {facts['threads']} threads, its BLAS with {facts['blas_threads']}, {threads} were asked for. "
                      "Unset what limits it, or give --threads.")
    if not facts["malloc"]:
        raise Refusal(f"the peer would be handicapped: it runs without tcmalloc. {HOW_TO_GET}")
    wanted = "AVX-512" if avx512 else "AVX2"
    kernels = {"ATen": "AVX512" in (facts["aten"] or "").upper(), "oneDNN": facts["onednn_avx512"]}
    if facts["blas_info"] != "mkl":
        if not facts["blas_core"]:
            raise Refusal(f"the peer would be handicapped: its BLAS, {facts['blas']}, is not OpenBLAS. {HOW_TO_GET}")
        if not facts["blas_openmp"]:
            raise Refusal(f"the peer would be handicapped: {facts['blas']} has threads of its own beside PyTorch's. {HOW_TO_GET}")
        kernels[f"OpenBLAS ({facts['blas_core']})"] = facts["blas_core"].lower() in AVX512_CORES
    for library, has_avx512 in kernels.items():
        if has_avx512 is not None and has_avx512 != avx512:
            raise Refusal(f"the peer's {library} computes with {'AVX-512' if has_avx512 else 'AVX2 or less'}, {wanted} is called for. Unset OPENBLAS_CORETYPE, "
                          "ATEN_CPU_CAPABILITY, DNNL_MAX_CPU_ISA and ONEDNN_MAX_CPU_ISA where they come from --peer-env; else this PyTorch cannot be compared with here.")
