/* The page around the tape: matrices as grids of cells, the explanation of one of them, and the steps through all. */
{
  const byId = id => document.getElementById(id);
  const { el, number } = page;
  const start = {
    x: [[1, 0], [0.5, 1], [-0.5, 0.5], [0, -1]], Wq: [[1, 0.5], [-0.5, 1]], Wk: [[0.8, -0.5], [0.5, 1]], Wv: [[0.5, 1], [1, -0.5]],
    gamma: [[0.5]], dy: [[1, 0], [0, -1], [0.5, 0.5], [-1, 0.5]], scale: [[1]],
  };
  Object.assign(start, pick(tape.run(tape.steps(), start), ["q", "k", "v"]));

  // All that the address holds. at: how many steps are computed, null = all; cell: the one explained.
  const beginning = () => ({ from: "x", mode: "plain", wrong: "", second: false, needle: "L", map: "A", at: null, cell: ["dE", 1, 2],
    given: structuredClone(start) });
  let state = beginning();
  let steps, matrices, hovered = null, playing = null;
  let cells = new Map(), needles = new Map(), frames = new Map();

  function pick(from, names) {
    return Object.fromEntries(names.map(n => [n, structuredClone(from[n])]));
  }
  const key = (name, i, j) => `${name}.${i}.${j}`;
  const done = () => state.at === null ? steps.length : Math.min(state.at, steps.length);
  const edited = () => state.from === "x" ? ["x", "Wq", "Wk", "Wv", "gamma", "dy"] : ["x", "q", "k", "v", "gamma", "dy"];
  const stepOf = name => steps.find(s => s.name === name);
  const computed = name => !stepOf(name) || steps.findIndex(s => s.name === name) < done();
  const secondOrder = () => state.from === "x" && state.mode === "plain" && state.wrong === "";

  // ---- The address ----

  function save() {
    const p = new URLSearchParams(), usual = beginning();
    for (const name of ["from", "mode", "wrong", "needle", "map"]) if (state[name] !== usual[name]) p.set(name, state[name]);
    if (state.second) p.set("second", "1");
    if (state.at !== null && state.at < steps.length) p.set("at", state.at);
    if (state.cell.join() !== usual.cell.join()) p.set("cell", state.cell.join("."));
    for (const name of Object.keys(tape.inputs))
      if (state.given[name].flat().join() !== start[name].flat().join()) p.set(name, state.given[name].flat().join());
    history.replaceState(null, "", `#${p.toString().replaceAll("%2C", ",")}`);
  }

  // Whatever does not fit is passed over: an address is typed by hand too.
  function load() {
    const p = new URLSearchParams(location.hash.slice(1));
    state = beginning();
    const choices = { from: ["x", "qkv"], mode: ["plain", "streaming"], wrong: ["", "rowsum", "scale", "transpose"], needle: ["L", "P"],
      map: ["image", "A", "dE"] };
    for (const [name, all] of Object.entries(choices)) if (all.includes(p.get(name))) state[name] = p.get(name);
    if (state.mode === "streaming") state.wrong = "";
    state.second = p.get("second") === "1" && secondOrder();
    if (!state.second) state.needle = "L";
    if (/^\d+$/.test(p.get("at") ?? "")) state.at = Number(p.get("at"));
    for (const [name, [rows, columns]] of Object.entries(tape.inputs)) {
      const given = (p.get(name) ?? "").split(",").map(Number);
      if (!p.has(name) || given.length !== rows * columns || !given.every(Number.isFinite)) continue;
      state.given[name] = Array.from({ length: rows }, (_, i) => given.slice(i * columns, (i + 1) * columns));
    }
    const [name, i, j] = (p.get("cell") ?? "").split(".");
    if (name) state.cell = [name, Number(i), Number(j)];
    build();
  }

  // ---- The matrices ----

  const rowsOf = {
    plain: [["weights", "Weights"], ["forward", "Forward →"], ["backward", "← Backward"], ["gradients", "Gradients of the weights"]],
    streaming: [["weights", "Weights"], ["pixels", "Forward →"], ["tile1", "Forward, tile 1: keys 1 and 2"],
      ["tile2", "Forward, tile 2: keys 3 and 4"], ["forward", "Forward, after the last tile"], ["backward", "Backward"],
      ["back1", "Backward, tile 1: keys 1 and 2"], ["back2", "Backward, tile 2: keys 3 and 4"],
      ["both", "Backward, after the last tile"], ["gradients", "Gradients of the weights"]],
    second: [["penalty", "The penalty"], ["moves", "How forward moves with x′"], ["movesback", "How backward moves"],
      ["second", "Gradients of the penalty"]],
  };
  const given = [["x", "forward", 1], ["Wq", "weights", 2], ["Wk", "weights", 3], ["Wv", "weights", 4], ["q", "forward", 2],
    ["k", "forward", 3], ["v", "forward", 4], ["gamma", "weights", 8], ["dy", "backward", 9]];
  const aboutInput = {
    x: "The pixels, one in each row, with two channels.", Wq: "Makes queries of pixels.", Wk: "Makes keys of pixels.",
    Wv: "Makes values of pixels.", gamma: "How much of what was read is added. Training begins with 0.",
    dy: "dL/dy: the gradient that the rest of the network sends back.", q: "What each pixel looks for.",
    k: "What each pixel offers to be found by.", v: "What each pixel says when it is read.",
  };

  function rowOf(name, row) {
    if (state.mode === "plain") return row;
    if (["x", "q", "k", "v"].includes(name)) return "pixels";
    return ["dv", "dq", "dk", "dx"].includes(name) ? "both" : row;
  }

  function build() {
    steps = tape.steps({ ...state, second: state.second && secondOrder() });
    cells = new Map();
    needles = new Map();
    frames = new Map();
    const parts = [
      ...given.filter(([name]) => edited().includes(name)).map(([name, row, column]) => ({ name, row: rowOf(name, row), column,
        rows: tape.inputs[name][0], columns: tape.inputs[name][1], formula: "", edited: true })),
      ...steps.map(s => ({ ...s, row: rowOf(s.name, s.row) })),
    ];
    const sections = rows => rows.map(([row, title]) => ({ title, row, own: parts.filter(p => p.row === row) })).filter(s => s.own.length)
      .map(({ title, row, own }) => el("section", { class: `band ${row}` }, el("h2", {}, title), el("div", { class: "line" },
        own.map(matrix))));
    byId("sheet").replaceChildren(...sections(rowsOf[state.mode]));
    byId("sheet").className = state.mode;
    byId("second-sheet").replaceChildren(...secondOrder() ? [el("p", {}, "A critic’s score L should change with the pixels at rate 1, so "
      + "training asks for the gradient of (‖dx‖ − 1)²: backward through backward. Each gradient above is made by a formula, so the "
      + "product rule goes through it as through any other."), needleChoice(), ...sections(rowsOf.second)]
      : [el("p", {}, "It is shown for plain attention that begins with x and W and is not broken.")]);
    byId("second").open = state.second;
    trained.show(state.map, look);
    if (!cells.has(key(...state.cell))) state.cell = cells.has("dE.1.2") ? ["dE", 1, 2] : ["dE₁", 1, 1];
    refresh();
  }

  const needleChoice = () => el("div", { class: "choice no-print", role: "group", "aria-label": "Needles show the gradient of" },
    ["L", "P"].map(target => el("button", { "aria-pressed": state.needle === target ? "true" : "false", onclick: () => {
      state.needle = target;
      build();
    } }, target === "L" ? "needles: dL" : "needles: dP")));

  function matrix(p) {
    const frame = el("div", { class: `matrix${p.edited ? " edited" : ""}`, style: `--place: ${p.column}; --columns: ${p.columns}` },
      el("div", { class: "caption" }, el("span", { class: "name" }, p.name), el("code", {}, p.edited ? "" : `= ${p.formula}`)),
      el("div", { role: "grid", "aria-label": `${p.name}, ${p.rows} by ${p.columns}` },
        Array.from({ length: p.rows }, (_, i) => el("div", { role: "row" },
          Array.from({ length: p.columns }, (_, j) => p.edited ? field(p.name, i, j) : result(p.name, i, j))))));
    frames.set(p.name, frame);
    return frame;
  }

  const places = (name, i, j) => `${name} ${i + 1},${j + 1}`;

  function listen(node, name, i, j) {
    const pointed = () => {
      hovered = [name, i, j];
      explain();
    };
    node.addEventListener("pointerenter", pointed);
    node.addEventListener("pointerleave", () => {
      hovered = null;
      explain();
    });
    return node;
  }

  function result(name, i, j) {
    const cell = listen(el("div", { role: "gridcell", class: "cell", tabindex: -1, "data-cell": key(name, i, j),
      onfocus: () => pin(name, i, j), onclick: () => cell.focus() }), name, i, j);
    cells.set(key(name, i, j), cell);
    return cell;
  }

  function field(name, i, j) {
    const input = el("input", { class: "cell", inputmode: "decimal", autocomplete: "off", spellcheck: "false", tabindex: -1,
      "data-cell": key(name, i, j), "aria-label": places(name, i, j), onfocus: () => {
        pin(name, i, j);
        input.select();
      }, oninput: () => edit(name, i, j, input.value), onblur: () => show(input, state.given[name][i][j]) });
    const hand = kind => el("line", { class: kind, x1: 10, y1: 16, x2: 10, y2: 4 });
    const needle = el("svg", { class: "needle", viewBox: "0 0 20 18", "aria-hidden": "true" },
      el("path", { d: "M2 16 A8.5 8.5 0 0 1 18 16", class: "dial" }), hand("numeric"), hand("analytic"));
    cells.set(key(name, i, j), input);
    needles.set(key(name, i, j), needle);
    return listen(el("div", { role: "gridcell", class: "field" }, input, needle), name, i, j);
  }

  function edit(name, i, j, text) {
    const x = Number(text.trim().replace("−", "-").replace(",", "."));
    const good = text.trim() !== "" && Number.isFinite(x) && Math.abs(x) <= 1e6;
    cells.get(key(name, i, j)).setAttribute("aria-invalid", String(!good));
    if (!good) return;
    state.given[name][i][j] = x;
    refresh();
  }

  function show(input, x) {
    input.value = String(x).replace("-", "−");
    input.removeAttribute("aria-invalid");
  }

  // ---- Numbers ----

  // What fits into a cell: five characters.
  const short = x => (Math.abs(x) < 9.995 ? x.toFixed(2) : Math.abs(x) < 99.95 ? x.toFixed(1) : Math.abs(x) < 999.5 ? x.toFixed(0)
    : Number.isFinite(x) ? x.toExponential(0).replace("e+", "e") : number(x)).replace(/-/g, "−");

  function refresh() {
    // What x and W make is what q, k and v begin with when they are edited themselves.
    matrices = tape.run(steps, state.given);
    for (const [name, frame] of frames) {
      const known = computed(name), m = matrices[name], largest = Math.max(...m.flat().map(Math.abs));
      frame.classList.toggle("unknown", !known);
      frame.classList.toggle("newest", steps[done() - 1]?.name === name && done() < steps.length);
      m.forEach((row, i) => row.forEach((x, j) => {
        const node = cells.get(key(name, i, j));
        node.style.setProperty("--size", known && largest > 0 ? `${Math.round(Math.abs(x) / largest * 45)}%` : "0%");
        node.classList.toggle("negative", x < 0);
        if (node.tagName === "INPUT") {
          if (node !== document.activeElement) show(node, x);
        } else {
          node.textContent = known ? short(x) : "·";
          node.setAttribute("aria-label", `${places(name, i, j)}: ${known ? short(x) : "not computed yet ·"}`);
        }
      }));
    }
    turnNeedles();
    for (const [name, button] of [["from", "x"], ["from", "qkv"], ["mode", "plain"], ["mode", "streaming"]])
      document.querySelector(`[data-${name}="${button}"]`).setAttribute("aria-pressed", String(state[name] === button));
    const s = state.given.scale[0][0];
    byId("scale").value = Math.log10(s);
    byId("scale").setAttribute("aria-valuetext", String(s));
    byId("scale-number").textContent = number(s, 2);
    byId("wrong").value = state.wrong;
    byId("wrong").disabled = state.mode === "streaming";
    const at = done();
    byId("progress").textContent = at === 0 ? `inputs alone, ${steps.length} steps to go` : `step ${at} of ${steps.length}: `
      + `${steps[at - 1].name} = ${steps[at - 1].formula}`;
    for (const [id, off] of [["first", at === 0], ["back", at === 0], ["next", at === steps.length], ["last", at === steps.length]])
      byId(id).disabled = off;
    notes();
    memory();
    explain();
    save();
  }

  // By rule and by difference: two hands of one needle.
  let disagreeing = 0, compared = new Map();
  const agrees = (a, b) => Math.abs(a - b) <= 1e-5 * (1 + Math.abs(a) + Math.abs(b));
  function turnNeedles() {
    disagreeing = 0;
    compared = new Map();
    for (const [place, needle] of needles) {
      const [name, i, j] = place.split("."), gradient = tape.gradientOf(name, state.needle), known = computed(gradient);
      needle.classList.toggle("absent", !known);
      cells.get(place).classList.remove("apart");
      if (!known) continue;
      const analytic = matrices[gradient][i][j], numeric = tape.difference(steps, state.given, state.needle, name, Number(i), Number(j));
      compared.set(place, { analytic, numeric, gradient });
      const good = agrees(analytic, numeric);
      if (!good) disagreeing++;
      needle.classList.toggle("bad", !good);
      cells.get(place).classList.toggle("apart", !good);
      for (const [kind, x] of [["analytic", analytic], ["numeric", numeric]])
        needle.querySelector(`.${kind}`).setAttribute("transform", `rotate(${Math.atan(1.5 * x) / Math.PI * 160} 10 16)`);
    }
  }

  function notes() {
    const texts = [], { gamma, scale } = state.given;
    const wrong = { rowsum: "Broken: dE = A * dA, without the row sum.", scale: "Broken: dq and dk without the scale.",
      transpose: "Broken: dv = A g and dk = scale dE q, both without the transpose." }[state.wrong];
    const how = `${disagreeing || "No"} needle${disagreeing === 1 ? "" : "s"} of ${compared.size}`;
    const none = scale[0][0] === 1 ? " At scale 1, which SAGAN uses, there is none to forget: move the slider." : "";
    if (wrong) texts.push(["bad", disagreeing > 0
      ? `${wrong} ${how} have two hands that point apart: there rule and difference disagree.` : `${wrong} ${how} show it.${none}`]);
    else if (compared.size > 0) texts.push(disagreeing === 0
      ? ["good", `All ${compared.size} needles agree: each gradient is what a small change of its number does to ${state.needle}.`]
      : ["bad", `${disagreeing} of ${compared.size} needles disagree: the numbers are too large for differences.`]);
    if (gamma[0][0] === 0) texts.push(["", "gamma = 0, as training begins: y = x, g = 0, and of all weights only gamma gets a gradient."]);
    const both = name => matrices[name] ?? matrices[`${name}₁`].map((row, i) => [...row, ...matrices[`${name}₂`][i]]);
    const A = both("A"), dE = both("dE");
    const sharp = A.reduce((t, row) => t + Math.max(...row), 0) / A.length, slope = Math.max(...dE.flat().map(Math.abs));
    texts.push([sharp > 0.98 ? "bad" : "",
      `The largest weight of a row is ${number(sharp, 2)} on average, the largest |dE| ${number(slope)}.`
      + (sharp > 0.98 ? " The softmax is saturated: a small change of such scores changes no weight, and dE vanishes." : "")]);
    byId("notes").replaceChildren(...texts.map(([kind, text]) => el("li", { class: kind || null }, text)));
  }

  function memory() {
    const size = n => n < 1024 ? `${n} B` : n < 1048576 ? `${n / 1024} KB` : n < 1073741824 ? `${n / 1048576} MB` : `${n / 1073741824} GB`;
    const rows = [4, 1024, 4096, 16384].map(n => el("tr", {}, el("th", { scope: "row" },
      n === 4 ? "N = 4, here" : `N = ${n}, ${Math.sqrt(n)}×${Math.sqrt(n)} pixels`),
    el("td", { class: state.mode === "plain" ? "chosen" : null }, size(4 * n * n)),
      el("td", { class: state.mode === "streaming" ? "chosen" : null }, size(8 * n))));
    byId("memory-table").replaceChildren(el("table", {}, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "float32, one image"),
      el("th", { scope: "col" }, "plain: A, N × N"), el("th", { scope: "col" }, "streaming: m and z, 2 N"))), el("tbody", {}, rows)));
  }

  // ---- One cell, explained ----

  function explain() {
    const [name, i, j] = hovered ?? state.cell, s = stepOf(name), e = s?.cells[i][j], known = computed(name);
    const from = new Set(e !== undefined && known ? tape.sources(e).map(c => key(c.matrix, c.i, c.j)) : []);
    for (const [place, node] of cells) {
      node.classList.toggle("source", from.has(place));
      node.classList.toggle("explained", place === key(name, i, j));
      node.tabIndex = place === key(...state.cell) ? 0 : -1;
    }
    const x = matrices[name][i][j], letter = (n, a, b) => el("span", { class: "letter" }, n, index(n, a, b));
    const direction = !s ? "input" : name.endsWith("′") || s.row === "penalty" ? "second"
      : /^(backward|back\d|gradients)$/.test(s.row) ? "back" : "ahead";
    byId("now").className = `panel ${direction}`;
    byId("what").replaceChildren(
      el("div", { class: "title" }, el("span", { class: "name" }, name),
        el("span", { class: "place" }, matrices[name].flat().length === 1 ? "" : `row ${i + 1}, column ${j + 1}`)),
      ...s ? [el("code", { class: "formula" }, `${name} = ${s.formula}`)] : [],
      el("p", {}, s ? s.about : aboutInput[name]));
    byId("sum").replaceChildren(...s === undefined ? needleText(name, i, j, x) : [
      el("div", { class: "letters" }, letter(name, i, j), " = ", terms(e, c => letter(c.matrix, c.i, c.j))),
      ...known ? [el("div", { class: "numbers number" }, "= ", terms(e, c => el("span", { class: "read" },
        number(matrices[c.matrix][c.i][c.j])))), el("div", { class: "total number" }, `= ${number(x, 4)}`)]
        : [el("div", { class: "soft" }, "not computed yet: Step ▶ goes on")],
    ]);
    const code = codeOf(name);
    byId("code").replaceChildren(...code ? [el("div", { class: "where" }, state.wrong && s && s.formula !== rightFormula(name)
      ? "What the engine does, and this page now does not: " : "", `${code.file}, line ${code.line}`), el("pre", {}, code.text)]
      : [el("div", { class: "where" }, name === "L" ? "A loss for this page alone; a network has its own." : "")]);
  }

  // A row alone for a column of numbers, nothing for a single number.
  const index = (name, i, j) => {
    const [row] = matrices[name], single = row.length === 1;
    return single && matrices[name].length === 1 ? null : /[₁₂]$/.test(name)
      ? single ? `[${i + 1}]` : `[${i + 1},${j + 1}]` : el("sub", {}, single ? `${i + 1}` : `${i + 1}${j + 1}`);
  };

  const rightFormula = name => tape.steps({ ...state, wrong: "" }).find(s => s.name === name).formula;

  // An expression, with its cells as elements, and numbers that are below 0 in brackets where a sign stands before them.
  const terms = (e, draw) => tape.show(e).flatMap((part, k, parts) => {
    if (typeof part === "string") return part;
    const node = typeof part === "number" ? String(part).replace("-", "−") : draw(part);
    const text = typeof node === "string" ? node : node.textContent;
    return k > 0 && text.startsWith("−") && / [+−×/] $/.test(parts[k - 1]) ? ["(", node, ")"] : node;
  });

  function needleText(name, i, j, x) {
    const c = compared.get(key(name, i, j)), letter = `${name}`, L = state.needle;
    const value = el("div", { class: "total number" }, `${name} = ${number(x)}`);
    if (!c) return [value, el("div", { class: "soft" }, "Its gradient is not computed yet: Step ▶ goes on.")];
    const good = agrees(c.analytic, c.numeric);
    return [value, el("table", { class: "needles" }, el("tbody", {},
      el("tr", {}, el("th", { scope: "row" }, `by rule: ${c.gradient}`), el("td", { class: "number" }, number(c.analytic, 6))),
      el("tr", {}, el("th", { scope: "row" }, `by difference: (${L}(${letter} + h) − ${L}(${letter} − h)) / 2h`),
        el("td", { class: "number" }, number(c.numeric, 6))))),
    el("div", { class: good ? "good" : "bad" }, good ? "✓ they agree" : "✗ they disagree: the rule is wrong")];
  }

  function codeOf(name) {
    const code = page.data.code ?? {}, bare = name.replace(/[₁₂′]/g, "");
    if (name.endsWith("′")) return code.second;
    return state.mode === "streaming" && code[`streaming ${bare}`] || code[bare];
  }

  function pin(name, i, j) {
    state.cell = [name, i, j];
    hovered = null;
    explain();
    save();
  }

  // ---- Keys ----

  // The nearest cell in a direction, in this matrix or another, as it lies on the page.
  function neighbour(from, dx, dy) {
    const centre = node => {
      const r = node.getBoundingClientRect();
      return [r.left + r.width / 2, r.top + r.height / 2];
    };
    const [x, y] = centre(from);
    let best = null, least = Infinity;
    for (const node of cells.values()) {
      if (node === from || node.offsetParent === null) continue;
      const [a, b] = centre(node), along = (a - x) * dx + (b - y) * dy, aside = Math.abs((a - x) * dy) + Math.abs((b - y) * dx);
      const far = along + 4 * aside;
      if (along > 2 && (aside <= along || aside < 12) && far < least) [best, least] = [node, far];
    }
    return best;
  }

  document.addEventListener("keydown", event => {
    const place = event.target.dataset?.cell;
    if (!place) return;
    const [name, i, j] = place.split(".");
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], Enter: [0, 1] };
    let to = null;
    if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      if (event.target.tagName !== "INPUT") return;
      const moved = Math.round((state.given[name][i][j] + (event.key === "ArrowUp" ? 0.1 : -0.1)) * 1e6) / 1e6;
      show(event.target, moved);
      edit(name, i, j, String(moved));
    } else if (event.key in arrows && !event.altKey && !event.ctrlKey && !event.metaKey) to = neighbour(event.target, ...arrows[event.key]);
    else if (event.key === "PageDown" || event.key === "PageUp") {
      const names = [...frames.keys()].filter(n => cells.get(key(n, 0, 0)).offsetParent !== null);
      to = cells.get(key(names[(names.indexOf(name) + (event.key === "PageDown" ? 1 : names.length - 1)) % names.length], 0, 0));
    } else if (event.key === "Home" || event.key === "End")
      to = cells.get(key(name, i, event.key === "Home" ? 0 : matrices[name][0].length - 1));
    else return;
    event.preventDefault();
    to?.focus();
  });

  // ---- Controls ----

  function go(to) {
    state.at = Math.max(0, Math.min(to, steps.length));
    const s = steps[state.at - 1];
    if (s) state.cell = [s.name, Math.min(Number(state.cell[1]), s.rows - 1), Math.min(Number(state.cell[2]), s.columns - 1)];
    refresh();
    if (s) frames.get(s.name).scrollIntoView({ block: "nearest" });
  }

  function play(on) {
    clearInterval(playing);
    playing = on ? setInterval(() => done() < steps.length ? go(done() + 1) : play(false), 1500) : null;
    byId("play").setAttribute("aria-pressed", String(on));
    byId("play").textContent = on ? "Pause" : "▶ Play";
    if (on) go(done() === steps.length ? 1 : done() + 1);
  }

  function change(changes) {
    play(false);
    Object.assign(state, { at: null }, changes);
    if (!secondOrder()) Object.assign(state, { second: false, needle: "L" });
    build();
  }

  byId("first").addEventListener("click", () => go(0));
  byId("back").addEventListener("click", () => go(done() - 1));
  byId("next").addEventListener("click", () => go(done() + 1));
  byId("last").addEventListener("click", () => go(steps.length));
  byId("play").addEventListener("click", () => play(playing === null));
  for (const button of document.querySelectorAll("[data-mode]"))
    button.addEventListener("click", () => change({ mode: button.dataset.mode, wrong: "" }));
  for (const button of document.querySelectorAll("[data-from]"))
    button.addEventListener("click", () => {
      if (state.from === "x") Object.assign(state.given, pick(matrices, ["q", "k", "v"]));
      change({ from: button.dataset.from });
    });
  byId("scale").addEventListener("input", event => {
    state.given.scale = [[Number((10 ** Number(event.target.value)).toPrecision(3))]];
    refresh();
  });
  byId("wrong").addEventListener("change", event => change({ wrong: event.target.value }));
  byId("zero").addEventListener("click", () => {
    state.given.gamma = [[0]];
    refresh();
  });
  byId("draw").addEventListener("click", () => {
    for (const name of edited())
      state.given[name] = state.given[name].map(row => row.map(() => Math.round((Math.random() * 4 - 2) * 10) / 10));
    refresh();
  });
  byId("reset").addEventListener("click", () => {
    play(false);
    state = beginning();
    build();
  });
  byId("second").addEventListener("toggle", () => {
    const open = byId("second").open;
    if (open === state.second || !secondOrder()) return;
    change({ second: open, ...open ? {} : { needle: "L" } });
  });
  function look(map) {
    state.map = map;
    trained.show(map, look);
    save();
  }

  addEventListener("hashchange", load);
  load();
}
