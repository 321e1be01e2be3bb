"use strict";

/** What all pages share. */
const page = {
  /** The numbers that came with the page. */
  data: JSON.parse(document.getElementById("data").textContent),

  /**
   * An element. What is text stays text, whatever it says: strings become text nodes, never markup. A property that begins with "on" is a
   * listener; false and null leave an attribute out.
   */
  el(tag, properties = {}, ...children) {
    const svg = page.svgTags.has(tag);
    const element = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (value === false || value === null || value === undefined) continue;
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.flat().filter(c => c !== null && c !== undefined));
    return element;
  },

  svgTags: new Set(["svg", "g", "path", "rect", "circle", "line", "polyline", "polygon", "text", "title", "image"]),

  /** A number in a cell: few digits, a real minus sign. */
  number(x, digits = 3) {
    if (!Number.isFinite(x)) return Number.isNaN(x) ? "NaN" : x > 0 ? "∞" : "−∞";
    const size = Math.abs(x);
    const text = size !== 0 && (size < 10 ** -digits || size >= 1e5) ? x.toExponential(digits - 1) : x.toFixed(digits);
    return text.replace(/-/g, "−");
  },
};
