
/** A run, or several over one another: in a report they came with the page, in a live view the server sends them and what is new. */
const $ = id => document.getElementById(id);
const runs = new Map();
const hidden = new Set();     // keys of runs
const off = new Set();        // curves that were switched off, by figure and name
let cursor = null;            // the step that all figures point to
let smooth = 0;

const figures = [
  ["Losses", n => n === "d_loss" || n === "g_loss"],
  ["Scores of the discriminator", n => n === "d_real" || n === "d_fake"],
  ["Gamma of attention", n => n.startsWith("gamma.")],
  ["Proxy-FID", n => n === "proxy_fid"],
  ["Consistency", n => n.startsWith("consistency")],
  ["Images per second", n => n === "images_per_s"],
  ["Waiting for images, ms a step", n => n === "wait_ms"],
  ["Singular values", n => n.startsWith("sigma.")],
  ["Other numbers", () => true],
];
const dashes = ["", "6 3", "2 2", "8 3 2 3", "12 4", "1 3", "8 3 2 3 2 3", "4 4"];

const shown = () => [...runs.values()].filter(r => !hidden.has(r.key));
const several = () => runs.size > 1;

function take(run) {
  run.curves = new Map(run.curves.map(c => [c.name, c]));
  runs.set(run.key, run);
}

/** What a live view was sent of curves: {name: [[step, value], ...]}. */
function append(run, curves) {
  for (const [name, points] of Object.entries(curves)) {
    let c = run.curves.get(name);
    if (!c) run.curves.set(name, c = { name, steps: [], values: [] });
    for (const [step, value] of points) {
      c.steps.push(step);
      c.values.push(value);
    }
    if (c.steps.length > 4000) {
      // Of the older half every other point goes.
      const keep = (_, i) => i >= 2000 || i % 2 === 0;
      [c.steps, c.values] = [c.steps.filter(keep), c.values.filter(keep)];
    }
  }
}

// ---- heading, runs, what is missing

function showHead() {
  const names = [...runs.values()].map(r => r.name);
  $("title").textContent = names.length ? names.join(" and ") : "Waiting for the run";
  if (names.length) document.title = names.join(", ");
  $("status").textContent = [connection, ...[...runs.values()].map(r => several() ? `${r.name}: ${r.status}` : r.status)].filter(s => s).join(" · ");
  const missing = [...runs.values()].flatMap(r => r.missing.map(m => several() ? `${r.name}: ${m}` : m));
  $("missing").hidden = missing.length === 0;
  $("missing").querySelector("ul").replaceChildren(...missing.map(m => page.el("li", {}, m)));
  $("runs").hidden = !several();
  if (several()) keepFocus($("runs"), () => $("runs").replaceChildren(...[...runs.values()].map((r, i) => page.el("button", {
    type: "button", "aria-pressed": String(!hidden.has(r.key)), "data-key": r.key,
    onclick: () => { hidden.has(r.key) ? hidden.delete(r.key) : hidden.add(r.key); showAll(); },
  }, swatch(i % 8, ""), ` ${r.name}`))));
}

/** Redraws a part of the page without taking the focus from the button in it. */
function keepFocus(part, draw) {
  const key = part.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  draw();
  if (key !== undefined) [...part.querySelectorAll("[data-key]")].find(e => e.dataset.key === key)?.focus();
}

const swatch = (colour, dash) => page.el("svg", { width: 22, height: 8, "aria-hidden": "true" },
  page.el("line", { x1: 0, x2: 22, y1: 4, y2: 4, style: `stroke: var(--c${colour}); stroke-width: 3`, "stroke-dasharray": dash || false }));

// ---- diagnosis

function showDiagnosis() {
  $("diagnosis").replaceChildren(...shown().flatMap(r => [
    several() ? page.el("h3", {}, r.name) : null,
    ...r.findings.length === 0 ? [page.el("p", { class: "good" }, "✓ Nothing is wrong that the rules know of.")] : r.findings.map(finding),
    warnings(r),
  ]).filter(e => e));
}

