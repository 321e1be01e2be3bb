/*
 * Attention as a tape: one step for each matrix, forward and then backward, in the letters of src/Tensor/Ops/Attention.cs.
 *
 * A step says what each of its cells is, as an expression over cells of earlier steps. That one description gives the number (value), the
 * sum as it is shown (show), the cells it came from (sources), and for the penalty of WGAN-GP its derivative in a direction (tangent).
 */
const tape = (() => {
  // Expressions: a number, a cell of a matrix, or one of the rules below.
  const cell = (matrix, i, j) => ({ matrix, i, j });
  const sum = terms => {
    const rest = terms.filter(t => t !== 0);
    return rest.length === 0 ? 0 : rest.length === 1 ? rest[0] : { rule: "sum", of: rest };
  };
  const product = (...factors) => factors.includes(0) ? 0 : { rule: "product", of: factors };
  const minus = (a, b) => b === 0 ? a : { rule: "minus", of: [a, b] };
  const over = (a, b) => ({ rule: "over", of: [a, b] });
  const exp = a => ({ rule: "exp", of: [a] });
  const log = a => ({ rule: "log", of: [a] });
  const sqrt = a => ({ rule: "sqrt", of: [a] });
  const max = (...of) => ({ rule: "max", of });
  const softmax = (e, row) => ({ rule: "softmax", of: [e, ...row] });

  const add = (a, b) => a + b, join = (parts, sign) => parts.flatMap((p, i) => i === 0 ? p : [sign, ...p]);
  const rules = {
    sum: { value: x => x.reduce(add, 0), show: x => join(x, " + "), binds: 1 },
    minus: { value: ([a, b]) => a - b, show: x => join(x, " − "), binds: 1 },
    product: { value: x => x.reduce((a, b) => a * b, 1), show: x => join(x, " × "), binds: 2 },
    over: { value: ([a, b]) => a / b, show: x => join(x, " / "), binds: 2 },
    exp: { value: ([a]) => Math.exp(a), show: ([a]) => ["exp(", ...a, ")"], binds: 3 },
    log: { value: ([a]) => Math.log(a), show: ([a]) => ["log(", ...a, ")"], binds: 3 },
    sqrt: { value: ([a]) => Math.sqrt(a), show: ([a]) => ["√(", ...a, ")"], binds: 3 },
    max: { value: x => Math.max(...x), show: x => ["max(", ...join(x, ", "), ")"], binds: 3 },
    softmax: {
      // The largest score is subtracted from all, which changes nothing but keeps exp from overflowing.
      value: ([e, ...row]) => {
        const m = Math.max(...row);
        return Math.exp(e - m) / row.reduce((z, x) => z + Math.exp(x - m), 0);
      },
      show: ([e, ...row]) => ["exp(", ...e, ") / (", ...join(row.map(x => ["exp(", ...x, ")"]), " + "), ")"],
      binds: 2,
    },
  };

  /** The number of an expression; get tells the number of a cell. */
  const value = (e, get) => typeof e === "number" ? e : e.matrix ? get(e) : rules[e.rule].value(e.of.map(part => value(part, get)));

  /** An expression as texts and, between them, the cells and numbers that stand there. */
  const show = e => {
    if (typeof e === "number" || e.matrix) return [e];
    const parts = e.of.map((part, k) => {
      const weaker = part.rule && rules[part.rule].binds < 3
        && (rules[part.rule].binds < rules[e.rule].binds || (k > 0 && (e.rule === "minus" || e.rule === "over")));
      return weaker && rules[e.rule].binds < 3 ? ["(", ...show(part), ")"] : show(part);
    });
    return rules[e.rule].show(parts);
  };

  /** The cells that an expression reads. */
  const sources = e => typeof e === "number" ? [] : e.matrix ? [e] : e.of.flatMap(sources);

  /** How a sum of products moves when the matrices in `moving` do: product rule; X′ is how X moves. */
  const tangent = (e, moving) => {
    if (typeof e === "number") return 0;
    if (e.matrix) return moving.has(e.matrix) ? cell(`${e.matrix}′`, e.i, e.j) : 0;
    const d = e.of.map(part => tangent(part, moving));
    switch (e.rule) {
      case "sum": return sum(d);
      case "minus": return d[0] === 0 && d[1] !== 0 ? product(-1, d[1]) : minus(d[0], d[1]);
      case "product": return sum(d.map((dk, k) => product(...e.of.map((factor, l) => l === k ? dk : factor))));
      default: throw new Error(`no tangent of ${e.rule}`);
    }
  };

  const N = 4, C = 2, tile = 2;
  const total = (n, f) => sum(Array.from({ length: n }, (_, k) => f(k)));
  const all = (rows, columns, f) => total(rows * columns, k => f(Math.floor(k / columns), k % columns));
  const scale = cell("scale", 0, 0), gamma = cell("gamma", 0, 0);

  /** What can be edited. */
  const inputs = {
    x: [N, C], Wq: [C, C], Wk: [C, C], Wv: [C, C], q: [N, C], k: [N, C], v: [N, C], gamma: [1, 1], dy: [N, C], scale: [1, 1],
  };

  const step = (name, rows, columns, row, column, formula, about, of) => ({ name, rows, columns, row, column, formula, about, of });

  const project = (name, W) => step(name, N, C, "forward", { q: 2, k: 3, v: 4 }[name], `x ${W}ᵀ`,
    { q: "What each pixel looks for.", k: "What each pixel offers to be found by.", v: "What each pixel says when it is read." }[name],
    (i, c) => total(C, d => product(cell("x", i, d), cell(W, c, d))));

  const ending = [
    step("y", N, C, "forward", 9, "x + gamma o", "The block’s output: the input, and gamma times what was read.",
      (i, c) => sum([cell("x", i, c), product(gamma, cell("o", i, c))])),
    step("L", 1, 1, "forward", 10, "sum(dy * y)",
      "A loss to differentiate. The rest of a network is stood for by dy, the gradient that it would send back.",
      () => all(N, C, (i, c) => product(cell("dy", i, c), cell("y", i, c)))),
    step("g", N, C, "backward", 8, "gamma dy", "dL/do: where backward enters attention. At gamma = 0 nothing enters.",
      (i, c) => product(gamma, cell("dy", i, c))),
  ];

  /** The N x N matrices and all, as in ReferenceAttention.cs. `wrong` breaks a rule on purpose: "rowsum", "scale" or "transpose". */
  const plain = wrong => [
    step("E", N, N, "forward", 5, "scale q kᵀ", "Scores: row i is a query, column j a key.",
      (i, j) => product(scale, total(C, c => product(cell("q", i, c), cell("k", j, c))))),
    step("A", N, N, "forward", 6, "softmax_j(E)", "Weights: each row is positive and sums to 1.",
      (i, j) => softmax(cell("E", i, j), [0, 1, 2, 3].map(l => cell("E", i, l)))),
    step("o", N, C, "forward", 8, "A v", "What each query reads: a mean of the values, weighted by its row of A.",
      (i, c) => total(N, j => product(cell("A", i, j), cell("v", j, c)))),
    ...ending,
    step("dv", N, C, "backward", 4, wrong === "transpose" ? "A g" : "Aᵀ g",
      "A value is read by many queries: what they all want of it, weighted by how much they read.",
      (j, c) => total(N, i => product(wrong === "transpose" ? cell("A", j, i) : cell("A", i, j), cell("g", i, c)))),
    step("dA", N, N, "backward", 6, "g vᵀ", "How much the loss would change with each weight, if each could move alone.",
      (i, j) => total(C, c => product(cell("g", i, c), cell("v", j, c)))),
    step("D", N, 1, "backward", 7, "rowsum(dA * A)", "The mean of dA in each row, weighted by A. It is rowsum(g * o) too.",
      i => total(N, j => product(cell("dA", i, j), cell("A", i, j)))),
    step("dE", N, N, "backward", 5, wrong === "rowsum" ? "A * dA" : "A * (dA − D)",
      "Softmax backwards. Weights of a row sum to 1, so one grows only where others shrink: hence − D. Each row of dE sums to 0.",
      (i, j) => product(cell("A", i, j), wrong === "rowsum" ? cell("dA", i, j) : minus(cell("dA", i, j), cell("D", i, 0)))),
    step("dq", N, C, "backward", 2, wrong === "scale" ? "dE k" : "scale dE k", "Towards which keys each query should move.",
      (i, c) => product(...(wrong === "scale" ? [] : [scale]), total(N, j => product(cell("dE", i, j), cell("k", j, c))))),
    step("dk", N, C, "backward", 3, `${wrong === "scale" ? "" : "scale "}${wrong === "transpose" ? "dE" : "dEᵀ"} q`,
      "Towards which queries each key should move. Its rows sum to 0: the same key added everywhere changes no weight.",
      (j, c) => product(...(wrong === "scale" ? [] : [scale]),
        total(N, i => product(wrong === "transpose" ? cell("dE", j, i) : cell("dE", i, j), cell("q", i, c))))),
  ];

  /** The same numbers with keys that arrive tile by tile, as the kernels do it: no N x N matrix exists at any time. */
  const streaming = () => {
    const forward = [], backward = [], T = N / tile;
    const named = (letter, t) => `${letter}${"₁₂"[t]}`;
    for (let t = 0; t < T; t++) {
      const [E, m, r, P, z, a] = [..."EmrPza"].map(letter => named(letter, t)), [m0, z0, a0] = [..."mza"].map(l => named(l, t - 1));
      const keys = `keys ${t * tile + 1} and ${t * tile + 2}`, row = `tile${t + 1}`, kept = (e, before) => t === 0 ? e : sum([before, e]);
      forward.push(
        step(E, N, tile, row, 1, `scale q k${"₁₂"[t]}ᵀ`, `Scores of ${keys} alone.`,
          (i, j) => product(scale, total(C, c => product(cell("q", i, c), cell("k", t * tile + j, c))))),
        step(m, N, 1, row, 2, t === 0 ? `rowmax(${E})` : `max(${m0}, rowmax(${E}))`, "The largest score of each query so far.",
          i => max(...(t === 0 ? [] : [cell(m0, i, 0)]), cell(E, i, 0), cell(E, i, 1))),
        ...(t === 0 ? [] : [step(r, N, 1, row, 3, `exp(${m0} − ${m})`,
          "The maximum has grown: what was summed so far is multiplied by this.", i => exp(minus(cell(m0, i, 0), cell(m, i, 0))))]),
        step(P, N, tile, row, 4, `exp(${E} − ${m})`, "Weights that are not divided by their sum yet, since it is not known yet.",
          (i, j) => exp(minus(cell(E, i, j), cell(m, i, 0)))),
        step(z, N, 1, row, 5, t === 0 ? `rowsum(${P})` : `${r} ${z0} + rowsum(${P})`, "The sum of exponentials so far.",
          i => kept(sum([cell(P, i, 0), cell(P, i, 1)]), product(cell(r, i, 0), cell(z0, i, 0)))),
        step(a, N, C, row, 6, t === 0 ? `${P} v₁` : `${r} * ${a0} + ${P} v₂`, "What was read so far, not divided yet.",
          (i, c) => kept(total(tile, j => product(cell(P, i, j), cell("v", t * tile + j, c))), product(cell(r, i, 0), cell(a0, i, c)))));

      const [At, dvt, dAt, dEt, dkt, dqt] = ["A", "dv", "dA", "dE", "dk", "dq"].map(l => named(l, t)), back = `back${t + 1}`;
      backward.push(
        step(At, N, tile, back, 1, `exp(${E} − m) / z`, "The weights again, from the scores, the maximum and the sum: nothing was stored.",
          (i, j) => over(exp(minus(cell(E, i, j), cell("m₂", i, 0))), cell("z₂", i, 0))),
        step(dvt, tile, C, back, 2, `${At}ᵀ g`, `Gradient of the values of ${keys}.`,
          (j, c) => total(N, i => product(cell(At, i, j), cell("g", i, c)))),
        step(dAt, N, tile, back, 3, `g v${"₁₂"[t]}ᵀ`, "How much the loss would change with each weight of this tile.",
          (i, j) => total(C, c => product(cell("g", i, c), cell("v", t * tile + j, c)))),
        step(dEt, N, tile, back, 4, `${At} * (${dAt} − D)`, "Softmax backwards, for this tile alone: D is known for the whole row already.",
          (i, j) => product(cell(At, i, j), minus(cell(dAt, i, j), cell("D", i, 0)))),
        step(dkt, tile, C, back, 5, `scale ${dEt}ᵀ q`, `Gradient of ${keys}.`,
          (j, c) => product(scale, total(N, i => product(cell(dEt, i, j), cell("q", i, c))))),
        step(dqt, N, C, back, 6, `${t === 0 ? "" : `${named("dq", t - 1)} + `}scale ${dEt} k${"₁₂"[t]}`, "Gradient of the queries so far.",
          (i, c) => kept(product(scale, total(tile, j => product(cell(dEt, i, j), cell("k", t * tile + j, c)))),
            cell(named("dq", t - 1), i, c))));
    }
    const stacked = letter => (j, c) => cell(named(letter, Math.floor(j / tile)), j % tile, c);
    return [
      ...forward,
      step("o", N, C, "forward", 8, "a₂ / z₂", "Divided once, at the end.", (i, c) => over(cell("a₂", i, c), cell("z₂", i, 0))),
      step("lse", N, 1, "forward", 6, "m₂ + log z₂",
        "The logarithm of the whole sum of exponentials: all that backward needs of a row. The engine keeps m and z, which round less.",
        i => sum([cell("m₂", i, 0), log(cell("z₂", i, 0))])),
      ...ending,
      step("D", N, 1, "backward", 6, "rowsum(g * o)", "The row sum of dA * A without dA and A: sum_j A_ij (g_i · v_j) = g_i · o_i.",
        i => total(C, c => product(cell("g", i, c), cell("o", i, c)))),
      ...backward,
      step("dv", N, C, "backward", 4, "dv₁ above dv₂", "Both tiles of keys.", stacked("dv")),
      step("dq", N, C, "backward", 2, "dq₂", "The sum over both tiles.", (i, c) => cell("dq₂", i, c)),
      step("dk", N, C, "backward", 3, "dk₁ above dk₂", "Both tiles of keys.", stacked("dk")),
    ];
  };

  const weightGradient = (letter, column) => step(`dW${letter}`, C, C, "gradients", column, `d${letter}ᵀ x`,
    "Every pixel has used these weights: a sum over pixels.",
    (o, d) => total(N, i => product(cell(`d${letter}`, i, o), cell("x", i, d))));

  const below = [
    weightGradient("q", 2), weightGradient("k", 3), weightGradient("v", 4),
    step("dgamma", 1, 1, "gradients", 8, "sum(dy * o)", "The only gradient of the branch that is there at gamma = 0.",
      () => all(N, C, (i, c) => product(cell("dy", i, c), cell("o", i, c)))),
    step("dx", N, C, "backward", 1, "dy + dq Wq + dk Wk + dv Wv", "Through the residual, and through q, k and v.",
      (i, d) => sum([cell("dy", i, d),
        ...[..."qkv"].flatMap(l => [0, 1].map(c => product(cell(`d${l}`, i, c), cell(`W${l}`, c, d))))])),
  ];

  /** WGAN-GP’s penalty and its gradients: how every gradient above moves when x moves along dP/d(dx). */
  const penalty = steps => {
    const moving = new Set(["x"]), made = [
      step("n", 1, 1, "penalty", 1, "‖dx‖", "The length of the gradient at the pixels.",
        () => sqrt(sum([all(N, C, (i, c) => product(cell("dx", i, c), cell("dx", i, c))), 1e-12]))),
      step("P", 1, 1, "penalty", 2, "(n − 1)²", "The penalty: a critic’s gradient should have length 1.",
        () => product(minus(cell("n", 0, 0), 1), minus(cell("n", 0, 0), 1))),
      step("x′", N, C, "penalty", 3, "2 (n − 1) dx / n",
        "dP/d(dx), taken as a direction in which x moves. A′ is how A then moves, and the gradient of P at Wq is how dWq moves.",
        (i, c) => over(product(2, minus(cell("n", 0, 0), 1), cell("dx", i, c)), cell("n", 0, 0))),
    ];
    const formulas = {
      q: "x′ Wqᵀ", k: "x′ Wkᵀ", v: "x′ Wvᵀ", E: "scale (q′ kᵀ + q k′ᵀ)", A: "A * (E′ − rowsum(A * E′))", o: "A′ v + A v′",
      y: "x′ + gamma o′", dv: "A′ᵀ g", dA: "g v′ᵀ", D: "rowsum(dA′ * A + dA * A′)", dE: "A′ * (dA − D) + A * (dA′ − D′)",
      dq: "scale (dE′ k + dE k′)", dk: "scale (dE′ᵀ q + dEᵀ q′)", dWq: "dq′ᵀ x + dqᵀ x′", dWk: "dk′ᵀ x + dkᵀ x′",
      dWv: "dv′ᵀ x + dvᵀ x′", dgamma: "sum(dy * o′)", dx: "dq′ Wq + dk′ Wk + dv′ Wv",
    };
    for (const s of steps) {
      if (!(s.name in formulas)) continue;
      const of = s.name === "A"
        ? (i, j) => product(cell("A", i, j), minus(cell("E′", i, j), total(N, l => product(cell("A", i, l), cell("E′", i, l)))))
        : (i, j) => tangent(s.of(i, j), moving);
      moving.add(s.name);
      const wanted = { dWq: "Wq", dWk: "Wk", dWv: "Wv", dgamma: "gamma", dx: "x", y: "dy" }[s.name];
      made.push(step(`${s.name}′`, s.rows, s.columns, wanted ? "second" : s.row === "forward" ? "moves" : "movesback", made.length,
        formulas[s.name],
        wanted ? `The gradient of the penalty: dP/d${wanted}.` : `How ${s.name} moves: the product rule on its formula.`, of));
    }
    return made;
  };

  /**
   * The steps in the order of computation. from: "x" or "qkv"; mode: "plain" or "streaming"; wrong: what is broken; second: the penalty
   * too. Each has cells, an expression for each of its numbers.
   */
  const steps = ({ from = "x", mode = "plain", wrong = "", second = false } = {}) => {
    const head = from === "x" ? [project("q", "Wq"), project("k", "Wk"), project("v", "Wv")] : [];
    const tail = from === "x" ? below : [below[3], { ...below[4], formula: "dy", about: "Through the residual alone: q, k and v stand by "
      + "themselves here.", of: (i, d) => cell("dy", i, d) }];
    const made = [...head, ...(mode === "streaming" ? streaming() : plain(wrong)), ...tail];
    if (second) made.push(...penalty(made));
    return made.map(s => ({ ...s,
      cells: Array.from({ length: s.rows }, (_, i) => Array.from({ length: s.columns }, (_, j) => s.of(i, j))) }));
  };

  /** Every matrix by its name: those that were given, and those of the steps, up to and with the one named last. */
  const run = (steps, given, last = null) => {
    const m = { ...given }, get = c => m[c.matrix][c.i][c.j];
    for (const s of steps) {
      m[s.name] = s.cells.map(row => row.map(e => value(e, get)));
      if (s.name === last) break;
    }
    return m;
  };

  /** The derivative of a step of one cell, L or P, for one number of an input, by a central difference of five points. */
  const difference = (steps, given, target, name, i, j) => {
    const h = 2e-4, at = d => {
      const moved = given[name].map(row => [...row]);
      moved[i][j] += d;
      return run(steps, { ...given, [name]: moved }, target)[target][0][0];
    };
    return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
  };

  /** The matrix that holds the gradient of an input, of L or of P. */
  const gradientOf = (name, target) => (name === "dy" ? "y" : `d${name}`) + (target === "P" ? "′" : "");

  return { inputs, steps, run, show, sources, value, difference, gradientOf };
})();
