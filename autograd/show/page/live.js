// The functions of numbers that a live page computes, as NumPy defines them.
const np = {
  positive: (x) => x, negative: (x) => -x, add: (x, y) => x + y, subtract: (x, y) => x - y,
  multiply: (x, y) => x * y, divide: (x, y) => x / y, reciprocal: (x) => 1 / x,
  power: (x, p) => (x === 1 || p === 0 || (x === -1 && Math.abs(p) === Infinity)) ? 1 : x ** p,
  float_power: (x, p) => np.power(x, p), square: (x) => x * x,
  remainder: (x, y) => { const r = x % y; return r && (r < 0) !== (y < 0) ? r + y : r; },
  fmod: (x, y) => x % y, floor_divide: (x, y) => Math.floor(x / y),
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
  where: (c, x, y) => c ? x : y, conjugate: (x) => x, real: (x) => x, imag: () => 0,
  nan_to_num: (x) => Number.isNaN(x) ? 0 : Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, x)),
  relu: (x) => Number.isNaN(x) ? x : Math.max(x, 0),
  sigmoid: (x) => { const e = Math.exp(-Math.abs(x)); return (x < 0 ? e : 1) / (1 + e); },
  softplus: (x) => np.logaddexp(x, 0),
  sinc: (x) => x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x),
  i0: (x) => { let term = 1, sum = 1; for (let k = 1; term > sum * 1e-17; k++) sum += term *= (x / 2 / k) ** 2; return sum; },
  // what only rules ask
  any: Boolean, all: Boolean, isnan: Number.isNaN, isfinite: Number.isFinite,
  isinf: (x) => Math.abs(x) === Infinity, rint: (x) => { const r = Math.round(x); return r - x === 0.5 && r % 2 ? r - 1 : r; },
  greater: (x, y) => x > y ? 1 : 0, min: (x) => x,
  over: (g, d) => g === 0 && d === 0 ? 0 : g / d,
  sinc_derivative: (x) => {
    if (Math.abs(x) > 1) return (Math.cos(Math.PI * x) - np.sinc(x)) / x;
    let term = -(Math.PI ** 2) * x / 3, sum = term;  // the series, which loses no digits near 0
    for (let k = 2; k < 24; k++) sum += term *= -((Math.PI * x) ** 2) * k / ((k - 1) * 2 * k * (2 * k + 1));
    return sum;
  },
  i0_derivative: (x) => { let term = x / 2, sum = term; for (let k = 1; k < 2000 && Math.abs(term) > Math.abs(sum) * 1e-17; k++) sum += term *= x * x / 4 / (k * (k + 1)); return sum; },
};

// Recompute everything from the leaves: forward, oldest first; backward, newest first.
function recompute() {
  const {nodes, table} = LIVE, data = values.map((v) => v.data.n), arrived = new Map();
  const read = (arg) => typeof arg === "object" && arg !== null && "v" in arg ? data[arg.v] : numberOf(arg);
  for (const {v, fn, args} of nodes) data[v] = table[fn].f(...args.map(read));
  const grads = values.map(() => 0);
  grads[DATA.loss] = 1;
  const of = (n) => ({n, text: short(n)});
  for (const step of steps) {
    if (step.phase !== "backward") continue;
    const {fn, args} = nodes.find((n) => n.v === step.v), g = grads[step.v];
    step.shares = [];
    args.forEach((arg, place) => {
      const rule = table[fn].d[place];
      if (!g || !rule || typeof arg !== "object" || arg === null || !("v" in arg)) return;
      const inputs = args.map(read), y = data[step.v], c = Number(rule.f(g, y, ...inputs));
      const first = !arrived.has(arg.v);
      arrived.set(arg.v, true);
      grads[arg.v] = first ? c : grads[arg.v] + c;
      const put = (name) => name === "g" ? shown(g) : name === "y" ? shown(y) : shown(inputs[Number(name.slice(1))]);
      const named = (name) => name === "g" ? "g" : name === "y" ? values[step.v].name : nameOf(args[Number(name.slice(1))]);
      const fill = (word) => rule.text.replace(/⟦(\w+)⟧/g, (_, name) => word(name));
      step.shares.push({to: arg.v, edge: step.edgeOf[place] ?? null, formula: fill(named), numbers: fill(put),
        local: String(rule.f(1, y, ...inputs)), c: of(c), total: of(grads[arg.v]), first});
    });
  }
  values.forEach((v, i) => {
    v.data = of(data[i]);
    v.grad = of(grads[i]);
    const step = steps.find((s) => s.phase === "backward" && s.v === i);
    if (step) v.formulas = step.shares.map((s) => [s.to, s.formula]);
  });
}

const numberOf = (x) => typeof x === "string" ? Number(x) : x;
const shown = (x) => x < 0 ? `(${short(x)})` : short(x);
const nameOf = (arg) => typeof arg === "object" && arg !== null && "v" in arg ? values[arg.v].name : short(numberOf(arg));

function startLive() {
  const section = byId("sliders");
  section.hidden = false;
  section.append(make("h2", {}, "Leaves"));
  values.forEach((v, i) => {
    v.data.n = numberOf(v.data.n);
    if (!v.leaf) return;
    const reach = Math.max(2, 2 * Math.abs(v.data.n)) || 2;
    const number = make("input", {type: "number", step: "any", value: v.data.n, ariaLabel: `${v.name}, exact`});
    const slider = make("input", {type: "range", min: -reach, max: reach, step: reach / 200, ariaLabel: v.name});
    slider.value = v.data.n;
    number.dataset.leaf = slider.dataset.leaf = v.name;
    const set = (x) => {
      values[i].data = {n: x, text: short(x)};
      recompute();
      seek(position, {announce: false, animate: false});
      if (selected !== null) select(selected);
    };
    slider.addEventListener("input", () => { number.value = slider.value; set(Number(slider.value)); });
    number.addEventListener("input", () => {
      if (number.value.trim() === "" || !Number.isFinite(Number(number.value))) return;
      slider.value = number.value;
      set(Number(number.value));
    });
    section.append(make("label", {class: "leaf-slider"}, make("code", {}, v.name), slider, number));
  });
  recompute();
}
