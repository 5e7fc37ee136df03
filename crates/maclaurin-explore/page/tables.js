// The coefficients, the source code, and the four methods compared.

/** The table of coefficients, with buttons that copy it. */
function makeCoefficients(say) {
  const body = h("tbody", {});
  const series = h("p", { class: "series", tabindex: 0, role: "region", "aria-label": "the polynomial" });
  let shown = null;
  const rows = () =>
    shown?.rows.map(({ degree, decimal, exact }) => [degree, decimal, exact ?? ""].join("\t")).join("\n");
  const header = h("tr", {}, ["degree", "decimal", "exact"].map((name) => h("th", { scope: "col" }, name)));
  const element = h("div", {},
    series,
    h("div", { class: "buttons" },
      copyButton("copy as text", () => shown?.text, say),
      copyButton("copy as LaTeX", () => shown?.latex, say),
      copyButton("copy the table", rows, say)),
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "table of coefficients" },
      h("table", {}, h("thead", {}, header), body)));
  return {
    element,
    show(answer) {
      shown = answer;
      series.textContent = answer?.text ?? "";
      const row = ({ degree, decimal, exact, zero }) =>
        h("tr", { class: zero ? "nothing" : null },
          h("th", { scope: "row" }, String(degree)), h("td", {}, decimal), h("td", {}, exact ?? "enclosed only"));
      body.replaceChildren(...(answer?.rows ?? []).map(row));
    },
  };
}

/** A choice among names. */
function choice(label, names, value, act) {
  const select = h("select", { onchange: () => act(select.value) });
  const fill = (pairs, current) => {
    select.replaceChildren(...pairs.map(([name, shown]) => h("option", { value: name, selected: name === current }, shown)));
  };
  fill(names, value);
  return { element: h("label", { class: "choice" }, h("span", {}, label), select), select, fill };
}

/** The polynomial as source code. */
function makeCode(store, act, say) {
  const pairs = (names) => names.map((name) => [name, name]);
  const text = h("code", {});
  const method = choice("polynomial", Object.entries(METHODS), store.get().method, (value) => act({ method: value }));
  const language = choice("language", pairs(["c"]), "c", (value) => act({ language: value }));
  const format = choice("numbers", pairs(["float64"]), "float64", (value) => act({ format: value }));
  const element = h("div", {},
    h("div", { class: "buttons" }, method.element, language.element, format.element,
      copyButton("copy the code", () => text.textContent, say)),
    h("pre", { class: "scroll", tabindex: 0, role: "region", "aria-label": "source code" }, text));
  return {
    element,
    offer(names) {
      language.fill(pairs(names.languages), store.get().language);
      format.fill(pairs(names.formats), store.get().format);
    },
    show(state) {
      method.select.value = state.method;
      language.select.value = state.language;
      format.select.value = state.format;
    },
    code(answer) {
      text.textContent = answer?.error ? answer.error.message : answer?.text ?? "";
    },
  };
}

/** Four cards: the polynomials of one degree on the range by the four methods. */
function makeMethods() {
  const cards = new Map();
  const element = h("div", { class: "methods" });
  for (const [method, name] of Object.entries(METHODS)) {
    const body = h("div", { class: "card-body" });
    const card = h("section", { class: "card", "aria-label": `${name} polynomial` },
      h("h3", {}, name, h("span", { class: "spinner", "aria-hidden": "true" })), body);
    cards.set(method, { card, body });
    element.append(card);
  }
  return {
    element,
    busy: (method, on) => cards.get(method).card.classList.toggle("busy", on),
    show(method, answer) {
      const { body, card } = cards.get(method);
      card.title = answer.text ?? "";
      if (answer.error) {
        body.replaceChildren(h("p", { class: "why" }, answer.error.message));
        return;
      }
      const drawn = errorCurve(answer.errors, answer.x, answer.bound, METHODS[method]);
      const best = answer.best_text ? [h("dt", { title: "no polynomial of this degree is closer: certified" }, "best \u2265"), h("dd", {}, answer.best_text)] : [];
      body.replaceChildren(
        h("dl", {}, h("dt", {}, "degree"), h("dd", {}, String(answer.degree)),
          h("dt", { title: "certified bound of the error on the range" }, "certified \u2264"), h("dd", { class: "figure" }, answer.bound_text), best),
        drawn.holder);
    },
  };
}