const warnings = r => r.warnings.length === 0 ? null : page.el("details", {},
  page.el("summary", {}, `What the run and its watchdog said (${r.warnings.length})`),
  page.el("ul", {}, r.warnings.map(w => page.el("li", { class: "said" }, w))));

const finding = f => page.el("div", { class: "finding" },
  page.el("p", {}, page.el("strong", { class: f.wrong ? "bad" : "good" }, f.wrong ? "✗ " : "✓ ", sentence(f.text)), " ",
    sentence(f.advice).split(/(--[a-z][a-z-]*)/).map((part, i) => i % 2 ? page.el("code", { class: "flag" }, part) : part)),
  f.command ? page.el("pre", {}, page.el("code", {}, f.command)) : null,
  page.el("ul", {}, f.evidence.filter(e => !f.text.includes(e[3])).map(([, from, to, text]) => page.el("li", { class: "soft" }, `Steps ${from} to ${to}: ${text}`))));

const sentence = text => `${text[0].toUpperCase()}${text.slice(1)}.`;

// ---- samples

let follows = true, timer = null;

const sampleSteps = () => [...new Set(shown().flatMap(r => r.samples.map(s => s[0])))].sort((a, b) => a - b);

function showSamples() {
  const steps = sampleSteps(), time = $("time");
  $("samples").hidden = steps.length === 0;
  if (steps.length === 0) return;
  time.max = steps.length - 1;
  if (follows) time.value = time.max;
  const step = steps[Math.min(time.value, steps.length - 1)];
  $("time-step").textContent = step;
  time.setAttribute("aria-valuetext", `step ${step}`);
  const thinned = shown().map(r => r.thinned).filter(t => t);
  $("thinned").hidden = thinned.length === 0;
  $("thinned").textContent = thinned.join(" ");
  const pictures = shown().flatMap(r => {
    const s = r.samples.findLast(s => s[0] <= step) ?? r.samples[0];
    return [s && [s[1], several() ? `${r.name}, step ${s[0]}` : `Step ${s[0]}`, `Samples of ${r.name} at step ${s[0]}`, r.key],
      r.real && !several() ? [r.real, "Real images", "Real images"] : null];
  }).filter(p => p);
  // An image that is there shows the old picture until it has the new one.
  const part = $("pictures");
  while (part.children.length > pictures.length) part.lastChild.remove();
  while (part.children.length < pictures.length)
    part.append(page.el("figure", {}, page.el("img", { class: "pixelated", alt: "", onclick: ask }), page.el("figcaption")));
  pictures.forEach(([source, caption, alt, key], i) => {
    const [image, text] = part.children[i].children;
    image.classList.toggle("asks", key !== undefined);
    image.dataset.key = key ?? "";
    if (image.getAttribute("src") !== source) image.src = source;
    image.alt = alt;
    text.textContent = caption;
  });
}

function play(on) {
  clearInterval(timer);
  timer = null;
  $("play").setAttribute("aria-pressed", String(on));
  if (!on) return;
  if (+$("time").value >= +$("time").max) $("time").value = 0;
  follows = false;
  timer = setInterval(() => {
    $("time").value = +$("time").value + 1;
    if (+$("time").value >= +$("time").max) { play(false); follows = true; }
    showSamples();
  }, 250);
}

$("time").addEventListener("input", () => { play(false); follows = +$("time").value === +$("time").max; showSamples(); });
$("play").addEventListener("click", () => play(timer === null));

// ---- what a pixel of a sample reads

const { attention } = page;
const looked = { key: null, sample: null, place: [0.5, 0.5], name: null, head: null, held: false, answer: null, picture: null };

/** A click on a grid of samples: which of them it is, and where in it. */
function ask({ target: image, clientX, clientY }) {
  if (image.dataset.key === "") return;
  const r = runs.get(Number(image.dataset.key)), columns = Math.min(8, r.images ?? 8), gap = 2;
  const box = image.getBoundingClientRect(), unit = image.naturalWidth / box.width, side = (image.naturalWidth - gap) / columns;
  const [x, y] = [((clientX - box.left) * unit - gap / 2) / side, ((clientY - box.top) * unit - gap / 2) / side];
  const inside = v => Math.min(0.999, Math.max(0, v - Math.floor(v)));
  const sample = Math.floor(y) * columns + Math.floor(x);
  if (x < 0 || y < 0 || x >= columns || sample >= (r.images ?? Infinity)) return;
  Object.assign(looked, { place: [inside(y), inside(x)], held: true });
  lookAt(r.key, sample);
}

