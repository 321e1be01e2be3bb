#!/usr/bin/env python3
"""Writes AttentionMicrokernels.Generated.cs beside this file: python3 generate_microkernels.py

A micro-kernel keeps its tile of C in named locals, which the JIT holds in registers; a loop over an array of accumulators runs at a quarter of the speed.
"""
import pathlib

HEAD = """// Written by generate_microkernels.py; change that instead.
using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

/// <summary>
/// C[r, l] = (add ? C[r, l] : 0) + sum_k A(r, k) b[k, l] for a tile of rows r and lanes l. b is a panel: depth rows of exactly the tile's lanes.
/// By rows: A(r, k) = a[r lda + k]. By columns: A(r, k) = a[k lda + r].
/// </summary>
static unsafe class AttentionMicrokernels
{
"""


def kernel(by, rows, width):
    r, w = range(rows), range(width)
    out = [
        "    [MethodImpl(MethodImplOptions.AggressiveOptimization)]",
        f"    public static void {by}{rows}x{width}<V>(float* a, nint lda, float* b, int depth, float* c, nint ldc, bool add) where V : unmanaged, ISimd<V>",
        "    {",
    ]
    for i in r:
        out.append("        V " + ", ".join(f"c{i}_{j} = V.Create(0)" for j in w) + ";")
    if by == "Rows":
        for i in range(1, rows):
            out.append(f"        float* a{i} = a + {i} * lda;")
    step = f"{width} * V.Count" if width > 1 else "V.Count"
    advance = f"b += {step}" if by == "Rows" else f"b += {step}, a += lda"
    out += [f"        for (nint k = 0; k < depth; k++, {advance})", "        {"]
    loads = ", ".join(f"b{j} = V.Load(b{f' + {j} * V.Count' if j > 1 else ' + V.Count' if j else ''})" for j in w)
    out.append(f"            V {loads};")
    for i in r:
        source = ("a[k]" if i == 0 else f"a{i}[k]") if by == "Rows" else f"a[{i}]"
        out.append(f"            V t{i} = V.Create({source});")
        for j in w:
            out.append(f"            c{i}_{j} = V.MultiplyAdd(t{i}, b{j}, c{i}_{j});")
    out += ["        }", "        if (add)", "        {"]
    at = lambda i, j: "c" + (f" + {i} * ldc" if i > 1 else " + ldc" if i else "") + (f" + {j} * V.Count" if j > 1 else " + V.Count" if j else "")
    for i in r:
        for j in w:
            out.append(f"            c{i}_{j} += V.Load({at(i, j)});")
    out.append("        }")
    for i in r:
        for j in w:
            out.append(f"        c{i}_{j}.Store({at(i, j)});")
    out.append("    }")
    return "\n".join(out) + "\n"


kernels = [kernel(by, rows, width) for by, width in (("Rows", 2), ("Columns", 2), ("Rows", 1)) for rows in (8, 4, 1)]
pathlib.Path(__file__).with_name("AttentionMicrokernels.Generated.cs").write_text(HEAD + "\n".join(kernels) + "}\n")
