"use strict";
// The page of one backward pass. DATA is what Python read from the record: Values, and steps.
const DATA = JSON.parse(document.getElementById("data").textContent);
const {values, steps, boxes} = DATA;
const byId = (id) => document.getElementById(id);
const still = matchMedia("(prefers-reduced-motion: reduce)");
const graph = byId("graph"), picture = graph.querySelector("svg");
let position = null;  // null: the whole picture, before any step
let selected = null, timer = null, scale = 1;

// ------------------------------------------------------------------ words

// A number with four digits, as Python's format .4g writes it.
function short(x, digits = 4) {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "-inf";
  if (x === 0) return "0";
  const [mantissa, exponent] = x.toExponential(digits - 1).split("e");
  const power = Number(exponent);
  if (power < -4 || power >= digits) {
    const trimmed = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
    return `${trimmed}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  }
  const fixed = x.toFixed(Math.max(digits - 1 - power, 0));
  return fixed.includes(".") ? fixed.replace(/\.?0+$/, "") : fixed;
}

function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null && child !== ""));
  return element;
}

const svg = (tag, attributes = {}, ...children) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

const strength = (x, largest) => largest && Number.isFinite(x) ? Math.min(Math.abs(x) / largest, 1) : x ? 1 : 0;
const largestOf = (rows) => Math.max(0, ...rows.flat().map(Math.abs).filter(Number.isFinite));

function heatmap(x, caption) {
  if (!x.rows) return null;
  const rows = x.rows.map((row) => row.map(Number)), largest = largestOf(rows);
  return make("table", {class: "heat"}, make("caption", {}, caption), ...rows.map((row) =>
    make("tr", {}, ...row.map((n) => {
      const cell = make("td", {title: short(n)}, row.length <= 6 ? short(n, 3) : "");
      cell.style.setProperty("--sign", `var(--${n > 0 ? "positive" : "negative"})`);
      cell.style.setProperty("--strength", `${Math.round(75 * strength(n, largest))}%`);
      return cell;
    }))));
}

// ------------------------------------------------------------------ the state at a step

// What has been computed, and what has come in for each Value, after the step `at`.
function stateAt(at) {
  const computed = new Set(), gradients = new Map(), complete = new Set();
  const last = at === null ? steps.length - 1 : at;
  values.forEach((v, i) => { if (v.leaf) computed.add(i); });
  gradients.set(DATA.loss, values[DATA.loss].grad);
  let begun = at === null;
  steps.slice(0, last + 1).forEach((step) => {
    if (step.phase === "forward") { computed.add(step.v); return; }
    begun = true;
    complete.add(step.v);
    for (const share of step.shares) gradients.set(share.to, share.total);
  });
  if (at === null) values.forEach((v, i) => { computed.add(i); gradients.set(i, v.grad); });
  return {computed, gradients: begun ? gradients : new Map(), complete};
}

function showBox(id, state) {
  const element = byId(id), {out} = boxes[id], v = values[out];
  const there = state.computed.has(out);
  element.classList.toggle("pending", !there);
  const call = byId(`call${id.slice(1)}`);
  if (call) call.classList.toggle("pending", !there);
  const g = state.gradients.get(out);
  for (const line of element.querySelectorAll("text.grad")) {
    if (line.closest(".grid")) continue;
    if (line.dataset.text === undefined) line.dataset.text = line.textContent;
    if (line.dataset.text.startsWith("grad ")) line.textContent = `grad ${g ? g.text : "·"}`;
    else line.style.visibility = position === null || state.complete.has(out) ? "visible" : "hidden";
  }
  for (const line of element.querySelectorAll("text.data")) line.textContent = `data ${v.data.text}`;
  const grid = element.querySelector(".grid.grad");
  if (grid) fillGrid(grid, g && g.rows);
  if (v.data.n !== undefined) element.dataset.data = v.data.n;
  if (g && g.n !== undefined) element.dataset.grad = g.n; else delete element.dataset.grad;
}

function fillGrid(grid, rows) {
  grid.style.visibility = rows ? "visible" : "hidden";
  if (!rows) return;
  const numbers = rows.flat().map(Number), largest = largestOf([numbers]);
  const cells = grid.querySelectorAll("rect"), texts = grid.querySelectorAll("text:not(.caption)");
  numbers.forEach((n, k) => {
    cells[k].setAttribute("fill", `var(--${n > 0 ? "positive" : "negative"})`);
    cells[k].setAttribute("fill-opacity", (0.75 * strength(n, largest)).toFixed(2));
    cells[k].firstElementChild.textContent = short(n);
    if (texts[k]) texts[k].textContent = short(n, 3);
  });
}

const clear = (...names) => {
  for (const name of names) picture.querySelectorAll(`.${name}`).forEach((e) => e.classList.remove(name));
};

// Go to a step: null is the whole picture.
function seek(at, {announce = true, animate = true} = {}) {
  position = at === null || !steps.length ? null : Math.max(0, Math.min(steps.length - 1, at));
  const state = stateAt(position);
  for (const id of Object.keys(boxes)) showBox(id, state);
  clear("now", "gets", "active", "returning", "pill");
  picture.querySelectorAll(".pill-holder").forEach((pill) => pill.remove());
  byId("slider").value = position ?? 0;
  const hash = position === null ? "" : `#step=${position}`;
  if (announce && location.hash !== hash) history.replaceState(null, "", hash || location.pathname);
  showStep();
  if (position === null) return;
  const step = steps[position], id = values[step.v].box;
  byId(id)?.classList.add("now");
  byId(`call${id.slice(1)}`)?.classList.add("now");
  reveal(byId(id));
  if (step.phase === "forward") {
    for (const k of step.edges) byId(`e${k}`)?.classList.add("active");
    return;
  }
  step.shares.forEach((share) => {
    const to = values[share.to].box;
    if (to !== id) byId(to)?.classList.add("gets");
    if (share.edge !== null) {
      byId(`e${share.edge}`).classList.add("returning");
      travel(byId(`e${share.edge}`).querySelector("path"), `+ ${share.c.shape ?? share.c.text}`, animate);
    }
  });
}

// A contribution that travels back along its edge.
function travel(path, text, animate) {
  if (text.length > 26) text = `${text.slice(0, 25)}…`;
  const wide = text.length * 7.3 + 10, length = path.getTotalLength();
  const pill = svg("g", {class: "pill pill-holder"},
    svg("rect", {x: -wide / 2, y: -10, width: wide, height: 20, rx: 10}),
    svg("text", {y: 4, "text-anchor": "middle"}, text));
  picture.append(pill);
  const put = (share) => {
    const {x, y} = path.getPointAtLength(length * (1 - share));
    pill.setAttribute("transform", `translate(${x.toFixed(1)},${y.toFixed(1)})`);
  };
  if (!animate || still.matches) { put(0.7); return; }
  const began = performance.now(), time = 700 / Number(byId("speed").value);
  const move = (now) => {
    const share = Math.min((now - began) / time, 1);
    put(0.7 * share * (2 - share));
    if (share < 1 && pill.isConnected) requestAnimationFrame(move);
  };
  put(0);
  requestAnimationFrame(move);
}

function reveal(element) {
  if (!element) return;
  const box = element.getBoundingClientRect(), pane = graph.getBoundingClientRect();
  const inside = box.left >= pane.left && box.right <= pane.right && box.top >= pane.top && box.bottom <= pane.bottom;
  if (inside) return;
  graph.scrollTo({
    left: graph.scrollLeft + box.left - pane.left - (pane.width - box.width) / 2,
    top: graph.scrollTop + box.top - pane.top - (pane.height - box.height) / 2,
    behavior: still.matches ? "auto" : "smooth",
  });
}

// ------------------------------------------------------------------ the panel

const link = (i) => make("button", {class: "link", onclick: () => select(i, true)}, values[i].name);

function showStep() {
  const section = byId("step"), where = byId("where");
  if (position === null) {
    where.textContent = `${steps.length} steps`;
    section.replaceChildren(
      make("h2", {}, `How ${values[DATA.loss].name} depends on everything`),
      make("p", {}, "Play, or press →: first the forward pass, oldest call first; then the backward " +
        "pass, newest call first. Click a node to see all about it."));
    return;
  }
  const step = steps[position], v = values[step.v];
  where.textContent = `step ${position} of ${steps.length - 1} · ${step.phase}`;
  const parts = [make("h2", {}, step.phase === "forward" ? "Forward: " : "Backward: ", link(step.v)),
    make("p", {}, make("code", {}, `${v.name} = ${v.call}`))];
  if (step.phase === "forward") {
    parts.push(v.data.rows ? heatmap(v.data, v.name) : make("p", {}, make("code", {}, `= ${v.data.text}`)));
  } else {
    const uses = v.uses.length;
    parts.push(
      make("p", {}, "Incoming gradient ", make("code", {class: "of-gradient"}, v.grad.rows ? "g" : `g = ${v.grad.text}`)),
      heatmap(v.grad, "g"),
      make("p", {class: "quiet"}, step.v === DATA.loss ? "The derivative of the loss by itself is 1." :
        uses === 1 ? `It is complete: the one call that used ${v.name} was made later, so its turn has been.` :
          `It is complete: all ${uses} calls that used ${v.name} were made later, so their turns have been.`));
    step.shares.forEach((share) => parts.push(...shareLines(share)));
    if (!step.shares.length) parts.push(make("p", {}, "Nothing comes in, so nothing goes out."));
  }
  section.replaceChildren(...parts.filter(Boolean));
}

function shareLines(share) {
  const result = share.c.rows ? "" : share.c.text;
  const chain = [...new Set([share.formula, share.numbers, result].filter(Boolean))];
  return [
    make("h3", {}, "to ", link(share.to), share.local !== null ? `, local derivative ${short(Number(share.local))}` : ""),
    make("p", {class: "formula of-gradient"}, chain.join(" = ")),
    heatmap(share.c, "contribution"),
    share.first ? make("p", {class: "formula"}, `grad ${values[share.to].name} = ${share.c.rows ? "this" : share.total.text}`) :
      make("p", {class: "formula"}, `grad ${values[share.to].name} += this, now ${share.total.rows ? "" : share.total.text}`),
    share.first ? null : heatmap(share.total, "the sum so far"),
  ];
}

function select(i, move = false) {
  selected = i;
  clear("selected", "on-path");
  const section = byId("node");
  if (i === null) { section.replaceChildren(); return; }
  const v = values[i], box = byId(v.box);
  box?.classList.add("selected");
  if (move) reveal(box);
  const {count, best, edges} = paths(i);
  for (const k of edges) byId(`e${k}`)?.classList.add("on-path");
  const arriving = steps.flatMap((step) => (step.shares ?? []).filter((s) => s.to === i).map((s) => [step.v, s]));
  const facts = [["call", make("code", {}, v.leaf ? "a leaf: made by the user" : `${v.name} = ${v.call}`)]];
  if (v.kind) facts.push(["shape", `${v.kind}`]);
  if (!v.data.rows) facts.push(["data", make("code", {}, v.data.text)], ["gradient", make("code", {class: "of-gradient"}, v.grad.text)]);
  if (v.group) facts.push(["made in", v.group]);
  section.replaceChildren(...[
    make("h2", {}, v.name),
    make("dl", {}, ...facts.flatMap(([name, x]) => [make("dt", {}, name), make("dd", {}, x)])),
    heatmap(v.data, "data"), heatmap(v.grad, "gradient"),
    v.formulas.length ? make("h3", {}, "its derivatives, g the incoming gradient") : null,
    ...v.formulas.map(([to, formula]) => make("p", {class: "formula of-gradient"}, `to ${values[to].name}: ${formula}`)),
    make("h3", {}, arriving.length ? "what comes in, and adds up" : "what comes in"),
    arriving.length ? make("ul", {}, ...arriving.map(([from, s]) =>
      make("li", {}, "from ", link(from), make("code", {class: "of-gradient"}, `  ${s.c.rows ? `an array of shape ${s.c.shape}` : s.c.text}`)))) :
      make("p", {}, i === DATA.loss ? "The loss itself: 1." : "Nothing: the loss does not depend on it."),
    count > 1n || best.length ? make("h3", {}, `${count.toLocaleString("en")} ${count === 1n ? "path" : "paths"} from ${values[DATA.loss].name}`) : null,
    best.length ? make("ul", {}, ...best.map((p) => make("li", {}, make("code", {}, described(p))))) : null,
    count > BigInt(best.length) ? make("p", {class: "quiet"}, `These are the largest ${best.length}.`) : null,
    v.uses.length ? make("h3", {}, "used by") : null,
    v.uses.length ? make("p", {}, ...v.uses.flatMap((u, k) => [k ? ", " : "", link(u)])) : null,
  ].filter(Boolean));
}

// The ways from the loss to a Value: how many, and those of the largest products.
function paths(target) {
  const backward = steps.filter((s) => s.phase === "backward"), most = 6;
  const leads = new Set([target]);
  for (const step of [...backward].reverse()) if (step.shares.some((s) => leads.has(s.to))) leads.add(step.v);
  const counts = new Map([[DATA.loss, 1n]]), best = new Map([[DATA.loss, [{names: [DATA.loss], factors: [], product: 1}]]]);
  const edges = new Set();
  for (const step of backward) {
    if (!counts.has(step.v) || !leads.has(step.v)) continue;
    for (const share of step.shares.filter((s) => leads.has(s.to))) {
      if (share.edge !== null) edges.add(share.edge);
      counts.set(share.to, (counts.get(share.to) ?? 0n) + counts.get(step.v));
      const local = share.local === null ? null : Number(share.local);
      const found = (best.get(share.to) ?? []).concat(best.get(step.v).map((p) => ({
        names: [...p.names, share.to], factors: [...p.factors, local],
        product: local === null || p.product === null ? null : p.product * local,
      })));
      found.sort((p, q) => Math.abs(q.product ?? 0) - Math.abs(p.product ?? 0));
      best.set(share.to, found.slice(0, most));
    }
  }
  const isLoss = target === DATA.loss;
  return {count: isLoss ? 0n : counts.get(target) ?? 0n, best: isLoss ? [] : best.get(target) ?? [], edges};
}

function described({names, factors, product}) {
  const shown = names.map((i) => values[i].name);
  const way = shown.length <= 9 ? shown : [...shown.slice(0, 4), `… ${shown.length - 7} more …`, ...shown.slice(-3)];
  if (product === null) return way.join(" ← ");
  const numbers = factors.map((f) => f < 0 ? `(${short(f)})` : short(f));
  const chain = factors.length <= 8 ? `${numbers.join(" × ")} = ${short(product)}` : short(product);
  return `${way.join(" ← ")}:  ${chain}`;
}

// ------------------------------------------------------------------ controls

function play() {
  if (timer !== null) { pause(); return; }
  byId("play").textContent = "Pause";
  if (position === null || position === steps.length - 1) seek(0); else seek(position + 1);
  const tick = () => {
    if (position >= steps.length - 1) { pause(); return; }
    seek(position + 1);
    timer = setTimeout(tick, pace());
  };
  timer = setTimeout(tick, pace());
}
const pace = () => (steps[position].phase === "forward" ? 700 : 1300) / Number(byId("speed").value);
function pause() { clearTimeout(timer); timer = null; byId("play").textContent = "Play"; }
const forward = () => { pause(); seek(position === null ? 0 : position + 1); };
const back = () => { pause(); seek(position === null ? steps.length - 1 : position === 0 ? null : position - 1); };

function zoom(to) {
  scale = Math.max(0.05, Math.min(4, to));
  const {width, height} = picture.viewBox.baseVal;
  picture.setAttribute("width", width * scale);
  picture.setAttribute("height", height * scale);
}
function fit() {
  const {width, height} = picture.viewBox.baseVal;
  const whole = Math.min((graph.clientWidth - 4) / width, (graph.clientHeight - 4) / height);
  zoom(Math.min(1.6, Math.max(whole, 0.7)));  // smaller than that nobody reads: scroll
}

function search(event) {
  event?.preventDefault();
  const query = byId("query").value.trim().toLowerCase();
  clear("found");
  byId("matches").textContent = "";
  if (!query) return;
  const found = values.map((v, i) => i).filter((i) =>
    `${values[i].name} ${values[i].call}`.toLowerCase().includes(query));
  for (const i of found) byId(values[i].box)?.classList.add("found");
  byId("matches").textContent = `${found.length} found`;
  if (event && found.length) select(found[(found.indexOf(selected) + 1) % found.length], true);
}

function theme() {
  const dark = document.documentElement.dataset.theme
    ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "light" : "dark";
}

function fromHash() {
  const match = /^#step=(\d+)$/.exec(location.hash);
  pause();
  seek(match && steps.length ? Number(match[1]) : null, {announce: false});
}

function drag() {
  let from = null;
  graph.addEventListener("pointerdown", (e) => {
    if (e.pointerType === "mouse" && e.button === 0 && !e.target.closest(".box[tabindex]")) {
      from = [e.clientX + graph.scrollLeft, e.clientY + graph.scrollTop];
      graph.classList.add("dragged");
    }
  });
  addEventListener("pointermove", (e) => {
    if (from) graph.scrollTo(from[0] - e.clientX, from[1] - e.clientY);
  });
  addEventListener("pointerup", () => { from = null; graph.classList.remove("dragged"); });
  graph.addEventListener("wheel", (e) => {
    if (e.ctrlKey) { e.preventDefault(); zoom(scale * Math.exp(-e.deltaY / 300)); }
  }, {passive: false});
}

function keys(e) {
  if (e.ctrlKey || e.metaKey || e.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName)) {
    if (e.key === "Escape") e.target.blur();
    return;
  }
  if ((e.key === " " || e.key === "Enter") && e.target.closest("button, .box[tabindex]")) return;
  const actions = {
    ArrowRight: forward, ArrowLeft: back, " ": play, Home: () => { pause(); seek(0); },
    End: () => { pause(); seek(steps.length - 1); }, "+": () => zoom(scale * 1.2), "=": () => zoom(scale * 1.2),
    "-": () => zoom(scale / 1.2), "0": fit, d: theme, "/": () => byId("query").focus(),
    Escape: () => { select(null); pause(); },
  };
  if (actions[e.key]) { e.preventDefault(); actions[e.key](); }
}

