// The page: puts the parts together, asks what is missing, and draws what is answered.

let panels = 0;

/** A part of the page with a title. */
function panel(title, ...content) {
  panels += 1;
  const id = `maclaurin-panel-${panels}`;
  const heading = h("h2", { id }, title, h("span", { class: "spinner", "aria-hidden": "true" }));
  return h("section", { class: "panel", "aria-labelledby": id }, heading, content);
}

/** A field of a line of text that acts when it is left or Enter is pressed. */
function field(label, act, more = {}) {
  const input = h("input", { type: "text", maxlength: LONGEST, onchange: () => act(input.value), ...more });
  return { element: h("label", { class: "choice" }, h("span", {}, label), input), input };
}

/** Lays the page out in `root`; the host answers questions and keeps the state. Returns how to end it. */
export function mount(root, host) {
  const store = makeStore(host.load());
  const view = { curves: null, errors: null, disc: null, cuts: null, marks: [], counted: null, known: { functions: [], largest_order: LARGEST_ORDER } };
  const act = (change, group) => store.set(change, group);
  const says = h("p", { class: "says", role: "status" });
  let quiet;
  const say = (text) => {
    says.textContent = text;
    clearTimeout(quiet);
    quiet = setTimeout(() => { says.textContent = ""; }, 4000);
  };

  // The controls.
  const editor = makeEditor(store, () => view.known.functions, (f) => act({ f }, "f"));
  const parameters = makeParameters(store, act);
  const button = (label, name, onclick) => h("button", { type: "button", "aria-label": name, title: name, onclick }, label);
  const undo = button("\u21b6", "undo", () => store.undo());
  const redo = button("\u21b7", "redo", () => store.redo());
  const theme = button("\u25d1", "dark or light", () => {
    const dark = getComputedStyle(root).colorScheme === "dark" ||
      (getComputedStyle(root).colorScheme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
    act({ theme: dark ? "light" : "dark" });
  });
  const at = field("about x\u2080 =", (value) => act({ at: value }), { size: 7, "aria-label": "expansion point" });
  const order = h("input", { type: "range", min: 0, max: 24, step: 1, "aria-label": "order", oninput: () => act({ order: Number(order.value) }, "order") });
  const orderField = h("input", { type: "number", min: 0, max: LARGEST_ORDER, "aria-label": "order as a number", oninput: () => orderField.value && act({ order: Number(orderField.value) }, "order") });
  const low = field("x from", (value) => act({ lo: Number(value) }), { size: 6, inputmode: "decimal", "aria-label": "lower end of the range" });
  const high = field("to", (value) => act({ hi: Number(value) }), { size: 6, inputmode: "decimal", "aria-label": "upper end of the range" });
  const chips = h("div", { class: "chips", role: "group", "aria-label": "orders drawn" });

  // The plots and tables.
  const plot = mainPlot(store, view, act);
  const histogram = histogramPlot(store, view);
  const errors = errorPlot(store, view);
  const plane = planePlot(store, view, (window) => lookForCuts(window));
  const bound = h("p", { class: "bound-text" });
  const radius = h("p", { class: "radius-text" });
  const cuts = h("p", { class: "cuts-text", hidden: true }, "red lines: branch cuts of principal values, found on a grid and not proven; the series follows its function across them");
  const coefficients = makeCoefficients(say);
  const code = makeCode(store, act, say);
  const methods = makeMethods();
  const saveSvg = () => download("plot.svg", new Blob([standalone(plot.svg)], { type: "image/svg+xml" }));
  const zooms = h("div", { class: "buttons zooms" },
    button("+", "narrower range", () => plot.zoom(0.8)), button("\u2212", "wider range", () => plot.zoom(1.25)),
    h("button", { type: "button", onclick: saveSvg }, "download SVG"));
  histogram.holder.hidden = true;

  const plotPanel = panel("Function and polynomials", chips, plot.holder, histogram.holder, zooms);
  const errorPanel = panel("Error", bound, errors.holder);
  const planePanel = panel("Convergence", radius, plane.holder, cuts);
  const tablePanel = panel("Coefficients", coefficients.element);
  const codeBox = h("details", { ontoggle: () => request() }, h("summary", {}, "Source code"), code.element);
  tablePanel.append(codeBox);
  const methodPanel = panel("Four polynomials of this degree on this range", methods.element);

  // What is asked.
  const askers = new Map();
  const asker = (kind, busy) => {
    if (!askers.has(kind)) askers.set(kind, makeAsker(host, busy ?? (() => {})));
    return askers.get(kind);
  };
  const busy = (where) => (on) => where.classList.toggle("busy", on);
  const last = new Map();
  /** Asks unless the same was asked last, and shows the answer. */
  async function ask(kind, where, question, show, bytes = null) {
    const key = JSON.stringify(question);
    if (last.get(kind) === key && !bytes) return;
    last.set(kind, key);
    try {
      const reply = await asker(kind, typeof where === "function" ? where : busy(where))(question, bytes);
      if (reply) show(reply.answer, reply.bytes);
    } catch (reason) {
      last.delete(kind);
      say(reason.message);
    }
  }

  function showCurves(answer) {
    const failed = !answer.x;
    if (!failed) view.curves = answer;
    editor.blame(answer.error, (name) => act({ p: { ...store.get().p, [name]: "1" } }));
    at.input.setAttribute("aria-invalid", String(Boolean(answer.error?.text != null && answer.error.text === store.get().at)));
    plotPanel.classList.toggle("failed", failed);
    if (!failed) parameters.show(answer.parameters);
    plot.redraw();
    histogram.redraw();
  }
  function showErrors(answer) {
    view.errors = answer;
    const shown = answer.errors?.bound_text;
    bound.textContent = shown ? `order ${answer.order} is off by at most ${shown} on this range: certified` : "";
    errors.redraw();
    plot.redraw();
  }
  function showDisc(answer) {
    view.disc = answer.error ? null : answer;
    const singular = (view.disc?.singularities ?? []).map(({ name }) => name);
    const nearest = singular.length > 0 ? `; proven singularities: ${singular.join(", ")}` : "";
    radius.textContent = view.disc ? `radius of convergence: ${view.disc.text}${nearest}` : "";
    if (!view.disc) showCuts({});
    plane.redraw();
    plot.redraw();
    errors.redraw();
  }
  function showCuts(answer) {
    view.cuts = answer.pieces ?? null;
    cuts.hidden = !view.cuts?.length;
    plane.redraw();
  }
  const subject = () => {
    const { f, p, at: point, order: degree } = store.get();
    return { expression: f, parameters: p, at: point.trim() || "0", order: degree };
  };
  const range = () => [store.get().lo, store.get().hi];
  /** What is found of one function is not shown beside another. */
  const ofSame = () => {
    const asked = named(store.get());
    return (show) => (answer) => asked === named(store.get()) && show(answer);
  };

  const askCurves = () => {
    const { orders } = store.get();
    const points = Math.min(480, Math.max(160, Math.round(plot.holder.clientWidth / 3)));
    const same = ofSame();
    ask("curves", plotPanel, { ask: "curves", ...subject(), orders, on: range(), points }, showCurves);
    ask("errors", errorPanel, { ask: "errors", ...subject(), on: range(), points }, same(showErrors));
    ask("disc", planePanel, { ask: "disc", ...subject(), order: 0 }, same(showDisc));
  };
  // While the plane moves, the cuts in it stay where they are.
  let planeWindow = null;
  const askCuts = afterPause(120, () => {
    const { f, p } = store.get();
    if (view.disc) ask("cuts", planePanel, { ask: "cuts", expression: f, parameters: p, ...planeWindow }, ofSame()(showCuts));
  });
  const lookForCuts = (window) => {
    planeWindow = window;
    askCuts();
  };
  const askRest = afterPause(120, () => {
    ask("coefficients", tablePanel, { ask: "coefficients", ...subject() }, (answer) => coefficients.show(answer.error ? null : answer));
    for (const method of Object.keys(METHODS)) {
      const question = { ask: "approximation", ...subject(), method, on: range() };
      ask(method, (on) => methods.busy(method, on), question, (answer) => methods.show(method, answer));
    }
    const { method, language, format } = store.get();
    if (codeBox.open) ask("code", tablePanel, { ask: "code", ...subject(), method, language, format, on: range() }, code.code);
    if (view.counted) {
      const { tolerance } = store.get();
      const question = { ask: "sheet", ...subject(), counts: view.counted.counts, on: range(), tolerance };
      ask("sheet", picturePanel, question, picture.showSheet);
    }
  });
  function request() {
    askCurves();
    askRest();
  }

  // The picture.
  const shape = ({ width, height, channels }) => ({ width, height, channels });
  const picture = makePicture(store, view, {
    act,
    most: () => view.known.most_pixels ?? 1 << 24,
    async count(read) {
      const reply = await asker("histogram", busy(picturePanel))({ ask: "histogram", ...shape(read) }, read.bytes);
      if (reply?.answer.error) throw new Error(reply.answer.error.message);
      return reply?.answer;
    },
    async array(read) {
      const reply = await asker("array", busy(picturePanel))({ ask: "array", ...subject(), ...shape(read) }, read.bytes);
      if (reply?.answer.error) say(reply.answer.error.message);
      return reply?.answer.error ? null : reply?.bytes;
    },
    counted(counted) {
      view.counted = counted;
      last.delete("sheet");
      histogram.holder.hidden = !counted;
      histogram.redraw();
      request();
    },
    mark(values) {
      view.marks = values ?? [];
      plot.redraw();
    },
  });
  const picturePanel = panel("A picture", picture.element);

  function showChips(state) {
    const most = Math.max(8, Math.min(12, state.order));
    const list = [...new Set([...Array(most + 1).keys(), ...state.orders])].sort((a, b) => a - b);
    const chip = (k) => {
      const own = k === state.order;
      const drawn = own || state.orders.includes(k);
      const toggle = () => act({ orders: drawn ? state.orders.filter((other) => other !== k) : [...state.orders, k] });
      return h("button", { type: "button", class: own ? "chip own" : `chip curve-${k % 8}`, "aria-pressed": String(drawn),
        "aria-label": own ? `order ${k}, the order chosen` : `draw order ${k}`, disabled: own, onclick: toggle }, String(k));
    };
    const focused = [...chips.children].indexOf(document.activeElement);
    chips.replaceChildren(h("span", { "aria-hidden": "true" }, "orders"), ...list.map(chip));
    if (focused > 0) chips.children[focused]?.focus();
  }

  function show(state) {
    editor.show(state);
    code.show(state);
    picture.show(state);
    const put = (input, value) => { if (document.activeElement !== input || input.type === "range") input.value = value; };
    put(at.input, state.at);
    put(low.input, state.lo);
    put(high.input, state.hi);
    order.max = String(Math.max(24, state.order));
    put(order, state.order);
    put(orderField, state.order);
    showChips(state);
    // A disabled button would lose the focus, and the keys with it.
    undo.setAttribute("aria-disabled", String(!store.canUndo()));
    redo.setAttribute("aria-disabled", String(!store.canRedo()));
    root.dataset.theme = state.theme;
    if (root.parentElement === document.body) document.documentElement.dataset.theme = state.theme;
    for (const drawing of [plot, errors, plane, histogram]) drawing.redraw();
  }

  const save = afterPause(150, () => host.save(store.get()));
  const named = ({ f, p }) => JSON.stringify([f, p]);
  let before = named(store.get());
  store.listen((state) => {
    if (named(state) !== before) {
      view.errors = null;
      view.disc = null;
      showCuts({});
      for (const kind of ["errors", "disc", "cuts"]) last.delete(kind);
    }
    before = named(state);
    show(state);
    save();
    request();
  });
  host.changed((state) => store.set(state));
  root.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input[type=text], input[type=number]");
    if (typing || !(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    event.stopPropagation();
    if (key === "y" || event.shiftKey) store.redo();
    else store.undo();
  });

  root.classList.add("maclaurin-explore");
  root.replaceChildren(
    h("header", { class: "top" },
      h("h1", {}, "Maclaurin"),
      editor.element,
      h("div", { class: "buttons" }, undo, redo, theme)),
    h("div", { class: "controls", role: "group", "aria-label": "expansion" },
      at.element,
      h("div", { class: "choice" }, h("span", { "aria-hidden": "true" }, "order"), order, orderField),
      low.element, high.element, parameters.element),
    h("div", { class: "columns" },
      h("div", { class: "column wide" }, plotPanel, errorPanel, methodPanel),
      h("div", { class: "column" }, planePanel, tablePanel)),
    picturePanel, says);
  show(store.get());
  parameters.show({});
  request();
  ask("names", () => {}, { ask: "names" }, (answer) => {
    view.known = answer;
    code.offer(answer);
  });
  return () => root.replaceChildren();
}

/** The widget of a notebook. */
export default {
  render({ model, el }) {
    const root = document.createElement("div");
    const shade = document.body.dataset.jpThemeLight ?? document.body.dataset.vscodeThemeKind;
    if (shade === "false" || shade === "vscode-dark") root.classList.add("dark");
    else if (shade !== undefined) root.classList.add("light");
    // JupyterLab's own keys (arrows between cells, z for undo) are not meant here; it asks the element in focus.
    root.addEventListener("focusin", (event) => event.target.setAttribute("data-lm-suppress-shortcuts", "true"));
    el.append(root);
    return mount(root, notebookHost(model));
  },
};
