
/** Maps of attention: rows of A = softmax(scale q kᵀ), computed from q and k when they are asked for, and drawn over their image. */
page.attention = (() => {
  // Black, violet, red, orange, yellow, as in the picture (AttentionFigure.cs): brighter from each to the next.
  const heat = [[0x00, 0x00, 0x04], [0x57, 0x10, 0x6e], [0xbc, 0x37, 0x54], [0xf9, 0x8e, 0x09], [0xfc, 0xff, 0xa4]];
  const decoded = new WeakMap();

  /** Float32, little-endian, from base64. */
  const floats = text => {
    const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0)), view = new DataView(bytes.buffer);
    return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
  };

  /** Row `query` of A of one head of a layer: a weight for each key. The sample has q and k, in base64. */
  function row(l, sample, head, query) {
    if (!decoded.has(sample)) decoded.set(sample, { q: floats(sample.q), k: floats(sample.k) });
    const { q, k } = decoded.get(sample), e = new Float64Array(l.keys);
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

  /** The row of one head, or with null the mean of all. */
  function weights(l, sample, head, query) {
    if (head !== null) return row(l, sample, head, query);
    const total = new Float64Array(l.keys);
    for (let h = 0; h < l.heads; h++) row(l, sample, h, query).forEach((w, j) => { total[j] += w / l.heads; });
    return total;
  }

  /** The pixels of key j, as [row, column, side] of a square: keys are pooled by each scale, one scale after the other. */
  function square(l, j) {
    for (const s of l.scales) {
      const side = Math.floor(l.size / s);
      if (j < side * side) return [Math.floor(j / side) * s, j % side * s, s];
      j -= side * side;
    }
    return null;
  }

  /** Weights of keys on the layer's pixels: a pooled key's is spread over its own. */
  function map(l, ofKeys) {
    const result = new Float64Array(l.size * l.size);
    ofKeys.forEach((w, j) => {
      const [y, x, s] = square(l, j);
      for (let i = 0; i < s * s; i++) result[(y + Math.floor(i / s)) * l.size + x + i % s] += w / (s * s);
    });
    return result;
  }

  function place(l, key) {
    const [y, x, s] = square(l, key);
    return s === 1 ? `${y}, ${x}` : `${y}–${y + s - 1}, ${x}–${x + s - 1}`;
  }

  const percent = x => `${(100 * x).toFixed(x < 0.001 ? 2 : 1)}\u00a0%`;

  /** The heaviest keys. */
  const strongest = (l, ofKeys, count) => Array.from(ofKeys.keys()).sort((a, b) => ofKeys[b] - ofKeys[a] || a - b).slice(0, count)
    .map(j => ({ place: place(l, j), weight: ofKeys[j] }));

  const heatOf = t => {
    const p = Math.min(1, Math.max(0, t)) * (heat.length - 1), i = Math.min(Math.floor(p), heat.length - 2);
    return heat[i].map((a, c) => a + (heat[i + 1][c] - a) * (p - i));
  };

  /** Draws a picture on a canvas, in a whole multiple of its size; as ground for a map grey and dark. Returns the context. */
  function draw(canvas, picture, isGround) {
    const side = picture.width * Math.max(1, Math.ceil(320 / picture.width));
    if (canvas.width !== side) canvas.width = canvas.height = side;
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.globalCompositeOperation = "source-over";
    context.drawImage(picture, 0, 0, side, side);
    if (!isGround) return context;
    context.globalCompositeOperation = "saturation";
    context.fillStyle = "#808080";
    context.fillRect(0, 0, side, side);
    context.globalCompositeOperation = "source-over";
    context.fillStyle = "rgb(0 0 0 / 0.6)";
    context.fillRect(0, 0, side, side);
    return context;
  }

  /** A square of values over it, from nothing at 0 to yellow at the largest. */
  function overlay(context, values) {
    const n = Math.round(Math.sqrt(values.length)), most = values.reduce((a, b) => Math.max(a, b), 0), dots = new ImageData(n, n);
    for (let i = 0; i < values.length; i++) {
      const t = most === 0 ? 0 : values[i] / most, [r, g, b] = heatOf(t);
      dots.data.set([r, g, b, 204 * Math.min(1, 5 * t)], 4 * i);
    }
    const small = page.el("canvas", { width: n, height: n });
    small.getContext("2d").putImageData(dots, 0, 0);
    context.drawImage(small, 0, 0, context.canvas.width, context.canvas.height);
  }

  /** A frame around a pixel of a map of this size. */
  function mark(context, size, query, colour, number) {
    const side = context.canvas.width, cell = side / size, width = Math.max(cell, 8);
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

  /** The pixel of a map of this size that an event of the mouse or a finger points to. */
  function under(event, element, size) {
    const box = element.getBoundingClientRect();
    const inside = v => Math.min(size - 1, Math.max(0, Math.floor(v * size)));
    return inside((event.clientY - box.top) / box.height) * size + inside((event.clientX - box.left) / box.width);
  }

  /** The pixel that a key of the keyboard goes to; null for any other key. */
  function moved(event, size, query) {
    const r = Math.floor(query / size), c = query % size;
    const to = {
      ArrowUp: [r - 1, c], ArrowDown: [r + 1, c], ArrowLeft: [r, c - 1], ArrowRight: [r, c + 1], Home: [r, 0], End: [r, size - 1],
    }[event.key];
    if (!to || event.ctrlKey || event.altKey || event.metaKey) return null;
    const inside = v => Math.min(size - 1, Math.max(0, v));
    return inside(to[0]) * size + inside(to[1]);
  }

  return { floats, row, weights, square, map, strongest, percent, draw, overlay, mark, under, moved };
})();
