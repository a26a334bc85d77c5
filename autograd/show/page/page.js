"use strict";
// The page of one backward pass. DATA is what Python read from the record: Values, and steps.
const DATA = JSON.parse(document.getElementById("data").textContent);
const {values, steps, boxes} = DATA;
const byId = (id) => document.getElementById(id);
const still = matchMedia("(prefers-reduced-motion: reduce)");
const graph = byId("graph"), picture = graph.querySelector("svg");
let position = null;  // null: the whole picture, before any step
let selected = null, timer = null, scale = 1, zoomed = false, settled = false;

// ------------------------------------------------------------------ words

// A number with four digits, as Python's format .4g writes it, but for exact halves.
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

const number = (x) => typeof x === "string" ? Number(x) : x;  // JSON has no Infinity
const strength = (x, largest) => largest && Number.isFinite(x) ? Math.min(Math.abs(x) / largest, 1) : x ? 1 : 0;
const largestOf = (rows) => Math.max(0, ...rows.flat().map(Math.abs).filter(Number.isFinite));

function heatmap(x, caption) {
  if (!x.rows) return null;
  const rows = x.rows.map((row) => row.map(Number)), largest = largestOf(rows);
  return make("table", {class: "heat"}, make("caption", {}, caption), ...rows.map((row) =>
    make("tr", {}, ...row.map((n) => {
      const cell = make("td", {title: short(n)}, row.length <= 6 ? short(n, 3) : "");
      if (Number.isNaN(n)) cell.className = "nan";
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
    for (const share of step.shares) if (share.to !== null) gradients.set(share.to, share.total);
  });
  if (last === steps.length - 1) values.forEach((v, i) => { computed.add(i); gradients.set(i, v.grad); });
  return {computed, gradients: begun ? gradients : new Map(), complete};
}

// The lines of a box are those of the Values that it shows, in their order.
function showBox(id, state) {
  const element = byId(id), shown = boxes[id], there = shown.every((i) => state.computed.has(i));
  element.classList.toggle("pending", !there);
  byId(`call${id.slice(1)}`)?.classList.toggle("pending", !there);
  const done = position === null || shown.every((i) => state.complete.has(i));
  const lines = (kind) => [...element.querySelectorAll(`text.${kind}`)].filter((line) => !line.closest(".grid"));
  const gradients = lines("grad").filter((line) => !line.textContent.startsWith("‖"));
  for (const line of lines("grad")) if (!gradients.includes(line)) line.style.visibility = done ? "visible" : "hidden";
  lines("data").forEach((line, k) => { line.textContent = `data ${values[shown[k]].data.text}`; });
  gradients.forEach((line, k) => { line.textContent = `grad ${state.gradients.get(shown[k])?.text ?? "·"}`; });
  const v = values[shown[0]], g = state.gradients.get(shown[0]), grid = element.querySelector(".grid.grad");
  if (grid) fillGrid(grid, g && g.rows);
  const known = there ? `, data ${v.data.text}${g ? `, gradient ${g.text}` : ""}` : ", not computed yet";
  element.setAttribute("aria-label", (v.leaf ? `${v.name}, a leaf` : `${v.name} = ${v.call}`) + known);
}

function fillGrid(grid, rows) {
  grid.style.visibility = rows ? "visible" : "hidden";
  if (!rows) return;
  const numbers = rows.flat().map(Number), largest = largestOf([numbers]);
  const cells = grid.querySelectorAll("rect"), texts = grid.querySelectorAll("text:not(.caption)");
  numbers.forEach((n, k) => {
    cells[k].setAttribute("fill", `var(--${Number.isNaN(n) ? "muted" : n > 0 ? "positive" : "negative"})`);
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
  byId("slider").value = position ?? -1;
  byId("slider").setAttribute("aria-valuetext", position === null ? "the whole picture" : whereText());
  const hash = position === null ? "" : `#step=${steps[position].number}`;
  if (announce && location.protocol !== "about:" && location.hash !== hash) {  // not in a frame of a notebook
    history.replaceState(null, "", hash || location.pathname + location.search);
  }
  showStep();
  if (position === null) return;
  const step = steps[position], id = values[step.v].box;
  byId(id)?.classList.add("now");
  byId(`call${id.slice(1)}`)?.classList.add("now");
  const concerned = [byId(id), byId(`call${id.slice(1)}`)];
  if (step.phase === "forward") {
    reveal(concerned);
    for (const k of step.edges) byId(`e${k}`)?.classList.add("active");
    return;
  }
  const boxesTo = step.shares.filter((s) => s.to !== null).map((s) => values[s.to].box);
  reveal([...concerned, ...boxesTo.map(byId)]);
  for (const to of boxesTo) if (to !== id) byId(to)?.classList.add("gets");
  step.shares.filter((share) => share.edge !== null).forEach((share, k, all) => {
    byId(`e${share.edge}`).classList.add("returning");
    const beside = all.filter((s) => s.to === share.to).length > 1 ? (k % 2 ? 11 : -11) : 0;
    const text = share.c.shape ?? share.c.text;
    travel(byId(`e${share.edge}`).querySelector("path"), `+ ${text[0] === "-" ? `(${text})` : text}`, beside, animate);
  });
}

const whereText = () => `step ${steps[position].number} of ${DATA.count - 1} · ${steps[position].phase}`;


// A contribution that travels back along its edge.
function travel(path, text, beside, animate) {
  if (text.length > 26) text = `${text.slice(0, 25)}…`;
  const wide = text.length * 7.3 + 10, length = path.getTotalLength();
  const pill = svg("g", {class: "pill pill-holder"},
    svg("rect", {x: -wide / 2, y: -10, width: wide, height: 20, rx: 10}),
    svg("text", {y: 4, "text-anchor": "middle"}, text));
  picture.append(pill);
  const put = (share) => {
    const {x, y} = path.getPointAtLength(length * (1 - share));
    pill.setAttribute("transform", `translate(${x.toFixed(1)},${(y + beside).toFixed(1)})`);
  };
  if (!animate || still.matches) { put(0.5); return; }
  const began = performance.now(), time = 700 / Number(byId("speed").value);
  const move = (now) => {
    const share = Math.min((now - began) / time, 1);
    put(0.55 * share * (2 - share));
    if (share < 1 && pill.isConnected) requestAnimationFrame(move);
  };
  put(0);
  requestAnimationFrame(move);
}

// Scroll so that all of the elements are seen; if they do not fit, the first of them.
function reveal(elements) {
  const rects = elements.filter(Boolean).map((e) => e.getBoundingClientRect());
  if (!rects.length) return;
  const pane = graph.getBoundingClientRect();
  const around = (list) => ({
    left: Math.min(...list.map((r) => r.left)), right: Math.max(...list.map((r) => r.right)),
    top: Math.min(...list.map((r) => r.top)), bottom: Math.max(...list.map((r) => r.bottom)),
  });
  let box = around(rects);
  if (box.right - box.left > pane.width || box.bottom - box.top > pane.height) box = around(rects.slice(0, 2));
  if (box.left >= pane.left && box.right <= pane.right && box.top >= pane.top && box.bottom <= pane.bottom) return;
  graph.scrollTo({
    left: graph.scrollLeft + (box.left + box.right) / 2 - pane.left - pane.width / 2,
    top: graph.scrollTop + (box.top + box.bottom) / 2 - pane.top - pane.height / 2,
    behavior: still.matches || !settled ? "instant" : "smooth",
  });
}

// ------------------------------------------------------------------ the panel

const isolated = (name) => make("bdi", {}, name);
const link = (i, name) => i === null ? isolated(`${name} (not shown)`) :
  make("button", {class: "link", onclick: () => select(i, true)}, isolated(values[i].name));

// New content for a part of the panel; a focused link keeps the focus, if there is one at its place.
function fill(section, ...parts) {
  const links = [...section.querySelectorAll("button")], at = links.indexOf(document.activeElement);
  section.replaceChildren(...parts.filter(Boolean));
  if (at >= 0) section.querySelectorAll("button")[at]?.focus();
}

function showStep() {
  const section = byId("step"), where = byId("where");
  if (position === null) {
    where.textContent = `${DATA.count} steps`;
    fill(section,
      make("h2", {}, "How ", isolated(values[DATA.loss].name), " depends on everything"),
      make("p", {}, "Play, or press →: first the forward pass, oldest call first; then the backward " +
        "pass, newest call first. Click a node to see all about it."),
      make("p", {class: "quiet"}, "Keys: → ← a step, space plays, Home and End, / finds, + - 0 zoom, d is " +
        "light or dark; shift and an arrow go from node to node."),
      DATA.hidden ? make("p", {}, `Only the newest ${values.length} of ${values.length + DATA.hidden} Values are ` +
        "shown: explain(…, max_nodes=…) shows more.") : null);
    return;
  }
  const step = steps[position], v = values[step.v];
  where.textContent = whereText();
  const parts = [make("h2", {}, step.phase === "forward" ? "Forward: " : "Backward: ", link(step.v)),
    make("p", {}, make("code", {}, isolated(v.name), ` = ${v.call}`))];
  if (step.phase === "forward") {
    parts.push(v.data.rows ? heatmap(v.data, v.name) : make("p", {}, make("code", {}, `= ${v.data.text}`)));
    say(`${whereText()}: ${v.name} is ${v.data.text}`);
  } else {
    parts.push(
      make("p", {}, "Incoming gradient ", make("code", {class: "of-gradient"}, v.grad.rows ? "g" : `g = ${v.grad.text}`)),
      heatmap(v.grad, "g"),
      make("p", {class: "quiet"}, step.v === DATA.loss ? "The derivative of the loss by itself is 1." :
        v.uses.length === 1 ? "It is complete: the one call that used it was made later, so its turn has been." :
          "It is complete: all calls that used it were made later, so their turns have been."));
    if (v.grad.n === 0) parts.push(make("p", {}, "g is 0, so every contribution is 0."));
    step.shares.forEach((share) => parts.push(...shareLines(share)));
    const passed = step.shares.map((s) => `${s.c.shape ? "an array" : s.c.text} to ${s.name}`);
    say(`${whereText()}: ${v.name} passes on ${passed.join(", ") || "nothing"}`);
  }
  fill(section, ...parts);
}

let saying = null;
function say(text) {  // for those who listen; not while it plays
  clearTimeout(saying);
  if (timer === null) saying = setTimeout(() => { byId("said").textContent = text; }, 300);
}

function shareLines(share) {
  const result = share.c.rows ? "" : share.c.text;
  const chain = [...new Set([share.formula, share.numbers, result].filter(Boolean))];
  return [
    make("h3", {}, "to ", link(share.to, share.name),
      share.local !== null ? `, local derivative ${short(number(share.local))}` : ""),
    make("p", {class: "formula of-gradient"}, chain.join(" = ")),
    heatmap(share.c, "contribution"),
    share.first ? make("p", {class: "formula"}, "grad ", isolated(share.name), ` = ${share.c.rows ? "this" : share.total.text}`) :
      make("p", {class: "formula"}, "grad ", isolated(share.name), ` += this, now ${share.total.rows ? "the sum below" : share.total.text}`),
    share.first ? null : heatmap(share.total, "the sum so far"),
  ];
}

function select(i, move = false) {
  selected = i;
  clear("selected", "on-path");
  const section = byId("node");
  if (i === null) { fill(section); return; }
  const v = values[i], box = byId(v.box);
  box?.classList.add("selected");
  rove(v.box);
  if (move) reveal([box]);
  const {count, best, edges} = paths(i);
  for (const k of edges) byId(`e${k}`)?.classList.add("on-path");
  const arriving = steps.flatMap((step, k) => (step.shares ?? []).filter((s) => s.to === i).map((s) => [k, step, s]));
  const facts = [["call", make("code", {}, v.leaf ? "a leaf: made by the user" : `${v.name} = ${v.call}`)]];
  if (v.kind) facts.push(["shape", `${v.kind}`]);
  if (!v.data.rows) facts.push(["data", make("code", {}, v.data.text)], ["gradient", make("code", {class: "of-gradient"}, v.grad.text)]);
  if (v.group) facts.push(["made in", v.group]);
  const heading = make("h2", {tabIndex: -1}, isolated(v.name));
  fill(section,
    heading,
    position !== null && position < steps.length - 1 ? make("p", {class: "quiet"}, "after the whole pass:") : null,
    make("dl", {}, ...facts.flatMap(([name, x]) => [make("dt", {}, name), make("dd", {}, x)])),
    heatmap(v.data, "data"), heatmap(v.grad, "gradient"),
    v.formulas.length ? make("h3", {}, "its derivatives, g the incoming gradient") : null,
    ...v.formulas.map(([to, formula]) => make("p", {class: "formula of-gradient"}, `to ${values[to].name}: ${formula}`)),
    make("h3", {}, arriving.length ? "what comes in, and adds up" : "what comes in"),
    arriving.length ? make("ul", {}, ...arriving.map(([k, step, s]) =>
      make("li", {}, "from ", link(step.v), make("code", {class: "of-gradient"}, `  ${s.c.rows ? `an array of shape ${s.c.shape}` : s.c.text}`),
        " in ", make("button", {class: "link", onclick: () => { pause(); seek(k); }}, `step ${step.number}`)))) :
      make("p", {}, i === DATA.loss ? "The loss itself: 1." : "Nothing: no derivative leads to it."),
    count || best.length ? make("h3", {}, `${count.toLocaleString("en")} ${count === 1n ? "path" : "paths"} from `, isolated(values[DATA.loss].name)) : null,
    best.length ? make("ul", {}, ...merged(best).map((text) => make("li", {}, make("code", {}, text)))) : null,
    count > BigInt(best.length) ? make("p", {class: "quiet"}, best.some((p) => p.product === null) ?
      `These are ${best.length} of them.` : `These are the largest ${best.length}.`) : null,
    v.uses.length ? make("h3", {}, "used by") : null,
    v.uses.length ? make("p", {}, ...v.uses.flatMap((u, k) => [k ? ", " : "", link(u)])) : null,
  );
  if (move) heading.focus({preventScroll: true});
  heading.scrollIntoView({block: "nearest", behavior: still.matches ? "auto" : "smooth"});
}

// Equal paths, as those of a * a, are one line.
function merged(best) {
  const times = new Map();
  for (const text of best.map(described)) times.set(text, (times.get(text) ?? 0) + 1);
  return [...times].map(([text, n]) => n > 1 ? `${text}  (${n} times)` : text);
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
      const local = share.local === null ? null : number(share.local);
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
  if (!steps.length) return;
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

// Another size of the picture; what is in the middle, or at a point, stays there.
function zoom(to, x = graph.clientWidth / 2, y = graph.clientHeight / 2) {
  const before = scale, left = graph.scrollLeft + x, top = graph.scrollTop + y;
  scale = Math.max(0.05, Math.min(4, to));
  const {width, height} = picture.viewBox.baseVal;
  picture.setAttribute("width", width * scale);
  picture.setAttribute("height", height * scale);
  graph.scrollTo({left: left * scale / before - x, top: top * scale / before - y, behavior: "instant"});
}
function fit(least = 0.05) {
  const {width, height} = picture.viewBox.baseVal;
  const whole = Math.min((graph.clientWidth - 4) / width, (graph.clientHeight - 4) / height);
  zoom(Math.min(1.6, Math.max(whole, least)));
}
const magnify = (factor) => { zoomed = true; zoom(scale * factor); };

let found = [];
function search() {
  const query = byId("query").value.trim().toLowerCase();
  clear("found");
  const named = (i) => values[i].name.toLowerCase() === query;
  found = !query ? [] : values.map((v, i) => i).filter((i) =>
    `${values[i].name} ${values[i].leaf ? "leaf" : values[i].call}`.toLowerCase().includes(query));
  found.sort((i, j) => named(j) - named(i));
  for (const i of found) byId(values[i].box)?.classList.add("found");
  byId("matches").textContent = query ? `${found.length} found` : "";
  if (found.length) reveal([byId(values[found[0]].box)]);
}
function nextFound(event) {
  event.preventDefault();
  if (!found.length) return;
  const at = (found.indexOf(selected) + 1) % found.length;
  select(found[at]);
  reveal([byId(values[found[at]].box)]);
  byId("matches").textContent = `${at + 1} of ${found.length}`;
}

function theme() {
  const dark = document.documentElement.dataset.theme
    ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "light" : "dark";
}

function fromHash() {
  const match = /^#step=(\d+)$/.exec(location.hash);
  pause();
  const at = match ? steps.findIndex((s) => s.number >= Number(match[1])) : null;
  seek(at === -1 ? steps.length - 1 : at, {announce: Boolean(location.hash)});
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
  for (const end of ["pointerup", "pointercancel"]) {
    addEventListener(end, () => { from = null; graph.classList.remove("dragged"); });
  }
  graph.addEventListener("wheel", (e) => {
    if (!e.ctrlKey) return;
    e.preventDefault();
    zoomed = true;
    const pane = graph.getBoundingClientRect();
    zoom(scale * Math.exp(-e.deltaY / 300), e.clientX - pane.left, e.clientY - pane.top);
  }, {passive: false});
}

// One node at a time is reached by Tab; shift and an arrow go on from it.
function rove(id) {
  for (const box of picture.querySelectorAll('.box[tabindex="0"]')) box.setAttribute("tabindex", "-1");
  byId(id)?.setAttribute("tabindex", "0");
}
function toNeighbour(by) {
  const ids = values.map((v) => v.box).filter((id, k, all) => byId(id) && all.indexOf(id) === k);
  const now = Math.max(ids.indexOf(document.activeElement?.id), 0);
  const id = ids[(now + by + ids.length) % ids.length];
  rove(id);
  byId(id).focus();
  reveal([byId(id)]);
}

function keys(e) {
  const {tagName, type} = e.target;
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  const typing = tagName === "SELECT" || tagName === "TEXTAREA" || (tagName === "INPUT" && type !== "range");
  if (typing) {
    if (e.key === "Escape") e.target.blur();
    return;
  }
  if (type === "range" && /^(Arrow|Page|Home|End)/.test(e.key)) return;
  if ((e.key === " " || e.key === "Enter") && e.target.closest("button, summary, .box[tabindex]")) return;
  if (e.repeat && (e.key === " " || e.key === "d")) return;
  const actions = e.shiftKey ? {
    ArrowRight: () => toNeighbour(1), ArrowDown: () => toNeighbour(1),
    ArrowLeft: () => toNeighbour(-1), ArrowUp: () => toNeighbour(-1), "+": () => magnify(1.2),
  } : {
    ArrowRight: forward, ArrowLeft: back, " ": play, Home: () => { pause(); seek(0); },
    End: () => { pause(); seek(steps.length - 1); }, "+": () => magnify(1.2), "=": () => magnify(1.2),
    "-": () => magnify(1 / 1.2), "0": () => { zoomed = false; fit(); }, d: theme, "/": () => byId("query").focus(),
    Escape: () => { if (timer !== null) pause(); else select(null); },
  };
  if (actions[e.key]) { e.preventDefault(); actions[e.key](); }
}

function start() {
  for (const [id, [out]] of Object.entries(boxes)) {
    const element = byId(id);
    element.setAttribute("tabindex", "-1");
    element.setAttribute("role", "button");
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
  on("slider", "input", (e) => { pause(); seek(Number(e.target.value) < 0 ? null : Number(e.target.value)); });
  on("smaller", "click", () => magnify(1 / 1.2));
  on("larger", "click", () => magnify(1.2));
  on("fit", "click", () => { zoomed = false; fit(); });
  on("theme", "click", theme);
  on("search", "submit", nextFound);
  on("query", "input", search);
  if (!steps.length) document.querySelectorAll("nav button, nav input").forEach((e) => { e.disabled = true; });
  addEventListener("keydown", keys);
  addEventListener("hashchange", fromHash);
  drag();
  picture.setAttribute("role", "group");
  picture.setAttribute("aria-label", `The graph of ${values[DATA.loss].name}`);
  rove(values[DATA.loss].box);
  const whole = () => { fit(); if (scale < 0.55) fit(0.7); };  // what nobody could read: scroll
  whole();
  let size = `${graph.clientWidth} ${graph.clientHeight}`;
  new ResizeObserver(() => {
    const now = `${graph.clientWidth} ${graph.clientHeight}`;
    if (now === size) return;
    size = now;
    if (!zoomed) whole();
    if (position !== null) seek(position, {announce: false, animate: false});
  }).observe(graph);
  if (typeof startLive === "function") startLive();
  fromHash();
  settled = true;
}
