// What the page shows: in the address, and undone and redone.

const FIRST = {
  f: "log(1 + exp(x))",
  p: {},
  at: "0",
  order: 4,
  orders: [1, 2],
  lo: -5,
  hi: 5,
  tolerance: 0.001,
  method: "taylor",
  language: "c",
  format: "float64",
  theme: "",
};

const METHODS = { taylor: "Taylor", chebyshev: "Chebyshev", minimax: "minimax", least_squares: "least squares" };

const LARGEST_ORDER = 100;

/** The most characters of an expression. */
const LONGEST = 4000;

/** The state with what `change` has that makes sense. */
function changed(state, change) {
  const next = { ...state, ...change };
  const text = (value, or) => (typeof value === "string" && value.length <= LONGEST ? value : or);
  next.f = text(next.f, state.f);
  next.at = text(next.at, state.at);
  const given = typeof next.p === "object" && next.p !== null ? Object.entries(next.p) : [];
  next.p = Object.fromEntries(given.filter(([, value]) => text(value, null) !== null));
  const order = Math.round(next.order);
  next.order = Number.isFinite(order) ? Math.min(LARGEST_ORDER, Math.max(0, order)) : state.order;
  const orders = [...new Set((Array.isArray(next.orders) ? next.orders : []).filter(Number.isInteger))];
  next.orders = orders.filter((k) => k >= 0 && k <= LARGEST_ORDER).sort((a, b) => a - b).slice(0, 8);
  const farthest = Math.max(Math.abs(next.lo), Math.abs(next.hi));
  const fits = Number.isFinite(farthest) && next.hi - next.lo > Math.max(1e-12, 1e-9 * farthest);
  if (!fits || farthest > 1e12) {
    next.lo = state.lo;
    next.hi = state.hi;
  }
  if (!(next.tolerance > 0 && next.tolerance < Infinity)) next.tolerance = state.tolerance;
  if (!(next.method in METHODS)) next.method = state.method;
  return next;
}

/** The state as the part of an address after `#`: what differs from the first state. */
export function toHash(state) {
  const parts = new URLSearchParams();
  parts.set("f", state.f);
  for (const [name, value] of Object.entries(state.p)) parts.set(`p.${name}`, value);
  const put = (name, value, first) => {
    if (String(value) !== String(first)) parts.set(name, value);
  };
  put("at", state.at, FIRST.at);
  put("order", state.order, FIRST.order);
  put("orders", state.orders.join(" "), FIRST.orders.join(" "));
  put("on", `${state.lo}:${state.hi}`, `${FIRST.lo}:${FIRST.hi}`);
  for (const name of ["tolerance", "method", "language", "format", "theme"]) put(name, state[name], FIRST[name]);
  return parts.toString();
}

/** The state that an address names. */
export function fromHash(hash) {
  const parts = new URLSearchParams(hash.replace(/^#/, ""));
  const change = { p: {} };
  for (const [name, value] of parts) {
    if (name.startsWith("p.")) change.p[name.slice(2)] = value;
    else if (name === "order" || name === "tolerance") change[name] = Number(value);
    else if (name === "orders") change.orders = value.split(/[ ,]+/).filter(Boolean).map(Number);
    else if (name === "on") [change.lo, change.hi] = value.split(":").map(Number);
    else if (Object.hasOwn(FIRST, name) && name !== "p") change[name] = value;
  }
  return changed(FIRST, change);
}

/** The state with its past; `listen` hears every change. */
function makeStore(first) {
  let state = changed(FIRST, first ?? {});
  let past = [];
  let future = [];
  let last = { group: null, time: 0 };
  const listeners = [];
  const tell = () => listeners.forEach((listener) => listener(state));
  const move = (from, to) => {
    if (from.length === 0) return false;
    to.push(state);
    state = from.pop();
    last = { group: null, time: 0 };
    tell();
    return true;
  };
  return {
    get: () => state,
    listen: (listener) => listeners.push(listener),
    /** Changes of one group that follow one another are undone at once. */
    set(change, group = null) {
      const next = changed(state, change);
      if (JSON.stringify(next) === JSON.stringify(state)) return;
      const now = performance.now();
      if (group === null || group !== last.group || now - last.time > 1000) {
        past.push(state);
        past = past.slice(-200);
      }
      last = { group, time: now };
      future = [];
      state = next;
      tell();
    },
    undo: () => move(past, future),
    redo: () => move(future, past),
    canUndo: () => past.length > 0,
    canRedo: () => future.length > 0,
  };
}

