// The expression: completion of names, and a mark under what is wrong.

let editors = 0;

const NAME = /[A-Za-z_][A-Za-z_0-9]*$/;

/** The field of the expression. `names` are the functions known; `act` takes what is typed. */
function makeEditor(store, names, act) {
  editors += 1;
  const list = `maclaurin-names-${editors}`;
  const note = `maclaurin-note-${editors}`;
  const input = h("input", {
    type: "text", class: "expression", maxlength: LONGEST, spellcheck: "false", autocomplete: "off", autocapitalize: "off",
    role: "combobox", "aria-label": "function of x", "aria-autocomplete": "list", "aria-expanded": "false",
    "aria-controls": list, "aria-describedby": note, value: store.get().f,
  });
  const marks = h("pre", { class: "marks", "aria-hidden": "true" });
  const message = h("p", { class: "message", id: note, role: "status" });
  const options = h("ul", { class: "options", id: list, role: "listbox", "aria-label": "functions", hidden: true });
  let offered = [];
  let chosen = -1;

  const word = () => NAME.exec(input.value.slice(0, input.selectionStart))?.[0] ?? "";
  function close() {
    offered = [];
    chosen = -1;
    options.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }
  function offer() {
    const part = word().toLowerCase();
    if (part.length < 2) return close();
    const begins = (name) => name.toLowerCase().startsWith(part);
    const known = names().flatMap((one) => [one.name, ...one.aliases].map((name) => ({ ...one, name })));
    offered = known.filter(({ name }) => begins(name) && name.toLowerCase() !== part).slice(0, 8);
    if (offered.length === 0) return close();
    chosen = -1;
    options.replaceChildren(
      ...offered.map((one, index) =>
        h("li", { role: "option", id: `${list}-${index}`, "aria-selected": "false",
          onpointerdown: (event) => { event.preventDefault(); take(index); } },
        h("b", {}, one.name), h("span", {}, `(${one.arguments.join(", ")})`), h("small", {}, one.formula))),
    );
    options.hidden = false;
    input.setAttribute("aria-expanded", "true");
  }
  function choose(index) {
    chosen = (index + offered.length) % offered.length;
    [...options.children].forEach((option, i) => option.setAttribute("aria-selected", String(i === chosen)));
    options.children[chosen].scrollIntoView?.({ block: "nearest" });
    input.setAttribute("aria-activedescendant", `${list}-${chosen}`);
  }
  function take(index) {
    const { name, arguments: parameters } = offered[index];
    const end = input.selectionStart;
    const start = end - word().length;
    const rest = input.value.slice(end);
    // Those with a value of their own may be left out.
    const needed = parameters.filter((parameter) => !parameter.includes("="));
    const call = rest.startsWith("(") ? name : `${name}(${needed.join(", ")})`;
    input.value = input.value.slice(0, start) + call + rest;
    input.focus();
    input.setSelectionRange(start + call.length, start + call.length);
    close();
    act(input.value);
  }
  input.addEventListener("input", () => {
    offer();
    act(input.value);
  });
  input.addEventListener("keydown", (event) => {
    if (offered.length === 0) return;
    const taken = event.key === "Enter" || event.key === "Tab";
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen - 1);
    else if (event.key === "Escape") close();
    else if (taken && chosen >= 0) take(chosen);
    else if (event.key === "Enter") return close();
    else return;
    event.preventDefault();
  });
  input.addEventListener("blur", close);
  input.addEventListener("scroll", () => { marks.style.transform = `translateX(${-input.scrollLeft}px)`; });

  return {
    element: h("div", { class: "editor" }, h("label", { class: "prefix", "aria-hidden": "true" }, "f(x) ="),
      h("div", { class: "field" }, input, h("div", { class: "under" }, marks), options), message),
    input,
    /** Shows the state's expression, unless it is being typed. */
    show(state) {
      if (input.value !== state.f) input.value = state.f;
    },
    /** Marks what an answer says is wrong, or nothing. */
    blame(error, addParameter) {
      const here = error?.text != null && error.text === input.value;
      marks.textContent = here ? " ".repeat(error.start) + "^".repeat(Math.max(1, error.end - error.start)) : "";
      input.setAttribute("aria-invalid", String(Boolean(here)));
      message.replaceChildren(...(error ? error.message.split("\n").flatMap((line) => [line, h("br", {})]).slice(0, -1) : []));
      message.hidden = !error;
      if (error?.missing) {
        const add = h("button", { type: "button", onclick: () => addParameter(error.missing) }, `make ${error.missing} a parameter`);
        message.append(" ", add);
      }
    },
  };
}

/** A slider and a field for every parameter of the function. */
function makeParameters(store, act) {
  const element = h("div", { class: "parameters", role: "group", "aria-label": "parameters" });
  let rows = new Map();
  function row(name) {
    const slider = h("input", { type: "range", min: -5, max: 5, step: 0.1, "aria-label": `parameter ${name}` });
    const field = h("input", { type: "text", size: 7, "aria-label": `value of ${name}` });
    const set = (value) => act({ p: { ...store.get().p, [name]: value } }, `parameter ${name}`);
    slider.addEventListener("input", () => set(slider.value));
    field.addEventListener("change", () => set(field.value));
    return { slider, field, whole: h("div", { class: "parameter" }, h("i", {}, name), slider, field) };
  }
  return {
    element,
    show(parameters) {
      const names = Object.keys(parameters);
      if (names.join() !== [...rows.keys()].join()) {
        rows = new Map(names.map((name) => [name, rows.get(name) ?? row(name)]));
        element.replaceChildren(...[...rows.values()].map(({ whole }) => whole));
      }
      for (const [name, { slider, field }] of rows) {
        const value = parameters[name];
        const size = Math.abs(Number(value));
        if (size > Number(slider.max)) {
          slider.max = String(2 * size);
          slider.min = String(-2 * size);
        }
        if (Number.isFinite(size) && slider.value !== value) slider.value = value;
        if (document.activeElement !== field) field.value = value;
      }
      element.hidden = names.length === 0;
    },
  };
}

