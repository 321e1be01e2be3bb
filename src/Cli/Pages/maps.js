
/** Maps of attention: rows of A = softmax(scale q k^T), computed when they are asked for. */
page.maps = (() => {
  const data = page.data, at = id => document.getElementById(id);
  // As in the picture (AttentionFigure.cs): told apart with any kind of colour vision.
  const colours = ["#e69f00", "#56b4e9", "#3dd09a", "#f0e442", "#e595c4", "#ff7a45"];
  const heat = [[0x00, 0x00, 0x04], [0x57, 0x10, 0x6e], [0xbc, 0x37, 0x54], [0xf9, 0x8e, 0x09], [0xfc, 0xff, 0xa4]];
  const pictures = data.images.map(i => { const p = new Image(); p.src = i.src; return p; });
  const state = { layer: 0, image: 0, head: data.head, query: null, held: false };
  let shown = null;

  const floats = text => {
    const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0)), view = new DataView(bytes.buffer);
    return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
  };
  const decoded = new WeakMap();
  const sampleOf = (layer, image) => {
    const raw = data.layers[layer].samples[image];
    if (!decoded.has(raw)) decoded.set(raw, { q: floats(raw.q), k: floats(raw.k) });
    return decoded.get(raw);
  };

  /** Row `query` of A of one head: a weight for each key. */
  function row(layer, image, head, query) {
    const l = data.layers[layer], { q, k } = sampleOf(layer, image), e = new Float64Array(l.keys);
    const from = (head * l.size * l.size + query) * l.width, keys = head * l.keys * l.width;
    for (let j = 0; j < l.keys; j++) {
      let dot = 0;
      for (let c = 0; c < l.width; c++) dot += q[from + c] * k[keys + j * l.width + c];
      e[j] = l.scale * dot;
    }
    if (l.topK > 0 && l.topK < l.keys) {
      // Of equally large ones the first.
      const order = Array.from(e.keys()).sort((a, b) => e[b] - e[a] || a - b);
      for (const j of order.slice(l.topK)) e[j] = -Infinity;
    }
    const most = e.reduce((a, b) => Math.max(a, b));
    let sum = 0;
    for (let j = 0; j < e.length; j++) sum += e[j] = Math.exp(e[j] - most);
    return e.map(w => w / sum);
  }

  /** The weights on the layer's pixels: a pooled key's is spread over its pixels; head null is the mean of all. */
  function map(layer, image, head, query) {
    const l = data.layers[layer], result = new Float64Array(l.size * l.size);
    const heads = head === null ? Array.from({ length: l.heads }, (_, h) => h) : [head];
    for (const h of heads) {
      const weights = row(layer, image, h, query);
      let j = 0;
      for (const s of l.scales) {
        const side = Math.floor(l.size / s);
        for (let y = 0; y < side; y++)
          for (let x = 0; x < side; x++, j++)
            for (let i = 0; i < s * s; i++)
              result[(y * s + Math.floor(i / s)) * l.size + x * s + i % s] += weights[j] / (s * s * heads.length);
      }
    }
    return result;
  }

  /** The heaviest keys, all heads together where their mean is shown. */
  function strongest(count) {
    const l = data.layers[state.layer], total = new Float64Array(l.keys);
    const heads = state.head === null ? Array.from({ length: l.heads }, (_, h) => h) : [state.head];
    for (const h of heads) row(state.layer, state.image, h, state.query).forEach((w, j) => { total[j] += w / heads.length; });
    return Array.from(total.keys()).sort((a, b) => total[b] - total[a] || a - b).slice(0, count)
      .map(j => ({ place: place(l, j), weight: total[j] }));
  }

  function place(l, key) {
    let j = key;
    for (const s of l.scales) {
      const side = Math.floor(l.size / s);
      if (j < side * side) {
        const y = Math.floor(j / side) * s, x = j % side * s;
        return s === 1 ? `${y}, ${x}` : `${y}–${y + s - 1}, ${x}–${x + s - 1}`;
      }
      j -= side * side;
    }
    return "";
  }

  const percent = x => `${(100 * x).toFixed(x < 0.001 ? 2 : 1)} %`;
  const heatOf = t => {
    const p = Math.min(1, Math.max(0, t)) * (heat.length - 1), i = Math.min(Math.floor(p), heat.length - 2);
    return heat[i].map((a, c) => a + (heat[i + 1][c] - a) * (p - i));
  };

  const side = data.size * Math.max(1, Math.ceil(320 / data.size));
  function start(id, dark) {
    const canvas = at(id);
    if (canvas.width !== side) canvas.width = canvas.height = side;
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.globalCompositeOperation = "source-over";
    context.drawImage(pictures[state.image], 0, 0, side, side);
    if (!dark) return context;
    context.globalCompositeOperation = "saturation";
    context.fillStyle = "#808080";
    context.fillRect(0, 0, side, side);
    context.globalCompositeOperation = "source-over";
    context.fillStyle = "rgb(0 0 0 / 0.6)";
    context.fillRect(0, 0, side, side);
    return context;
  }

  function overlay(context, values) {
    const n = Math.round(Math.sqrt(values.length)), most = values.reduce((a, b) => Math.max(a, b), 0), dots = new ImageData(n, n);
    for (let i = 0; i < values.length; i++) {
      const t = most === 0 ? 0 : values[i] / most, [r, g, b] = heatOf(t);
      dots.data.set([r, g, b, 204 * Math.min(1, 5 * t)], 4 * i);
    }
    const small = page.el("canvas", { width: n, height: n });
    small.getContext("2d").putImageData(dots, 0, 0);
    context.drawImage(small, 0, 0, side, side);
  }

  function mark(context, query, colour, number) {
    const size = data.layers[state.layer].size, cell = side / size, width = Math.max(cell, 8);
    const x = Math.min(query % size * cell, side - width), y = Math.min(Math.floor(query / size) * cell, side - width);
    context.lineWidth = 5;
    context.strokeStyle = "#000";
    context.strokeRect(x + 1.5, y + 1.5, width - 3, width - 3);
    context.lineWidth = 3;
    context.strokeStyle = colour;
    context.strokeRect(x + 1.5, y + 1.5, width - 3, width - 3);
    if (number === undefined) return;
    context.font = "bold 16px system-ui, sans-serif";
    const left = x + width / 2 < side / 2 ? x + width + 3 : x - 15;
    context.fillStyle = "#000";
    context.fillRect(left - 2, y, 15, 18);
    context.fillStyle = colour;
    context.fillText(`${number}`, left, y + 15);
  }

  function draw() {
    const l = data.layers[state.layer], sample = l.samples[state.image], points = sample.points.map(p => p.query);
    state.query = Math.min(state.query ?? points[0], l.size * l.size - 1);
    if (state.head !== null && state.head >= l.heads) state.head = null;
    const chosen = points.indexOf(state.query), colour = chosen < 0 ? "#ffffff" : colours[chosen % colours.length];
    shown = map(state.layer, state.image, state.head, state.query);

    const image = start("image", false);
    points.forEach((q, i) => mark(image, q, colours[i % colours.length], i + 1));
    mark(image, state.query, colour);
    const over = start("map", true);
    overlay(over, shown);
    mark(over, state.query, colour);

    const [r, c] = [Math.floor(state.query / l.size), state.query % l.size], top = strongest(8);
    at("where").textContent = `Row ${r}, column ${c} of ${l.size} x ${l.size} reads most, ${percent(top[0].weight)}, from ${top[0].place}`
      + `${state.held ? " (held)" : ""}.`;
    at("map").setAttribute("aria-label", at("where").textContent);
    at("strongest").replaceChildren(...top.map(t => page.el("tr", {}, page.el("td", {}, t.place), page.el("td", {}, percent(t.weight)))));
    at("points").replaceChildren(...points.map((q, i) => page.el("button", {
      type: "button", "aria-pressed": `${q === state.query}`, onclick: () => { state.held = true; go(q); },
    }, page.el("span", { class: "dot", "data-colour": colours[i % colours.length] }),
    `${i + 1}: ${Math.floor(q / l.size)}, ${q % l.size}`)));
    for (const dot of at("points").querySelectorAll(".dot")) dot.style.background = dot.dataset.colour;
    gradients(sample.points[chosen], l, chosen);
    history.replaceState(null, "", `#${[l.name, state.image, state.head ?? "mean", state.query].join(",")}`);
  }

  function gradients(point, l, chosen) {
    const from = l.name.startsWith("g") ? "the brightness of the image's pixel in the middle of its square"
      : "what it adds to the score";
    at("gradients").hidden = point === undefined;
    if (point === undefined) {
      at("gradient-text").textContent = "It is there for the numbered points: choose one.";
      return;
    }
    at("gradient-text").textContent = `Point ${chosen + 1}: how much ${from} depends on each pixel, through this layer's attention and `
      + `past it, each from dark at 0 to yellow at its largest. gamma is ${page.number(l.gamma)}.`;
    for (const [id, share] of [["attention", point.share], ["convolutions", 1 - point.share]]) {
      const context = start(id, true);
      overlay(context, floats(point[id]));
      mark(context, point.query, colours[chosen % colours.length]);
      at(`${id}-share`).textContent = percent(share);
    }
  }

  function go(query) {
    if (query === state.query) return draw();
    state.query = query;
    draw();
  }

  function choose(layer, image) {
    const before = data.layers[state.layer];
    const [r, c] = [Math.floor((state.query ?? 0) / before.size), (state.query ?? 0) % before.size];
    const l = data.layers[layer], moved = layer !== state.layer;
    if (image >= l.samples.length) image = 0;
    // The same place on a map of another size, unless the point was a marked one.
    const marked = before.samples[state.image].points.findIndex(p => p.query === state.query);
    state.query = marked >= 0 || state.query === null ? l.samples[image].points[Math.max(0, marked)]?.query ?? 0
      : moved ? Math.floor(r * l.size / before.size) * l.size + Math.floor(c * l.size / before.size) : state.query;
    Object.assign(state, { layer, image });
    controls();
    draw();
  }

  function controls() {
    const l = data.layers[state.layer];
    at("layer").value = `${state.layer}`;
    at("head").replaceChildren(page.el("option", { value: "" }, "mean of all"),
      ...Array.from({ length: l.heads }, (_, h) => page.el("option", { value: `${h}` }, `${h}`)));
    if (state.head !== null && state.head >= l.heads) state.head = null;
    at("head").value = state.head === null ? "" : `${state.head}`;
    at("head-label").hidden = l.heads === 1;
    at("images").replaceChildren(...l.samples.map((_, i) => page.el("button", {
      type: "button", "aria-pressed": `${i === state.image}`, onclick: () => choose(state.layer, i),
    }, page.el("img", { class: "pixelated", src: data.images[i].src, alt: "" }),
    page.el("span", {}, `${i + 1}: ${data.images[i].label}`),
    data.images[i].score === null || l.name.startsWith("g") ? null
      : page.el("span", {}, `score ${page.number(data.images[i].score, 2)}`))));
  }

  function under(event) {
    const box = at("image").getBoundingClientRect(), size = data.layers[state.layer].size;
    const inside = v => Math.min(size - 1, Math.max(0, Math.floor(v * size)));
    return inside((event.clientY - box.top) / box.height) * size + inside((event.clientX - box.left) / box.width);
  }

  function key(event) {
    const l = data.layers[state.layer], r = Math.floor(state.query / l.size), c = state.query % l.size;
    const to = {
      ArrowUp: [r - 1, c], ArrowDown: [r + 1, c], ArrowLeft: [r, c - 1], ArrowRight: [r, c + 1], Home: [r, 0], End: [r, l.size - 1],
    }[event.key];
    const point = l.samples[state.image].points[Number(event.key) - 1];
    if (to === undefined && point === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    state.held = true;
    go(to === undefined ? point.query
      : Math.min(l.size - 1, Math.max(0, to[0])) * l.size + Math.min(l.size - 1, Math.max(0, to[1])));
  }

  at("heading").textContent = `Where attention looks: ${data.run}`;
  at("about").textContent = `Step ${data.step}, seed ${data.seed}.`;
  at("how").textContent = "A row of A = softmax(scale q kᵀ) is computed here when you point, from the q and k of the network's own "
    + "pass; it sums to 1. A map goes from dark at 0 to yellow at its largest weight. This page is "
    + `${page.number(document.documentElement.outerHTML.length / 1e6, 1)} MB and asks for nothing.`;
  at("layer").append(...data.layers.map((l, i) => page.el("option", { value: `${i}` }, l.text)));
  at("layer").addEventListener("change", e => choose(Number(e.target.value), state.image));
  at("head").addEventListener("change", e => { state.head = e.target.value === "" ? null : Number(e.target.value); draw(); });
  at("from").addEventListener("pointermove", e => { if (!state.held || e.pointerType === "touch") go(under(e)); });
  at("from").addEventListener("pointerdown", e => { state.held = e.pointerType === "touch" || !state.held; go(under(e)); });
  at("from").addEventListener("keydown", key);

  const [name, image, head, query] = location.hash.slice(1).split(",");
  const first = data.layers.findIndex(l => l.name === name);
  if (first >= 0) {
    const l = data.layers[first];
    const below = (text, n) => /^\d+$/.test(text ?? "") && Number(text) < n ? Number(text) : null;
    Object.assign(state, { layer: first, image: below(image, l.samples.length) ?? 0,
      head: below(head, l.heads), query: below(query, l.size * l.size) });
  }
  controls();
  const ready = Promise.all(pictures.map(p => p.decode())).then(draw);
  return { row, map, ready, state, current: () => Array.from(shown) };
})();
