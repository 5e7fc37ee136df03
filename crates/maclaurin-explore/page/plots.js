// The plots: function and polynomials, the error, the complex plane, the values of a picture.

const LEFT = 52;

/** The place of a plot's curves. */
function inside(width, height, top = 10) {
  return { left: LEFT, right: width - 12, top, bottom: height - 24 };
}

/** Rectangles over what is outside the disc of convergence. */
function outside(box, x, disc) {
  if (!disc || disc.lower == null) return [];
  const [low, high] = disc.inside.map((end) => Math.min(box.right, Math.max(box.left, x(end))));
  const shade = (from, to) =>
    to > from && s("rect", { class: "outside", x: from, y: box.top, width: to - from, height: box.bottom - box.top });
  return [shade(box.left, low), shade(high, box.right)].filter(Boolean);
}

/** The plot on which one drags. `view` has what is drawn, `act` what is done. */
function mainPlot(store, view, act) {
  let x = linear(-1, 1, 0, 1);
  let y = x;
  const layer = s("g", {});
  const cursor = s("circle", { r: 7, class: "point" });
  const halo = s("circle", { r: 18, class: "halo" });
  const stem = s("line", { class: "stem" });
  const point = s("g", { class: "handle", tabindex: 0, role: "slider", "aria-label": "expansion point" }, stem, halo, cursor);
  const height = (width) => Math.round(Math.min(460, Math.max(260, width * 0.56)));
  const label = "the function, its Taylor polynomials and the certified band; drag to move the range";
  const plot = canvas(label, height, draw, { role: "group", tabindex: 0, class: "plot main" });
  plot.svg.append(layer, point);

  function draw(svg, width, tall, clip) {
    const { lo, hi } = store.get();
    const data = view.curves;
    const box = inside(width, tall);
    x = linear(lo, hi, box.left, box.right);
    const [low, high] = data?.y ?? [-1, 1];
    y = linear(low, high, box.bottom, box.top);
    const curves = s("g", { "clip-path": `url(#${clip})` });
    layer.replaceChildren(clipping(clip, box), grid(box, ticks(lo, hi, width / 90), ticks(low, high, tall / 50), x, y), curves);
    if (data) {
      curves.append(...outside(box, x, view.disc));
      if (view.errors?.band) {
        const { x: xs, band: [below, above] } = view.errors;
        const there = path(xs, above, x, y);
        const back = path([...xs].reverse(), [...below].reverse(), x, y);
        curves.append(s("path", { class: "band", d: `${there}${back.replace("M", "L")}Z` }));
      }
      for (const { order, y: values } of data.polynomials ?? []) {
        if (order === data.order) continue;
        curves.append(s("path", { class: `curve curve-${order % 8}`, d: path(data.x, values, x, y) }));
      }
      curves.append(s("path", { class: "curve function", d: path(data.x, data.f, x, y) }));
      if (data.polynomial) curves.append(s("path", { class: "curve own", d: path(data.x, data.polynomial, x, y) }));
      for (const { value, kind } of view.marks) {
        curves.append(s("line", { class: `mark mark-${kind}`, x1: x(value), x2: x(value), y1: box.top, y2: box.bottom }));
      }
    }
    const at = data?.at;
    point.setAttribute("visibility", at == null || at < lo || at > hi ? "hidden" : "visible");
    if (at != null) {
      const middle = Math.min(box.bottom, Math.max(box.top, y(data.at_value ?? 0)));
      for (const circle of [cursor, halo]) {
        circle.setAttribute("cx", x(at));
        circle.setAttribute("cy", middle);
      }
      stem.setAttribute("x1", x(at));
      stem.setAttribute("x2", x(at));
      stem.setAttribute("y1", box.top);
      stem.setAttribute("y2", box.bottom);
      point.setAttribute("aria-valuemin", lo);
      point.setAttribute("aria-valuemax", hi);
      point.setAttribute("aria-valuenow", at);
      point.setAttribute("aria-valuetext", `x = ${data.at_text}`);
    }
  }

  const pixel = (event) => event.clientX - plot.svg.getBoundingClientRect().left;
  const step = () => roundStep((store.get().hi - store.get().lo) / 100);
  const moveTo = (value) => act({ at: stepped(value, step()) }, "at");
  let drag = null;
  plot.svg.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const { lo, hi } = store.get();
    drag = { kind: point.contains(event.target) ? "point" : "range", from: pixel(event), lo, hi, scale: x };
    plot.svg.setPointerCapture(event.pointerId);
    plot.svg.classList.add("dragging");
  });
  plot.svg.addEventListener("pointermove", (event) => {
    if (!drag) return;
    if (drag.kind === "point") return moveTo(x.invert(pixel(event)));
    const by = drag.scale.invert(drag.from) - drag.scale.invert(pixel(event));
    const fine = step();
    act({ lo: Number(stepped(drag.lo + by, fine)), hi: Number(stepped(drag.hi + by, fine)) }, "range");
  });
  const end = () => {
    drag = null;
    plot.svg.classList.remove("dragging");
  };
  plot.svg.addEventListener("pointerup", end);
  plot.svg.addEventListener("pointercancel", end);
  const zoom = (factor, around) => {
    const { lo, hi } = store.get();
    const width = (hi - lo) * factor;
    const fine = roundStep(width / 100);
    const low = around - (around - lo) * factor;
    act({ lo: Number(stepped(low, fine)), hi: Number(stepped(low + width, fine)) }, "range");
  };
  plot.svg.addEventListener(
    "wheel",
    (event) => {
      // Without a key the wheel scrolls the page; two fingers that spread are the wheel with Control.
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoom(Math.exp(Math.sign(event.deltaY) * 0.1), x.invert(pixel(event)));
    },
    { passive: false },
  );
  plot.svg.addEventListener("keydown", (event) => {
    const { lo, hi } = store.get();
    const sign = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const factor = { "+": 0.8, "=": 0.8, "-": 1.25 }[event.key];
    if (sign && event.target === point) {
      const at = Number(store.get().at || NaN);
      moveTo((Number.isFinite(at) ? at : (view.curves?.at ?? 0)) + sign * step() * (event.shiftKey ? 10 : 1));
    } else if (sign) {
      const by = (sign * (hi - lo)) / 20;
      const fine = step();
      act({ lo: Number(stepped(lo + by, fine)), hi: Number(stepped(hi + by, fine)) }, "range");
    } else if (factor) {
      zoom(factor, (lo + hi) / 2);
    } else {
      return;
    }
    event.preventDefault();
  });
  return { ...plot, zoom: (factor) => zoom(factor, (store.get().lo + store.get().hi) / 2) };
}