/** Shows a sample of the newest checkpoint: a live view asks the server for q and k, a report has them. */
async function lookAt(key, sample) {
  Object.assign(looked, { key, sample });
  showLook();
  let answer;
  if (page.data.live)
    try {
      answer = await (await fetch(`attention/${key}/${sample}`)).json();
    } catch {
      answer = { why: "The command that shows this page does not answer." };
    }
  else {
    const all = runs.get(key).attention;
    answer = all[sample] ?? (all[0]?.layers ? { why: `This file has the maps of the first ${all.length} samples; sagan view has all.` } : all[0]);
  }
  const picture = new Image();
  if (answer.image) {
    picture.src = answer.image;
    await picture.decode();
  }
  // Another one may have been asked for meanwhile.
  if (looked.key !== key || looked.sample !== sample) return;
  Object.assign(looked, { answer, picture });
  showLook();
}

function showLook() {
  const all = shown();
  $("look").hidden = sampleSteps().length === 0;
  if (looked.key !== null && !all.some(r => r.key === looked.key)) Object.assign(looked, { key: null, answer: null });
  const r = runs.get(looked.key ?? all[0]?.key);
  if (!r) return;
  $("look-run-label").hidden = !several();
  choices("look-run", all.map(a => [a.key, a.name]), r.key);
  $("look-sample").max = r.images ?? "";
  if (looked.sample !== null && document.activeElement !== $("look-sample")) $("look-sample").value = looked.sample + 1;
  const { answer } = looked, l = answer?.layers?.find(l => l.name === looked.name) ?? answer?.layers?.[0];
  for (const e of document.querySelectorAll(".look-has")) e.hidden = !l;
  $("look-head-label").hidden = !l || l.heads === 1;
  $("look-why").textContent = looked.key === null ? "Click a sample above, or choose one by its number: where attention looks from there."
    : !answer ? "…" : !l ? `No map: ${answer.why}`
      : `Sample ${answer.sample + 1}${answer.label ? `, ${answer.label},` : ""} as the newest checkpoint makes it: all of this is of step ${answer.step}.`;
  if (!l) return;
  if (looked.head >= l.heads) looked.head = null;
  choices("look-layer", answer.layers.map(l => [l.name, l.text]), l.name);
  choices("look-head", [["", "mean of all"], ...Array.from({ length: l.heads }, (_, h) => [h, `${h}`])], looked.head ?? "");
  drawLook(l);
}

/** What a list offers; one that is open stays so where nothing has changed. */
function choices(id, wanted, value) {
  if ([...$(id).options].map(o => o.text).join("\n") !== wanted.map(w => w[1]).join("\n"))
    $(id).replaceChildren(...wanted.map(([v, text]) => page.el("option", { value: v }, text)));
  $(id).value = value;
}

const lookLayer = () => looked.answer?.layers?.find(l => l.name === $("look-layer").value);

function drawLook(l = lookLayer()) {
  const [row, column] = looked.place.map(p => Math.floor(p * l.size)), query = row * l.size + column;
  const keys = attention.weights(l, l, looked.head, query), [top] = attention.strongest(l, keys, 1);
  attention.mark(attention.draw($("look-image"), looked.picture, false), l.size, query, "#ffffff");
  const over = attention.draw($("look-map"), looked.picture, true);
  attention.overlay(over, attention.map(l, keys));
  attention.mark(over, l.size, query, "#ffffff");
  $("look-where").textContent = `Row ${row}, column ${column} of ${l.size} x ${l.size} reads most, ${attention.percent(top.weight)}, from `
    + `${top.place}; gamma is ${l.gamma === null ? "not finite" : page.number(l.gamma)}${looked.held ? " (held)" : ""}.`;
  $("look-map").setAttribute("aria-label", `Map: ${$("look-where").textContent}`);
}

