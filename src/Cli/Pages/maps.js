
/** The page of maps: an image, the map of the pixel that is pointed at, and the gradients of the marked ones. */
page.maps = (() => {
  const data = page.data, at = id => document.getElementById(id);
  const { floats, map, weights, strongest, percent, draw: start, overlay, mark } = page.attention;
  // As in the picture (AttentionFigure.cs): told apart with any kind of colour vision.
  const colours = ["#e69f00", "#56b4e9", "#3dd09a", "#f0e442", "#e595c4", "#ff7a45"];
  const pictures = data.images.map(i => { const p = new Image(); p.src = i.src; return p; });
  const state = { layer: 0, image: 0, head: data.head, query: null, held: false };
  let shown = null;

  function draw() {
    const l = data.layers[state.layer], sample = l.samples[state.image], points = sample.points.map(p => p.query);
    state.query = Math.min(state.query ?? points[0], l.size * l.size - 1);
    if (state.head !== null && state.head >= l.heads) state.head = null;
    const chosen = points.indexOf(state.query), colour = chosen < 0 ? "#ffffff" : colours[chosen % colours.length];
    const keys = weights(l, sample, state.head, state.query), picture = pictures[state.image];
    shown = map(l, keys);

    const image = start(at("image"), picture, false);
    points.forEach((q, i) => mark(image, l.size, q, colours[i % colours.length], i + 1));
    mark(image, l.size, state.query, colour);
    const over = start(at("map"), picture, true);
    overlay(over, shown);
    mark(over, l.size, state.query, colour);

    const [r, c] = [Math.floor(state.query / l.size), state.query % l.size], top = strongest(l, keys, 8);
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
      const context = start(at(id), pictures[state.image], true);
      overlay(context, floats(point[id]));
      mark(context, l.size, point.query, colours[chosen % colours.length]);
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

  const under = event => page.attention.under(event, at("image"), data.layers[state.layer].size);

  function key(event) {
    const l = data.layers[state.layer], digit = event.ctrlKey || event.altKey || event.metaKey ? NaN : Number(event.key);
    const to = page.attention.moved(event, l.size, state.query) ?? l.samples[state.image].points[digit - 1]?.query;
    if (to === undefined) return;
    event.preventDefault();
    state.held = true;
    go(to);
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
  return { ready, state, current: () => Array.from(shown) };
})();
