/* One pixel of a trained network: what its query reads, and how one pixel of the image would change with that. */
const trained = (() => {
  const { el, number } = page, run = page.data.run;
  if (!run) return { show() { } };

  const strongest = run.strongest;
  const pixels = run.image.size / run.size;
  const picture = new Image(), big = el("canvas", { class: "pixelated", role: "img", width: 512, height: 512 });

  // Of key j, on the image.
  const square = j => page.attention.square(run, j).map(x => x * pixels);
  const place = j => page.attention.square(run, j).slice(0, 2).join();

  // The image, and over it A or dE: the strongest key the most opaque.
  function draw(map) {
    const pen = big.getContext("2d"), unit = big.width / run.image.size, numbers = { A: run.a, dE: run.de }[map];
    pen.imageSmoothingEnabled = false;
    pen.globalAlpha = 1;
    pen.drawImage(picture, 0, 0, big.width, big.height);
    const frame = ([row, column, size], style, width) => {
      pen.strokeStyle = style;
      pen.lineWidth = width;
      pen.strokeRect(column * unit, row * unit, size * unit, size * unit);
    };
    if (numbers) {
      const largest = Math.max(...numbers.map(Math.abs)) || 1;
      pen.fillStyle = "#000";
      pen.globalAlpha = 0.55;
      pen.fillRect(0, 0, big.width, big.height);
      numbers.forEach((x, j) => {
        const [row, column, size] = square(j);
        pen.globalAlpha = 0.9 * Math.abs(x) / largest;
        pen.fillStyle = x < 0 ? "#fb923c" : "#60a5fa";
        pen.fillRect(column * unit, row * unit, size * unit, size * unit);
      });
      pen.globalAlpha = 1;
    }
    pen.font = "bold 15px sans-serif";
    pen.textBaseline = "middle";
    pen.textAlign = "center";
    strongest.forEach((j, rank) => {
      const [row, column, size] = square(j), x = (column + size / 2) * unit, y = (row + size / 2) * unit;
      frame(square(j), "#fff", 2);
      pen.lineWidth = 4;
      pen.strokeStyle = "#000";
      pen.strokeText(rank + 1, x, y);
      pen.fillStyle = "#fff";
      pen.fillText(rank + 1, x, y);
    });
    frame([run.query[0] * pixels, run.query[1] * pixels, pixels], "#facc15", 5);
    if (run.pixel) frame([run.pixel[0], run.pixel[1], 1], "#22c55e", 4);
    big.setAttribute("aria-label", `The image; its query at ${run.query.join()}, ${run.pixel ? `the output pixel at ${run.pixel.join()}, `
      : ""}the keys that are read most${numbers ? `, and ${map} of all keys` : ""}`);
  }

  function cut(j) {
    const label = `the pixels of key ${place(j)}`;
    const small = el("canvas", { class: "pixelated cut", width: 40, height: 40, role: "img", "aria-label": label });
    const [row, column, size] = square(j), around = Math.max(size, 4), middle = (around - size) / 2;
    const pen = small.getContext("2d");
    pen.imageSmoothingEnabled = false;
    pen.drawImage(picture, column - middle, row - middle, around, around, 0, 0, 40, 40);
    return small;
  }

  // Numbers as a strip of colours: where a key has the colours of the query, their product is large.
  const strip = (numbers, name, largest = Math.max(...numbers.map(Math.abs))) => {
    return el("span", { class: "strip", role: "img", "aria-label": `${name}: ${numbers.map(x => number(x, 2)).join(", ")}` },
      numbers.map(x => el("span", { class: x < 0 ? "negative" : null, title: number(x),
        style: `--size: ${Math.round(Math.abs(x) / (largest || 1) * 90)}%` })));
  };

  function table() {
    const largest = Math.max(...run.q.map(Math.abs), ...run.k.flat().map(Math.abs));
    const head = ["", "pixels", "at", `k, ${run.q.length} numbers`, "E = scale q·k", "A", "dA = g·v", "dE = A (dA − D)"];
    const row = (cells, first) => el("tr", {}, el("th", { scope: "row" }, first), cells.map(c => el("td", {}, c)));
    return el("table", {}, el("thead", {}, el("tr", {}, head.map(h => el("th", { scope: "col" }, h)))), el("tbody", {},
      el("tr", { class: "query" }, el("th", { scope: "row" }, "q"), el("td", {}), el("td", {}, run.query.join()),
        el("td", {}, strip(run.q, "q", largest)), el("td", { colspan: 4 }, `D = ${number(run.d, 5)}`)),
      strongest.map((j, rank) => row([cut(j), place(j),
        strip(run.k[rank], `key ${rank + 1}`, largest), number(run.e[j], 2), number(run.a[j]),
        number(run.da[j], 5), number(run.de[j], 5)], `${rank + 1}`))));
  }

  function build(map, choose) {
    const share = strongest.reduce((t, j) => t + run.a[j], 0), section = document.getElementById("trained");
    const button = m => el("button", { "data-map": m, "aria-pressed": String(m === map), onclick: () => choose(m) }, m);
    const heads = run.heads > 1 ? `, head ${run.head} of ${run.heads}` : "";
    section.hidden = false;
    section.replaceChildren(
      el("h2", {}, `${run.layer} of ${run.name}, step ${run.step}: what one pixel reads`),
      el("div", { class: "look" },
        el("div", {}, big, el("div", { class: "choice no-print", role: "group", "aria-label": "Over the image" },
          ["image", "A", "dE"].map(button))),
        el("div", {},
          el("p", {}, `The layer is ${run.size}×${run.size}, ${run.form}; gamma = ${number(run.gamma)}, scale = ${number(run.scale)}`
            + `${heads}. Yellow: the query at ${run.query.join()}. White: the ${strongest.length} of ${run.a.length} keys that it `
            + `reads most, with ${number(share * 100, 0)} % of its attention. `
            + (run.pixel ? `Green: the output pixel ${run.pixel.join()}, whose brightness is L = ${number(run.l)}. Where dE is above 0, `
              + "blue, reading more would make it brighter."
              : `L is the discriminator's score of the image, ${number(run.l)}. Where dE is above 0, blue, reading more would raise it.`)),
          el("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "The query and its strongest keys" }, table()),
          el("p", {}, "dq = scale dE k, the gradient of the query: ", strip(run.dq, "dq"), ` length ${number(Math.hypot(...run.dq), 6)}`,
            run.gamma === 0 ? ": all of the backward pass is 0, since gamma is." : ""))),
      el("h2", {}, "The same with four pixels, and every number"));
    draw(map);
  }

  return {
    /** Over the image lies the map of this name; choose is called with another. */
    show(map, choose) {
      if (picture.complete && picture.naturalWidth > 0) return build(map, choose);
      picture.onload = () => build(map, choose);
      picture.src = run.image.url;
    },
  };
})();