/** The error on a logarithmic scale under its certified bound. */
function errorPlot(store, view) {
  return canvas("the error on a logarithmic scale, and its certified bound", 190, (svg, width, tall, clip) => {
    const { lo, hi } = store.get();
    const box = inside(width, tall);
    const x = linear(lo, hi, box.left, box.right);
    const errors = view.errors?.errors;
    svg.replaceChildren();
    if (!errors?.bounds) {
      const text = view.errors?.error?.message ?? "";
      svg.append(grid(box, ticks(lo, hi, width / 90), [], x, x), ...wrapped(text, box));
      return;
    }
    const log = (value) => (value > 0 ? Math.log10(value) : value === 0 ? -Infinity : null);
    const known = [...errors.bounds, ...errors.likely].map(log).filter(Number.isFinite);
    if (known.length === 0) {
      svg.append(grid(box, ticks(lo, hi, width / 90), [], x, x), ...wrapped("the polynomial is the function", box));
      return;
    }
    const top = Math.ceil(Math.max(...known) + 0.3);
    const bottom = Math.min(top - 2, Math.max(Math.floor(Math.min(...known)), top - 16));
    const y = linear(bottom, top, box.bottom, box.top);
    const [first, last] = [view.errors.x[0], view.errors.x.at(-1)];
    const edge = (i) => first + ((last - first) * i) / errors.bounds.length;
    const xs = errors.bounds.flatMap((_, i) => [edge(i), edge(i + 1)]);
    const level = errors.bounds.map((bound) => Math.max(bottom - 1, log(bound) ?? top + 1));
    const steps = path(xs, level.flatMap((value) => [value, value]), x, y);
    const likely = errors.likely.map((value) => Math.max(bottom - 1, log(value) ?? bottom - 1));
    svg.append(
      clipping(clip, box),
      grid(box, ticks(lo, hi, width / 90), decades(bottom, top, tall / 32), x, y),
      s("g", { "clip-path": `url(#${clip})` },
        ...outside(box, x, view.disc),
        s("path", { class: "bound-fill", d: `${steps}L${x(last)},${box.bottom + 9}L${x(first)},${box.bottom + 9}Z` }),
        s("path", { class: "bound", d: steps }),
        s("path", { class: "curve error", d: path(errors.places, likely, x, y) })),
    );
  });
}

/** A sentence in lines inside a box. */
function wrapped(text, box) {
  const most = Math.max(16, Math.floor((box.right - box.left) / 7));
  const lines = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < most) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.slice(0, 6).map((line, i) => s("text", { class: "words", x: box.left + 10, y: box.top + 24 + 17 * i }, line));
}

