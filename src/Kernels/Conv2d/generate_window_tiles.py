#!/usr/bin/env python3
"""Writes WindowTiles.Generated.cs: the register tiles of convolutions with few input channels. Run it in this folder: python3 generate_window_tiles.py"""

PIXELS = (8, 6)
TAPS = (12, 8, 6, 4)
HEADER = """// Written by generate_window_tiles.py; change that instead.
using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

/// <summary>
/// Register tiles over windows that are read where they lie in a <see cref="PaddedBand"/>: step p of the sum begins offset[p] floats behind x. One loop with a
/// table of offsets, not two loops: around nested loops the JIT keeps an accumulator in memory. Accumulators are named locals, as in <see cref="Tiles"/>.
/// </summary>
static unsafe class WindowTiles
{
"""


def tile(name, summary, parameters, r, c, step, source, advance, start, epilogue):
    vectors = "1 vector" if c == 1 else f"{c} vectors"
    o = [f"    /// <summary>{summary}: {r} {name.lower()}, {vectors} of outputs.</summary>",
         "    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]",
         f"    public static void {name}{r}x{c}<V>(nint k, float* x, int* offset, {parameters})",
         "        where V : unmanaged, ISimd<V>", "    {"]
    o += start(c) + ["        V " + ", ".join(f"c{i}_{j} = c{j}" for j in range(c)) + ";" for i in range(r)]
    if step:
        o.append("        nint step2 = 2 * step, step3 = 3 * step;")
    o += ["        for (nint p = 0; p < k; p++)", "        {",
          f"            V b0 = V.Load({source})" + (f", b1 = V.Load({source} + V.Count)" if c == 2 else "") + ";", "            float* q = x + offset[p];"]
    for i in range(r):
        if step and i > 0 and i % 3 == 0:
            o.append("            q += step3;")
        at = ("0", "step", "step2")[i % 3] if step else str(i)
        o.append(f"            {'V a' if i == 0 else 'a'} = V.Create(q[{at}]); " + " ".join(f"c{i}_{j} = V.MultiplyAdd(a, b{j}, c{i}_{j});" for j in range(c)))
    o += [f"            {advance}", "        }"] + epilogue(r, c)
    return "\n".join(o + ["    }"])


def zeros(c):
    return ["        V c0 = V.Create(0)" + (", c1 = c0;" if c == 2 else ";")]


def biases(c):
    return ["        V c0 = V.Load(bias)" + (", c1 = V.Load(bias + V.Count);" if c == 2 else ";")]


def activate(r, c):
    o = ["        V s = V.Load(slope), zero = V.Create(0), flat = V.EqualTo(s, zero);"]
    for i in range(r):
        for j in range(c):
            o.append(f"        V.Select(V.GreaterThan(zero, c{i}_{j}), V.Select(flat, zero, s * c{i}_{j}), c{i}_{j}).Store(y{'' if j == 0 else ' + V.Count'});")
        if i < r - 1:
            o.append("        y += ldy;")
    return o


def accumulate(r, c):
    o = []
    for i in range(r):
        for j in range(c):
            at = "sum" if j == 0 else "sum + V.Count"
            o.append(f"        (V.Load({at}) + c{i}_{j}).Store({at});")
        if i < r - 1:
            o.append("        sum += ldsum;")
    return o


parts = [tile("Pixels", "y[i, j] = leaky(sum over p &lt; k of x[offset[p] + i step] w[p, j] + bias[j])",
              "nint step, float* w, float* bias, float* slope, float* y, nint ldy", r, c, True, "w", "w += 2 * V.Count;", biases, activate)
          for r in PIXELS for c in (2, 1)]
parts += [tile("Taps", "sum[i, j] += sum over p &lt; k of x[offset[p] + i] dy[p, j]",
               "float* dy, nint lddy, float* sum, nint ldsum", r, c, False, "dy", "dy += lddy;", zeros, accumulate) for r in TAPS
          for c in (2, 1)]
with open("WindowTiles.Generated.cs", "w", encoding="utf-8", newline="\n") as f:
    f.write(HEADER + "\n\n".join(parts) + "\n}\n")
