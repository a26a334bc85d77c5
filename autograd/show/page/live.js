// The functions of numbers that a live page computes, as NumPy defines them.
const np = {
  positive: (x) => x, negative: (x) => -x, add: (x, y) => x + y, subtract: (x, y) => x - y,
  multiply: (x, y) => x * y, divide: (x, y) => x / y, reciprocal: (x) => 1 / x,
  power: (x, p) => (x === 1 || p === 0 || (x === -1 && Math.abs(p) === Infinity)) ? 1 : x ** p,
  float_power: (x, p) => np.power(x, p), square: (x) => x * x,
  remainder: (x, y) => { const r = x % y; return r === 0 ? np.copysign(0, y) : (r < 0) !== (y < 0) ? r + y : r; },
  fmod: (x, y) => x % y, 
  floor_divide: (x, y) => {  // by the remainder, as x / y may be rounded up to a whole number
    if (!y) return Math.floor(x / y);
    const q = (x - np.remainder(x, y)) / y, down = Math.floor(q);
    return q - down > 0.5 ? down + 1 : down;
  },
  ldexp: (x, i) => x * 2 ** i,
  sqrt: Math.sqrt, cbrt: Math.cbrt, exp: Math.exp, exp2: (x) => 2 ** x, expm1: Math.expm1,
  log: Math.log, log2: Math.log2, log10: Math.log10, log1p: Math.log1p,
  logaddexp: (x, y) => x === y ? x + Math.LN2 : Math.max(x, y) + Math.log1p(Math.exp(-Math.abs(x - y))),
  logaddexp2: (x, y) => x === y ? x + 1 : Math.max(x, y) + Math.log1p(2 ** -Math.abs(x - y)) / Math.LN2,
  sin: Math.sin, cos: Math.cos, tan: Math.tan, arcsin: Math.asin, arccos: Math.acos, arctan: Math.atan,
  sinh: Math.sinh, cosh: Math.cosh, tanh: Math.tanh, arcsinh: Math.asinh, arccosh: Math.acosh,
  arctanh: Math.atanh, hypot: Math.hypot, arctan2: Math.atan2,
  deg2rad: (x) => x * (Math.PI / 180), radians: (x) => x * (Math.PI / 180),
  rad2deg: (x) => x * (180 / Math.PI), degrees: (x) => x * (180 / Math.PI),
  absolute: Math.abs, fabs: Math.abs, sign: Math.sign,
  copysign: (x, s) => (s < 0 || Object.is(s, -0)) ? -Math.abs(x) : Math.abs(x),
  heaviside: (x, middle) => Number.isNaN(x) ? x : x < 0 ? 0 : x > 0 ? 1 : middle,
  maximum: Math.max, minimum: Math.min,
  fmax: (x, y) => Number.isNaN(x) ? y : Number.isNaN(y) ? x : Math.max(x, y),
  fmin: (x, y) => Number.isNaN(x) ? y : Number.isNaN(y) ? x : Math.min(x, y),
  clip: (x, low, high) => Math.min(Math.max(x, low ?? -Infinity), high ?? Infinity),
  where: (c, x, y) => c === 0 || c === false ? y : x, conjugate: (x) => x, real: (x) => x, imag: () => 0,
  nan_to_num: (x) => Number.isNaN(x) ? 0 : Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, x)),
  relu: (x) => Number.isNaN(x) ? x : Math.max(x, 0),
  sigmoid: (x) => { const e = Math.exp(-Math.abs(x)); return (x < 0 ? e : 1) / (1 + e); },
  softplus: (x) => np.logaddexp(x, 0),
  sinc: (x) => x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x),
  i0: (x) => {
    if (Math.abs(x) === Infinity) return NaN;
    if (Math.exp(Math.abs(x)) === Infinity) return Infinity;
    let term = 1, sum = 1; for (let k = 1; term > sum * 1e-17; k++) sum += term *= (x / 2 / k) ** 2;
    return sum;
  },
};
// ---- what only rules ask
Object.assign(np, {
  any: Boolean, all: Boolean, isnan: Number.isNaN, isfinite: Number.isFinite,
  isinf: (x) => Math.abs(x) === Infinity, rint: (x) => { const r = Math.round(x); return r - x === 0.5 && r % 2 ? r - 1 : r; },
  greater: (x, y) => x > y ? 1 : 0, min: (x) => x,
  sinc_derivative: (x) => {
    if (Math.abs(x) > 1) return (Math.cos(Math.PI * x) - np.sinc(x)) / x;
    let term = -(Math.PI ** 2) * x / 3, sum = term;  // the series, which loses no digits near 0
    for (let k = 2; k < 24; k++) sum += term *= -((Math.PI * x) ** 2) * k / ((k - 1) * 2 * k * (2 * k + 1));
    return sum;
  },
  i0_derivative: (x) => { let term = x / 2, sum = term; for (let k = 1; k < 2000 && Math.abs(term) > Math.abs(sum) * 1e-17; k++) sum += term *= x * x / 4 / (k * (k + 1)); return sum; },
});
// ---- the graph

