// A picture dropped on the page: its channels by degree, its values on the plot.

/** The longest side of a tile of the sheet. */
const TILE = 200;

/** The pixels of a file, without the channels that say nothing. */
async function pixelsOf(file, most) {
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  const { width, height } = bitmap;
  if (width * height > most) {
    bitmap.close();
    throw new Error(`the picture has ${width} x ${height} pixels, more than ${most}: use \`maclaurin expand\``);
  }
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  let gray = true;
  let opaque = true;
  for (let i = 0; i < data.length && (gray || opaque); i += 4) {
    gray &&= data[i] === data[i + 1] && data[i] === data[i + 2];
    opaque &&= data[i + 3] === 255;
  }
  const channels = gray && opaque ? 1 : opaque ? 3 : 4;
  const bytes = new Uint8Array(width * height * channels);
  for (let i = 0, to = 0; i < data.length; i += 4) {
    for (let channel = 0; channel < channels; channel += 1) bytes[to++] = data[i + channel];
  }
  return { name: file.name ?? "picture", width, height, channels, bytes };
}

/** The panel of the picture. `work` has what it asks for: `count(picture)`, `array(picture)`, `mark(values)`. */
function makePicture(store, view, work) {
  let picture = null;
  let sheet = null;
  let pointer = { x: 0, y: 0 };
  const chooser = h("input", { type: "file", accept: "image/*", "aria-label": "picture", onchange: () => take(chooser.files[0]) });
  const drop = h("div", { class: "drop" }, h("span", {}, "Drop a picture here, or choose one: "), chooser);
  const message = h("p", { class: "why", role: "status", hidden: true });
  const original = h("canvas", { class: "original", tabindex: 0, role: "img",
    "aria-label": "the picture; arrow keys move over its pixels" });
  const reading = h("output", { class: "reading" });
  const within = h("input", { type: "checkbox", checked: true, onchange: () => paintOriginal() });
  const tolerance = h("input", { type: "text", size: 8, inputmode: "decimal", "aria-label": "tolerance",
    onchange: () => work.act({ tolerance: Number(tolerance.value) }) });
  const needed = h("p", { class: "needed", role: "status" });
  const tiles = h("div", { class: "tiles" });
  const save = async () => {
    const file = await work.array(picture);
    if (file) download(`${picture.name.replace(/\.\w+$/, "")}.npy`, new Blob([file]));
  };
  const shown = h("div", { class: "shown", hidden: true },
    h("div", { class: "beside" },
      h("div", {}, original, reading),
      h("div", {},
        h("label", { class: "check" }, within, " dim what lies outside the plot\u2019s range"),
        h("label", { class: "choice" }, h("span", {}, "tolerance"), tolerance), needed,
        h("div", { class: "buttons" },
          h("button", { type: "button", onclick: save }, "download .npy"),
          h("button", { type: "button", onclick: () => saveSheet() }, "download the sheet (PNG)"),
          h("button", { type: "button", onclick: () => take(null) }, "remove")))),
    tiles);
  const element = h("div", {}, drop, message, shown);

  async function take(file) {
    message.hidden = true;
    if (!file) {
      picture = null;
      sheet = null;
      chooser.value = "";
      shown.hidden = true;
      work.mark(null);
      return work.counted(null);
    }
    try {
      const read = await pixelsOf(file, work.most());
      const counted = await work.count(read);
      if (!counted) return;
      picture = read;
      shown.hidden = false;
      original.width = read.width;
      original.height = read.height;
      work.counted(counted);
      paintOriginal();
    } catch (reason) {
      message.hidden = false;
      message.textContent = reason.name === "InvalidStateError" ? "the browser cannot read this file as a picture" : reason.message;
    }
  }

  /** The pixels with the colours that `color(bytes, offset)` writes into four numbers. */
  function paint(context, { width, height, channels, bytes }, color) {
    const image = context.createImageData(width, height);
    for (let i = 0, from = 0; i < image.data.length; i += 4, from += channels) color(image.data, i, bytes, from);
    context.putImageData(image, 0, 0);
  }

  function paintOriginal() {
    if (!picture) return;
    const { channels } = picture;
    const dims = within.checked ? sheet?.inside : null;
    paint(original.getContext("2d", { willReadFrequently: true }), picture, (to, i, from, at) => {
      for (let channel = 0; channel < 3; channel += 1) to[i + channel] = from[at + (channels === 1 ? 0 : channel)];
      to[i + 3] = channels === 4 ? from[at + 3] : 255;
      if (!dims) return;
      const count = Math.min(3, channels);
      let inside = true;
      for (let channel = 0; channel < count; channel += 1) inside &&= dims[from[at + channel]];
      if (!inside) to[i + 3] = 60;
    });
  }

  function read() {
    const { x, y } = pointer;
    const at = (y * picture.width + x) * picture.channels;
    const names = [...Array(picture.channels).keys()].map((channel) => channelName(picture.channels, channel));
    const values = names.map((kind, channel) => ({ kind, value: view.counted.x[picture.bytes[at + channel]] }));
    work.mark(values);
    reading.textContent = `(${x}, ${y}): ${values.map(({ kind, value }) => `${kind} ${short(value, 3)}`).join(", ")}`;
  }
  function hover(target, event) {
    if (!picture) return;
    const box = target.getBoundingClientRect();
    const clamp = (value, size) => Math.min(size - 1, Math.max(0, Math.floor(value * size)));
    pointer = {
      x: clamp((event.clientX - box.left) / box.width, picture.width),
      y: clamp((event.clientY - box.top) / box.height, picture.height),
    };
    read();
  }
  const follow = (target) => {
    target.addEventListener("pointermove", (event) => hover(target, event));
    target.addEventListener("pointerleave", () => work.mark(null));
  };
  follow(original);
  original.addEventListener("blur", () => work.mark(null));
  original.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!move || !picture) return;
    event.preventDefault();
    const far = event.shiftKey ? 20 : 1;
    pointer.x = Math.min(picture.width - 1, Math.max(0, pointer.x + far * move[0]));
    pointer.y = Math.min(picture.height - 1, Math.max(0, pointer.y + far * move[1]));
    read();
  });
  element.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  element.addEventListener("dragleave", () => drop.classList.remove("over"));
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
  });

  function showSheet(answer) {
    sheet = answer.error ? null : answer;
    message.hidden = !answer.error;
    message.textContent = answer.error?.message ?? "";
    if (!sheet || !picture) return tiles.replaceChildren();
    const { on_range: range, at_values: exactly, count, low, high, reason } = sheet.smallest;
    const values = exactly == null ? "" : `order ${exactly} at exactly its ${count} values`;
    const whole = range == null ? (values ? "" : reason) : `order ${range} everywhere on ${short(low, 3)} to ${short(high, 3)}`;
    needed.textContent = `smallest that stays within the tolerance, certified: ${[values, whole].filter(Boolean).join("; ")}`;
    const tile = (degree, { gray, low: least, high: most }, channel) => {
      const name = channelName(picture.channels, channel);
      const label = `degree ${degree}, ${name}: ${least} to ${most}`;
      const canvas = h("canvas", { width: picture.width, height: picture.height, role: "img", "aria-label": label });
      paint(canvas.getContext("2d"), picture, (to, i, from, at) => {
        to[i] = to[i + 1] = to[i + 2] = gray[from[at + channel]];
        to[i + 3] = 255;
      });
      follow(canvas);
      return h("figure", {}, canvas, h("figcaption", {}, `${name}: ${least} to ${most}`));
    };
    tiles.replaceChildren(
      ...sheet.rows.map(({ degree, tiles: row }) =>
        h("div", { class: "row" }, h("h3", {}, `degree ${degree}`),
          h("div", { class: "row-tiles" }, row.map((one, channel) => tile(degree, one, channel))))),
    );
    paintOriginal();
  }

  /** The sheet as one picture: a row for each degree, a column for each channel. */
  async function saveSheet() {
    const rows = [...tiles.querySelectorAll(".row")].map((row) => [row.querySelector("h3").textContent, [...row.querySelectorAll("figure")]]);
    if (rows.length === 0) return;
    const scale = Math.min(1, (2 * TILE) / Math.max(picture.width, picture.height));
    const [width, height] = [picture.width, picture.height].map((side) => Math.max(1, Math.round(side * scale)));
    const columns = Math.max(...rows.map(([, figures]) => figures.length));
    const [gap, line] = [12, 20];
    const canvas = new OffscreenCanvas(gap + columns * (Math.max(width, 150) + gap), gap + rows.length * (height + 2 * line + gap));
    const context = canvas.getContext("2d");
    context.fillStyle = "white";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.fillStyle = "black";
    rows.forEach(([label, figures], row) => {
      const top = gap + row * (height + 2 * line + gap);
      context.font = "bold 14px sans-serif";
      context.fillText(label, gap, top + 13);
      context.font = "12px sans-serif";
      figures.forEach((figure, column) => {
        const left = gap + column * (Math.max(width, 150) + gap);
        context.drawImage(figure.querySelector("canvas"), left, top + line, width, height);
        context.fillText(figure.querySelector("figcaption").textContent, left, top + line + height + 14);
      });
    });
    download("sheet.png", await canvas.convertToBlob({ type: "image/png" }));
  }

  return {
    element,
    showSheet,
    hasPicture: () => picture !== null,
    show(state) {
      if (document.activeElement !== tolerance) tolerance.value = String(state.tolerance);
    },
  };
}