function lookFrom(l, query) {
  looked.place = [(Math.floor(query / l.size) + 0.5) / l.size, (query % l.size + 0.5) / l.size];
  drawLook(l);
}

$("look-run").addEventListener("change", () => lookAt(Number($("look-run").value), looked.sample ?? 0));
$("look-sample").addEventListener("change", () => {
  const number = Math.floor($("look-sample").valueAsNumber);
  if (number >= 1) lookAt(Number($("look-run").value), number - 1);
});
$("look-layer").addEventListener("change", () => { looked.name = $("look-layer").value; showLook(); });
$("look-head").addEventListener("change", () => { looked.head = $("look-head").value === "" ? null : Number($("look-head").value); drawLook(); });
for (const [event, takes] of [["pointermove", e => !looked.held || e.pointerType === "touch"], ["pointerdown", () => true]])
  $("look-from").addEventListener(event, e => {
    const l = lookLayer();
    if (!l || !takes(e)) return;
    if (event === "pointerdown") looked.held = e.pointerType === "touch" || !looked.held;
    lookFrom(l, attention.under(e, $("look-image"), l.size));
  });
$("look-from").addEventListener("keydown", e => {
  const l = lookLayer(), [row, column] = looked.place.map(p => Math.floor(p * (l?.size ?? 1)));
  const to = l && attention.moved(e, l.size, row * l.size + column);
  if (to === null || to === undefined) return;
  e.preventDefault();
  looked.held = true;
  lookFrom(l, to);
});

// ---- figures

/** Which curves each figure has: a curve belongs to the first figure that takes it. */
function plan() {
  const names = [...new Set([...runs.values()].flatMap(r => [...r.curves.keys()]))];
  return figures.map(([title, takes], f) => [title, names.filter(n => figures.findIndex(g => g[1](n)) === f)]).filter(([, n]) => n.length);
}

/** Colours tell curves apart, or runs where there are several; dashes the other. */
const look = (run, series) => several() ? [[...runs.keys()].indexOf(run) % 8, dashes[series % 8]] : [series % 8, dashes[Math.floor(series / 8) % 8]];

let drawn = [];

function showFigures() {
  const part = $("figures"), wanted = plan();
  if (wanted.map(w => w[0]).join() !== drawn.map(d => d.title).join()) {
    drawn = wanted.map(([title]) => frame(title));
    part.replaceChildren(...drawn.map(d => d.element));
  }
  wanted.forEach(([, names], i) => draw(drawn[i], names));
}

function frame(title) {
  const d = { title, chart: page.el("div", { class: "chart" }), legend: page.el("ul", { class: "legend" }), table: page.el("div", { class: "scroll" }) };
  const details = page.el("details", { class: "no-print", ontoggle: () => fillTable(d) }, page.el("summary", {}, "Numbers"), d.table);
  d.details = details;
  d.element = page.el("figure", { class: "panel figure" }, page.el("figcaption", {}, title), d.chart, d.legend, details);
  return d;
}

