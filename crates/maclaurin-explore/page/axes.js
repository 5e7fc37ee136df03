// Scales, ticks and paths.

/** A scale from values to pixels. */
function linear(low, high, first, last) {
  const slope = (last - first) / (high - low);
  const scale = (value) => Math.min(1e5, Math.max(-1e5, first + (value - low) * slope));
  scale.invert = (pixel) => low + (pixel - first) / slope;
  scale.low = low;
  scale.high = high;
  return scale;
}

/** Round values between two, at most `count`. */
function ticks(low, high, count) {
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((digit) => digit * power >= rough * 0.999) * power;
  const first = Math.ceil(low / step - 1e-9);
  const values = [];
  // By their number: far from zero a step may be lost in rounding.
  for (let i = 0; i <= 2 * count && (first + i) * step <= high + 1e-9 * step; i += 1) values.push((first + i) * step);
  return values.map((value) => ({ value, text: stepped(value, step).replace("-", "\u2212") }));
}

/** Powers of ten between two logarithms, at most `count`. */
function decades(low, high, count) {
  const step = Math.max(1, Math.ceil((high - low) / count));
  const values = [];
  for (let i = Math.ceil(low / step) * step; i <= high; i += step) {
    values.push({ value: i, text: `1e${String(i).replace("-", "\u2212")}` });
  }
  return values;
}

/** The path through points; a value of null or none interrupts it. */
function path(xs, ys, x, y) {
  let text = "";
  let pen = "M";
  for (let i = 0; i < xs.length; i += 1) {
    if (ys[i] == null || Number.isNaN(ys[i])) {
      pen = "M";
      continue;
    }
    text += `${pen}${x(xs[i]).toFixed(1)},${y(ys[i]).toFixed(1)}`;
    pen = "L";
  }
  return text;
}

/** The lines and numbers of two axes inside a box. */
function grid(box, xTicks, yTicks, x, y) {
  const group = s("g", { class: "grid", "aria-hidden": "true" });
  for (const { value, text } of xTicks) {
    const at = x(value);
    group.append(s("line", { x1: at, x2: at, y1: box.top, y2: box.bottom, class: value === 0 ? "zero" : null }));
    group.append(s("text", { x: at, y: box.bottom + 15, "text-anchor": "middle" }, text));
  }
  for (const { value, text } of yTicks) {
    const at = y(value);
    const zero = value === 0 && !text.startsWith("1e");
    group.append(s("line", { x1: box.left, x2: box.right, y1: at, y2: at, class: zero ? "zero" : null }));
    group.append(s("text", { x: box.left - 6, y: at + 4, "text-anchor": "end" }, text));
  }
  return group;
}

let clips = 0;

/** A drawing of the width of its place, drawn again when that changes; `draw(svg, width, height)`. */
function canvas(label, height, draw, more = {}) {
  clips += 1;
  const svg = s("svg", { role: "img", "aria-label": label, class: "plot", ...more });
  const holder = h("div", { class: "holder" }, svg);
  const clip = `maclaurin-clip-${clips}`;
  const redraw = () => {
    const width = Math.max(160, Math.round(holder.clientWidth));
    const tall = typeof height === "function" ? height(width) : height;
    svg.setAttribute("viewBox", `0 0 ${width} ${tall}`);
    svg.setAttribute("height", tall);
    draw(svg, width, tall, clip);
  };
  const later = oncePerFrame(redraw);
  new ResizeObserver(later).observe(holder);
  return { svg, holder, redraw: later, clip };
}

/** A clipping path of a box. */
function clipping(id, box) {
  const { left, top, right, bottom } = box;
  return s("clipPath", { id }, s("rect", { x: left, y: top, width: right - left, height: bottom - top }));
}