/** The disc of convergence, the singularities, branch cuts, and the range on the real line; `look` is told the window. */
function planePlot(store, view, look) {
  return canvas("the complex plane: disc of convergence, proven singularities and branch cuts", (width) => Math.min(300, Math.round(width * 0.8)), (svg, width, tall, clip) => {
    const disc = view.disc;
    svg.replaceChildren();
    if (!disc) return;
    const { lo, hi } = store.get();
    const box = { left: 40, right: width - 8, top: 8, bottom: tall - 22 };
    const radius = disc.upper ?? disc.lower;
    const reach = radius > 0 ? 1.45 * radius : Math.max(1e-3, (hi - lo) / 2);
    const aspect = (box.right - box.left) / (box.bottom - box.top);
    const x = linear(disc.at - reach * aspect, disc.at + reach * aspect, box.left, box.right);
    const y = linear(-reach, reach, box.bottom, box.top);
    const pixels = (length) => Math.abs(y(length) - y(0));
    const shapes = s("g", { "clip-path": `url(#${clip})` });
    const xs = ticks(x.low, x.high, width / 70);
    svg.append(clipping(clip, box), grid(box, xs, ticks(-reach, reach, tall / 45).map(imaginary), x, y), shapes);
    if (disc.lower == null) {
      shapes.append(s("rect", { class: "disc", x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top }));
    } else {
      shapes.append(s("circle", { class: "disc", cx: x(disc.at), cy: y(0), r: pixels(disc.lower) }));
      const open = disc.upper == null ? 0 : disc.upper - disc.lower;
      if (open > 0.003 * reach) {
        shapes.append(s("circle", { class: "ring", cx: x(disc.at), cy: y(0), r: pixels(disc.upper) }));
      }
    }
    shapes.append(s("line", { class: "range", x1: x(lo), x2: x(hi), y1: y(0), y2: y(0) }));
    const piece = ([a, b, c, d]) => [b, -b].map((side, i) =>
      `M${x(a).toFixed(1)},${y(side).toFixed(1)}L${x(c).toFixed(1)},${y(i === 0 ? d : -d).toFixed(1)}`).join("");
    if (view.cuts?.length) {
      shapes.append(s("path", { class: "cut", d: view.cuts.map(piece).join("") }, s("title", {}, "branch cut of principal values: not proven")));
    }
    for (const { re, im, name } of disc.singularities) {
      for (const side of im === 0 ? [0] : [im, -im]) {
        const d = `M${x(re) - 5},${y(side) - 5}l10,10m0,-10l-10,10`;
        shapes.append(s("path", { class: "singular", d }, s("title", {}, name)));
      }
    }
    shapes.append(s("circle", { class: "point", cx: x(disc.at), cy: y(0), r: 5 }));
    look({ re: [x.low, x.high], im: reach });
  });
}

/** A tick of the imaginary axis. */
function imaginary({ value, text }) {
  return { value, text: value === 0 ? "0" : text === "1" ? "i" : text === "\u22121" ? "\u2212i" : `${text}i` };
}

/** The small plot of an error, about zero and between its bounds. */
function errorCurve(errors, xs, bound, method) {
  return canvas(`error of the ${method} polynomial`, 96, (svg, width, tall) => {
    const largest = Math.max(...errors.filter(Number.isFinite).map(Math.abs), bound ?? 0) || 1;
    const x = linear(xs[0], xs.at(-1), 2, width - 2);
    const y = linear(-largest * 1.08, largest * 1.08, tall - 2, 2);
    const line = (value, name) => s("line", { class: name, x1: 2, x2: width - 2, y1: y(value), y2: y(value) });
    svg.replaceChildren(line(0, "zero"), s("path", { class: "curve own", d: path(xs, errors, x, y) }));
    if (bound != null) svg.append(line(bound, "bound"), line(-bound, "bound"));
  });
}

/** How many values of a picture lie where, on the axis of the plot above. */
function histogramPlot(store, view) {
  return canvas("histogram of the picture's values, on the axis of the plot above", 84, (svg, width, tall) => {
    svg.replaceChildren();
    const counted = view.counted;
    if (!counted) return;
    const { lo, hi } = store.get();
    const box = { left: LEFT, right: width - 12, top: 6, bottom: tall - 6 };
    const x = linear(lo, hi, box.left, box.right);
    const most = Math.max(...counted.counts.flat(), 1);
    const y = linear(0, Math.sqrt(most), box.bottom, box.top);
    const wide = Math.max(1, x(counted.x[1]) - x(counted.x[0]));
    svg.append(s("line", { class: "zero", x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom }));
    counted.counts.forEach((counts, channel) => {
      let d = "";
      counts.forEach((count, value) => {
        const at = x(counted.x[value]);
        if (count === 0 || at < box.left || at > box.right) return;
        d += `M${(at - wide / 2).toFixed(1)},${box.bottom}V${y(Math.sqrt(count)).toFixed(1)}h${wide.toFixed(1)}V${box.bottom}Z`;
      });
      svg.append(s("path", { class: `bars channel-${channelName(counted.counts.length, channel)}`, d }));
    });
  });
}

/** The name of a picture's channel. */
function channelName(count, channel) {
  return count === 1 ? "gray" : ["red", "green", "blue", "alpha"][channel];
}