function draw(d, names) {
  d.curves = shown().flatMap(r => names.map((n, i) => ({ run: r, name: n, series: i, curve: r.curves.get(n) })).filter(c => c.curve?.steps.length));
  d.element.classList.toggle("many", d.curves.length > 12);
  const lit = d.curves.filter(c => !off.has(`${d.title}/${c.name}/${c.run.key}`));
  const width = Math.max(220, d.chart.clientWidth), height = 220, left = 52, right = 8, top = 8, bottom = 24;
  const [w, h] = [width - left - right, height - top - bottom];
  const steps = lit.flatMap(c => [c.curve.steps[0], c.curve.steps.at(-1)]);
  const [x0, x1] = steps.length ? [Math.min(...steps), Math.max(...steps)] : [0, 1];
  const [y0, y1] = bounds(lit);
  const x = s => x1 > x0 ? (s - x0) / (x1 - x0) * w : w / 2;
  const y = v => h - (v - y0) / (y1 - y0) * h;
  d.x = { from: x0, to: x1, left, w };
  const inner = page.el("svg", { x: left, y: top, width: w, height: h });
  for (const c of evidence(names)) inner.append(page.el("rect", { class: "band", x: Math.max(0, x(c[1]) - 1), y: 0,
    width: Math.max(3, x(c[2]) - x(c[1])), height: h }));
  for (const c of lit) {
    const [colour, dash] = look(c.run.key, c.series);
    const style = `stroke: var(--c${colour})`;
    if (smooth > 0) inner.append(page.el("path", { class: "curve raw", style, d: path(c.curve.steps, c.curve.values, x, y) }));
    inner.append(page.el("path", { class: "curve", style, "stroke-dasharray": dash || false,
      d: path(c.curve.steps, smooth > 0 ? smoothed(c.curve.values) : c.curve.values, x, y) }));
    const odd = c.curve.steps.filter((_, i) => c.curve.values[i] === null);
    if (odd.length) inner.append(page.el("path", { class: "odd", d: odd.map(s => `M${x(s).toFixed(1)} ${h}v-8`).join("") },
      page.el("title", {}, `${c.name} is not finite at ${odd.length} steps`)));
  }
  d.line = page.el("line", { class: "cursor", y1: 0, y2: h, visibility: "hidden" });
  inner.append(d.line);
  const svg = page.el("svg", { role: "img", tabindex: 0, height, viewBox: `0 0 ${width} ${height}`, "aria-label": summary(d),
    onpointermove: e => point(d, e.offsetX), onpointerleave: () => setCursor(null), onkeydown: e => key(d, e) },
    ticks(y0, y1, 5).map(t => page.el("g", {}, page.el("line", { class: "grid-line", x1: left, x2: left + w, y1: top + y(t), y2: top + y(t) }),
      page.el("text", { x: left - 6, y: top + y(t) + 4, "text-anchor": "end" }, label(t)))),
    ticks(x0, x1, Math.max(2, Math.floor(w / 90))).map(t => page.el("text", { x: left + x(t), y: height - 6,
      "text-anchor": x(t) > w - 20 ? "end" : "middle" }, label(t))),
    inner);
  const focused = d.chart.contains(document.activeElement);
  d.chart.replaceChildren(svg);
  if (focused) svg.focus();
  keepFocus(d.legend, () => d.legend.replaceChildren(...d.curves.map(c => entry(d, c))));
  if (d.details.open) fillTable(d);
  showCursor(d);
}

const summary = d => `${d.title}: ` + (d.curves.map(c => `${several() ? `${c.run.name}, ` : ""}${c.name} ${valueAt(c, null)}`).join("; ") || "nothing");

function entry(d, c) {
  const id = `${d.title}/${c.name}/${c.run.key}`, [colour, dash] = look(c.run.key, c.series);
  c.value = page.el("span", { class: "number" });
  return page.el("li", {}, page.el("button", { type: "button", "aria-pressed": String(!off.has(id)), "data-key": id,
    onclick: () => { off.has(id) ? off.delete(id) : off.add(id); showFigures(); } },
    swatch(colour, dash), several() ? `${c.run.name}: ${c.name}` : c.name, c.value));
}

const evidence = names => shown().flatMap(r => r.findings.filter(f => f.wrong).flatMap(f => f.evidence)).filter(e => names.includes(e[0]));