// Recompute everything from the leaves: forward, oldest first; backward, newest first.
const nodeOf = new Map(LIVE.nodes.map((node) => [node.v, node]));
const isValue = (arg) => typeof arg === "object" && arg !== null;
function recompute() {
  const {nodes, table} = LIVE, data = values.map((v) => v.data.n), grads = new Map([[DATA.loss, 1]]);
  const read = (arg) => isValue(arg) ? data[arg.v] : number(arg);
  for (const {v, fn, args} of nodes) data[v] = table[fn].f(...args.map(read));
  const asData = (n) => ({n, text: short(n)});
  for (const step of steps) {
    if (step.phase !== "backward") continue;
    const {fn, args} = nodeOf.get(step.v), here = grads.has(step.v), g = here ? grads.get(step.v) : 0, y = data[step.v], inputs = args.map(read);
    step.shares = [];
    args.forEach((arg, place) => {
      const rule = table[fn].d[place];
      if (!rule || !isValue(arg)) return;
      const at = (name) => Number(name.slice(1));
      const put = (name) => name === "g" ? shown(g) : name === "y" ? shown(y) : shown(inputs[at(name)]);
      const named = (name) => name === "g" ? "g" : name === "y" ? values[step.v].name : nameOf(args[at(name)]);
      const filled = (word) => rule.text.replace(/⟦(\w+)⟧/g, (_, name) => word(name));
      // Absent is not 0: where nothing comes in, or a call sends it elsewhere, the slope may be infinite.
      const goes = here && !(rule.routes && Number(rule.routes(1, y, ...inputs)) === 0);
      const c = goes ? Number(rule.f(g, y, ...inputs)) : 0, first = !grads.has(arg.v);
      if (goes) grads.set(arg.v, first ? c : grads.get(arg.v) + c);
      step.shares.push({to: arg.v, name: values[arg.v].name, edge: step.edgeOf[place] ?? null,
        formula: filled(named), numbers: /^⟦\w+⟧$/.test(rule.text) ? "" : filled(put).replaceAll("−", "-"), local: Number(rule.f(1, y, ...inputs)),
        c: asData(c), total: asData(grads.get(arg.v) ?? 0), first});
    });
    values[step.v].formulas = step.shares.map((s) => [s.to, s.formula]);
  }
  values.forEach((v, i) => { v.data = asData(data[i]); v.grad = asData(grads.get(i) ?? 0); });
}

// layers.0.neurons.1.w.0 as l.0.n.1.w.0, where there is no room for all of it.
const brief = (name) => name.length <= 12 ? name : name.replace(/[a-z_]+(?=\.)/gi, (word) => word[0]);
const shown = (x) => x < 0 ? `(${short(x)})` : short(x);
const nameOf = (arg) => isValue(arg) ? values[arg.v].name : short(number(arg));

function startLive() {
  const section = byId("sliders"), rows = [], began = new Map();
  const redraw = () => {
    recompute();
    seek(position, {announce: false, animate: false});
    if (selected !== null) select(selected);
  };
  values.forEach((v, i) => {
    v.data.n = number(v.data.n);
    if (!v.leaf) return;
    began.set(i, v.data.n);
    const box = make("input", {type: "number", step: "any", ariaLabel: `${v.name}, exact`});
    const slider = make("input", {type: "range", step: "any", ariaLabel: v.name});
    box.dataset.leaf = slider.dataset.leaf = v.name;
    let most = 0;
    const reach = (x) => {  // wide enough for the number
      if (most && !(Math.abs(x) > most)) return;
      most = Number.isFinite(x) ? Math.max(2, 2 * Math.abs(x)) : 2;
      slider.min = -most;
      slider.max = most;
    };
    const show = (x) => {
      reach(x);
      slider.value = Number.isFinite(x) ? x : 0;
      box.value = Number.isFinite(x) ? x : "";
      box.placeholder = short(x);
      box.setAttribute("aria-invalid", "false");
    };
    const set = (x) => { values[i].data = {n: x, text: short(x)}; redraw(); };
    slider.addEventListener("input", () => {
      const x = Number(Number(slider.value).toPrecision(4));
      box.value = x;
      set(x);
    });
    slider.addEventListener("keydown", (e) => {
      const by = {ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10}[e.key];
      if (!by) return;
      e.preventDefault();
      const x = values[i].data.n + by * most / 100;
      show(x);
      set(x);
    });
    box.addEventListener("input", () => {
      const x = Number(box.value), good = box.value.trim() !== "" && Number.isFinite(x);
      box.setAttribute("aria-invalid", String(!good));
      if (!good) return;
      reach(x);
      slider.value = x;
      set(x);
    });
    box.addEventListener("blur", () => show(values[i].data.n));
    show(v.data.n);
    rows.push({i, show, row: make("label", {class: "leaf-slider", title: v.name}, make("code", {}, brief(v.name)), slider, box)});
  });
  const again = make("button", {onclick: () => {
    for (const {i, show} of rows) { values[i].data = {n: began.get(i), text: ""}; show(began.get(i)); }
    redraw();
  }}, "Reset");
  const rank = ({i}) => /^v\d+$/.test(values[i].name) ? 2 : values[i].name.includes(".") ? 1 : 0;
  rows.sort((a, b) => rank(a) - rank(b) || a.i - b.i);  // inputs, then parameters, then the rest
  section.append(make("summary", {}, "Leaves: move them, and all is computed anew"), again, ...rows.map((r) => r.row));
  section.open = innerWidth > 800;
  section.hidden = false;
  recompute();
}
