#!/usr/bin/env python3
"""Writes Tiles.Generated.cs: the register tiles of the matrix product. Run it in this folder after a change: python3 generate_tiles.py"""

ROWS = (12, 8, 6, 4, 2)
HEADER = """// Written by generate_tiles.py; change that instead.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Sagan.Native.Kernels;

/// <summary>
/// Register tiles: t[i, j] = sum over p &lt; k of a[i, p] b[p, j] for i &lt; R rows and j &lt; C vectors; b[p, j] at b[p ldb + j], t with a pitch of two
/// vectors.
/// Rows: a[i, p] at a[i lda + p]. Columns: a[i, p] at a[p lda + i].
/// Every sum is one chain of fused multiply-adds in ascending p, so an element has the same bits in whichever tile it is computed.
/// The accumulators are named locals because the JIT keeps those in registers; an array of 24 vectors (stackalloc or inline array) ran at a quarter of the
/// speed.
/// </summary>
static unsafe class Tiles
{
    // How many steps of k ahead b is asked for: it streams from L2.
    const int PrefetchSteps = 24;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Prefetch<V>(float* b) where V : unmanaged, ISimd<V>
    {
        if (!Sse.IsSupported || V.Count < 8) return;
        Sse.Prefetch0(b);
        if (V.Count == 16) Sse.Prefetch0(b + V.Count);
    }

    /// <summary>Runs the smallest tile that has at least this many rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<V, TA>(int rows, bool wide, nint k, float* a, nint lda, float* b, nint ldb, float* t)
        where V : unmanaged, ISimd<V> where TA : unmanaged, IOperand
    {
        if (TA.InRows)
        {
            if (wide) RunRows2<V>(rows, k, a, lda, b, ldb, t);
            else RunRows1<V>(rows, k, a, lda, b, ldb, t);
        }
        else if (wide) RunColumns2<V>(rows, k, a, lda, b, ldb, t);
        else RunColumns1<V>(rows, k, a, lda, b, ldb, t);
    }
"""


def dispatcher(layout, c):
    out = [f"    static void Run{layout}{c}<V>(int rows, nint k, float* a, nint lda, float* b, nint ldb, float* t) where V : unmanaged, ISimd<V>", "    {"]
    for r, smaller in zip(ROWS, ROWS[1:] + (None,)):
        head = ("" if r == ROWS[0] else "else ") + ("" if smaller is None else f"if (rows > {smaller}) ")
        out.append(f"        {head}{layout}{r}x{c}<V>(k, a, lda, b, ldb, t);")
    out.append("    }")
    return "\n".join(out)


def tile(layout, r, c):
    groups = list(range(0, r, 3)) if layout == "Rows" else [0]
    o = ["    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]", f"    static void {layout}{r}x{c}<V>(nint k, float* a, nint lda, float* b, nint ldb, float* t) where V : unmanaged, ISimd<V>", "    {"]
    for i in range(r):
        o.append("        V " + ", ".join(f"c{i}_{j} = V.Create(0)" for j in range(c)) + ";")
    if layout == "Rows":
        if r > 2:
            o.append("        nint lda2 = 2 * lda;")
        for g in groups[1:]:
            o.append(f"        float* a{g} = a + {g} * lda;")
    o.append("        nint ahead = PrefetchSteps * ldb;")
    o.append("        for (; k > 0; k--)")
    o.append("        {")
    o.append("            V " + ", ".join("b0 = V.Load(b)" if j == 0 else f"b{j} = V.Load(b + V.Count)" for j in range(c)) + ";")
    o.append("            Prefetch<V>(b + ahead);")
    for i in range(r):
        if layout == "Rows":
            base = "a" if i < 3 else f"a{i // 3 * 3}"
            index = ("0", "lda", "lda2")[i % 3]
        else:
            base, index = "a", str(i)
        define = "V x" if i == 0 else "x"
        fma = " ".join(f"c{i}_{j} = V.MultiplyAdd(x, b{j}, c{i}_{j});" for j in range(c))
        o.append(f"            {define} = V.Create({base}[{index}]); {fma}")
    o.append("            b += ldb;")
    if layout == "Rows":
        o.append("            " + " ".join(("a++;" if g == 0 else f"a{g}++;") for g in groups))
    else:
        o.append("            a += lda;")
    o.append("        }")
    for i in range(r):
        for j in range(c):
            o.append(f"        c{i}_{j}.Store(t + {2 * i + j} * V.Count);")
    o.append("    }")
    return "\n".join(o)


parts = [dispatcher(l, c) for l in ("Rows", "Columns") for c in (2, 1)]
parts += [tile(l, r, c) for l in ("Rows", "Columns") for c in (2, 1) for r in ROWS]
with open("Tiles.Generated.cs", "w", encoding="utf-8", newline="\n") as f:
    f.write(HEADER + "\n" + "\n\n".join(parts) + "\n}\n")