/** All of the values but a few far ones, with some room. */
function bounds(curves) {
  const all = curves.flatMap(c => c.curve.values.filter(v => v !== null)).sort((a, b) => a - b);
  if (all.length === 0) return [0, 1];
  let [low, high] = [all[0], all.at(-1)];
  const [a, b] = [all[Math.floor(all.length * 0.01)], all[Math.ceil(all.length * 0.99) - 1]];
  if (all.length > 100 && high - low > 4 * (b - a) && b > a) [low, high] = [Math.max(low, a - (b - a)), Math.min(high, b + (b - a))];
  if (high === low) return [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
  return [low - (high - low) * 0.04, high + (high - low) * 0.04];
}

function path(steps, values, x, y) {
  let d = "", pen = false;
  for (let i = 0; i < steps.length; i++) {
    if (values[i] === null) { pen = false; continue; }
    d += `${pen ? "L" : "M"}${x(steps[i]).toFixed(1)} ${y(values[i]).toFixed(1)}`;
    // A point alone is a dot.
    if (!pen && (i + 1 === steps.length || values[i + 1] === null)) d += "h1";
    pen = true;
  }
  return d;
}

function smoothed(values) {
  let mean = 0, weight = 0;
  return values.map(v => {
    if (v === null) return null;
    mean = smooth * mean + (1 - smooth) * v;
    weight = smooth * weight + 1 - smooth;
    return mean / weight;
  });
}

function ticks(from, to, count) {
  const rough = (to - from) / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find(m => m * power >= rough);
  const all = [];
  for (let t = Math.ceil(from / step) * step; t <= to + step * 1e-9; t += step) all.push(Math.abs(t) < step * 1e-9 ? 0 : t);
  return all;
}

const label = t => Math.abs(t) >= 1e5 || t !== 0 && Math.abs(t) < 1e-3 ? page.number(t, 2) : String(+t.toPrecision(6)).replace("-", "−");

// ---- the step that all figures point to

function point(d, offset) {
  const s = d.x.from + (offset - d.x.left) / d.x.w * (d.x.to - d.x.from);
  setCursor(Math.min(d.x.to, Math.max(d.x.from, s)));
}

function key(d, e) {
  const steps = d.curves[0]?.curve.steps ?? [];
  const move = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -1e9, End: 1e9 }[e.key];
  if (e.key === "Escape") setCursor(null);
  if (!move || steps.length === 0) return;
  e.preventDefault();
  const at = cursor === null ? steps.length - 1 : index(steps, cursor);
  setCursor(steps[Math.min(steps.length - 1, Math.max(0, at + move))]);
  d.chart.firstChild.setAttribute("aria-label", `${d.title}, step ${cursor}: ${d.curves.map(c => `${c.name} ${valueAt(c, cursor)}`).join("; ")}`);
}

function setCursor(step) {
  cursor = step;
  drawn.forEach(showCursor);
}

function showCursor(d) {
  if (!d.line) return;
  const inside = cursor !== null && cursor >= d.x.from && cursor <= d.x.to;
  d.line.setAttribute("visibility", inside ? "visible" : "hidden");
  if (inside) {
    const at = d.x.to > d.x.from ? (cursor - d.x.from) / (d.x.to - d.x.from) * d.x.w : d.x.w / 2;
    d.line.setAttribute("x1", at);
    d.line.setAttribute("x2", at);
  }
  for (const c of d.curves) c.value.textContent = valueAt(c, cursor);
}

/** The last point at or before a step. */
function index(steps, step) {
  let [low, high] = [0, steps.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (steps[middle] <= step) low = middle; else high = middle - 1;
  }
  return low;
}

function valueAt(c, step) {
  const i = step === null ? c.curve.steps.length - 1 : index(c.curve.steps, step);
  // The curve may begin later.
  if (step !== null && c.curve.steps[i] > step) return "–";
  const v = c.curve.values[i];
  return v === null ? "not finite" : page.number(v, Math.abs(v) >= 100 ? 0 : 3);
}

function fillTable(d) {
  if (!d.details.open) return;
  const rows = [0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 1].map(f => Math.round(d.x.from + f * (d.x.to - d.x.from)));
  d.table.replaceChildren(page.el("table", {},
    page.el("thead", {}, page.el("tr", {}, page.el("th", { scope: "col" }, "step"),
      d.curves.map(c => page.el("th", { scope: "col" }, several() ? `${c.run.name}: ${c.name}` : c.name)))),
    page.el("tbody", {}, [...new Set(rows)].map(s => page.el("tr", {}, page.el("th", { scope: "row", class: "number" }, String(s)),
      d.curves.map(c => page.el("td", { class: "number" }, valueAt(c, s))))))));
  d.table.setAttribute("tabindex", "0");
  d.table.setAttribute("role", "region");
  d.table.setAttribute("aria-label", `${d.title}, numbers`);
}