function start() {
  for (const [id, {out}] of Object.entries(boxes)) {
    const element = byId(id), v = values[out];
    element.setAttribute("tabindex", "0");
    element.setAttribute("role", "button");
    element.setAttribute("aria-label", v.leaf ? `${v.name}, a leaf` : `${v.name} = ${v.call}`);
    element.addEventListener("click", () => select(out));
    element.addEventListener("keydown", (e) => {
      if (e.key === "Enter" || e.key === " ") { e.preventDefault(); select(out); }
    });
    const call = byId(`call${id.slice(1)}`);
    if (call) { call.addEventListener("click", () => select(out)); call.style.cursor = "pointer"; }
  }
  byId("slider").max = Math.max(steps.length - 1, 0);
  const on = (id, type, action) => byId(id).addEventListener(type, action);
  on("first", "click", () => { pause(); seek(0); });
  on("last", "click", () => { pause(); seek(steps.length - 1); });
  on("back", "click", back);
  on("next", "click", forward);
  on("play", "click", play);
  on("slider", "input", (e) => { pause(); seek(Number(e.target.value)); });
  on("smaller", "click", () => zoom(scale / 1.2));
  on("larger", "click", () => zoom(scale * 1.2));
  on("fit", "click", fit);
  on("theme", "click", theme);
  on("search", "submit", search);
  on("query", "input", () => search());
  if (!steps.length) document.querySelectorAll("nav button, nav input").forEach((e) => { e.disabled = true; });
  addEventListener("keydown", keys);
  addEventListener("hashchange", fromHash);
  drag();
  fit();
  if (typeof startLive === "function") startLive();
  fromHash();
}
