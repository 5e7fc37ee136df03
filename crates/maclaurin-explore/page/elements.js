// Elements, text and files.

function make(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child != null && child !== false));
  return node;
}

/** An HTML element; attributes that begin with `on` are listeners. */
function h(tag, attributes, ...children) {
  return make(document.createElement(tag), attributes, children);
}

/** An SVG element. */
function s(tag, attributes, ...children) {
  return make(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

/** A number as it is read on a plot: few digits, a real minus. */
function short(value, digits = 4) {
  if (value == null || !Number.isFinite(value)) return "none";
  const size = Math.abs(value);
  const text =
    size !== 0 && (size < 1e-3 || size >= 1e5)
      ? value.toExponential(Math.max(0, digits - 2)).replace("e+", "e")
      : String(Number(value.toPrecision(digits)));
  return text.replace("-", "\u2212");
}

/** The multiple of 1, 2 or 5 times a power of ten that is nearest below. */
function roundStep(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [5, 2, 1].find((digit) => digit * power <= value * 1.000001) * power;
}

/** A number rounded to a step, as text without the noise of binary fractions. */
function stepped(value, step) {
  const digits = Math.min(15, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  const text = (Math.round(value / step) * step).toFixed(digits);
  return Number(text) === 0 ? "0" : text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** A function whose calls are put together to one before the next picture is drawn. */
function oncePerFrame(work) {
  let due = false;
  return () => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      work();
    });
  };
}

/** A function whose calls are put together to one after a pause. */
function afterPause(milliseconds, work) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(work, milliseconds);
  };
}

function download(name, blob) {
  const address = URL.createObjectURL(blob);
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

/** A button that copies what `text` returns, and says so. */
function copyButton(label, text, say) {
  const copy = async () => {
    const content = await text();
    if (content == null) return;
    try {
      await navigator.clipboard.writeText(content);
      say(`${label}: copied`);
    } catch {
      say("the browser does not let this page copy: select the text instead");
    }
  };
  return h("button", { type: "button", onclick: copy }, label);
}

/** An SVG with the style sheet's colours written into it, as a file of its own. */
function standalone(svg) {
  const copy = svg.cloneNode(true);
  const names = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "opacity", "font-size",
    "font-family", "font-style", "text-anchor", "visibility"];
  const originals = [svg, ...svg.querySelectorAll("*")];
  [copy, ...copy.querySelectorAll("*")].forEach((node, index) => {
    const style = getComputedStyle(originals[index]);
    for (const name of names) node.setAttribute(name, style.getPropertyValue(name));
    for (const name of ["class", "tabindex", "role"]) node.removeAttribute(name);
  });
  const { width, height } = svg.viewBox.baseVal;
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  copy.prepend(s("rect", { width, height, fill: getComputedStyle(svg).getPropertyValue("--paper") }));
  return new XMLSerializer().serializeToString(copy);
}