$("smooth").addEventListener("input", () => { smooth = +$("smooth").value; showFigures(); });

// ---- machine, sessions, configuration

function showSessions() {
  $("sessions").replaceChildren(...shown().flatMap(r => [several() ? page.el("h3", {}, r.name) : null, page.el("p", { class: "soft" }, r.folder),
    ...r.sessions.map((s, i) => page.el("details", { open: i === r.sessions.length - 1 },
      page.el("summary", {}, `Session ${i + 1}: steps ${s.from ?? "?"} to ${s.to ?? "?"}, ${s.exit ?? (s.end ? "ended" : "trains, or ended without a word")}`),
      page.el("dl", {}, [["start", s.start], ["end", s.end], ...s.facts].filter(f => f[1] !== null)
        .flatMap(([name, value]) => [page.el("dt", {}, name), page.el("dd", {}, value)])))),
  ]).filter(e => e));
}

function showConfig() {
  const all = shown(), maps = all.map(r => new Map(r.config.map(([k, v, o]) => [k, [v, o]])));
  const text = $("filter").value.toLowerCase(), own = $("own").checked, different = $("different").checked && several();
  $("different-label").hidden = !several();
  const keys = [...new Set(all.flatMap(r => r.config.map(c => c[0])))];
  const differs = k => new Set(maps.map(m => m.get(k)?.[0])).size > 1;
  const isOwn = k => maps.some(m => m.has(k) && !/^(default|preset)/.test(m.get(k)[1]));
  const rows = keys.filter(k => k.toLowerCase().includes(text) && (!own || isOwn(k)) && (!different || differs(k)));
  $("config").replaceChildren(page.el("table", {},
    page.el("thead", {}, page.el("tr", {}, page.el("th", { scope: "col" }, "key"), several()
      ? all.map(r => page.el("th", { scope: "col" }, r.name))
      : ["value", "from"].map(h => page.el("th", { scope: "col" }, h)))),
    page.el("tbody", {}, rows.map(k => page.el("tr", { class: several() && differs(k) ? "differs" : false }, page.el("th", { scope: "row" }, k),
      several() ? maps.map(m => page.el("td", {}, m.get(k)?.[0] ?? "")) : maps[0].get(k).map(v => page.el("td", {}, v)))))));
  if (rows.length === 0) $("config").append(page.el("p", {}, keys.length ? "No such key." : "Nothing is known of it."));
}

for (const id of ["filter", "own", "different"]) $(id).addEventListener("input", showConfig);

// ---- all of it

let connection = "";

function showAll() {
  showHead();
  showDiagnosis();
  showSamples();
  showLook();
  showFigures();
  showSessions();
  showConfig();
}

let width = 0;
new ResizeObserver(() => {
  if (width !== $("figures").clientWidth) showFigures();
  width = $("figures").clientWidth;
}).observe($("figures"));

for (const run of page.data.runs) take(run);
showAll();

// ---- a live view: the server sends all of a run first, then what is new; after a break all of it again

if (page.data.live) {
  const due = new Set();
  const draw = () => {
    const all = [...due];
    due.clear();
    for (const show of all) show();
  };
  const soon = (...parts) => {
    parts.forEach(p => due.add(p));
    // Who does not look costs nothing.
    if (!document.hidden) requestAnimationFrame(draw);
  };
  const say = text => { connection = text; soon(showHead); };
  document.addEventListener("visibilitychange", () => soon());
  const events = new EventSource("events");
  const on = (name, take) => events.addEventListener(name, e => take(JSON.parse(e.data)));
  events.onopen = () => say("live");
  events.onerror = () => say("not connected: the command that shows this page has ended or does not answer");
  on("run", run => { take(run); soon(showHead, showDiagnosis, showSamples, showLook, showFigures, showSessions, showConfig); });
  on("points", ({ key, curves }) => { append(runs.get(key), curves); soon(showFigures); });
  on("news", ({ key, ...news }) => { Object.assign(runs.get(key), news); soon(showHead, showDiagnosis, showSamples, showLook, showSessions); });
  on("end", () => { events.close(); say("ended: this is how it was then"); });
}
