// Losses over the steps of a training, one small panel each, with a common cursor, which stops at
// the steps of the ratemaps too.
const S = globalThis.sicgrid;
const plot = S.byId("history-plot"), status = S.byId("history-status"), select = S.byId("history-network"), slider = S.byId("history-step"), axis = S.byId("history-axis");
// series are the curves of a network: of terms those of the paper, and others that have a weight.
const series = (n) => [["weighted sum", 1],
  ...S.data.terms.map((t, i) => [n.weights.length ? `${t.short}, weight ${+n.weights[i]}` : t.short, 4 + i, t.paper || n.weights[i] > 0]).filter((s) => s[2]),
  ["norm of the gradient", 2], ["learning rate", 3]];
const w = 280, h = 130, left = 44, bottom = 18, top = 8;
const svg = (tag, attributes, text) => {
  const e = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  if (text !== undefined) e.textContent = text;
  return e;
};
const shortNumber = (v) => Math.abs(v) >= 1e-3 && Math.abs(v) < 1e4 || v === 0 ? String(+v.toPrecision(3)).replace("-", "−") : v.toExponential(1).replace(".0e", "e").replaceAll("-", "−");
let cursors = [], stops = [], drawn = "";

// across gives the place of a step on the axis, from 0 to 1; before the first of an axis in powers
// of ten is its beginning.
const across = (rows, kept) => {
  const last = Math.max(rows[rows.length - 1][0], ...kept), first = Math.max(1, Math.min(rows[0][0], ...kept.filter((s) => s > 0)));
  if (axis.value === "even" || last <= first) return { first: 0, last, at: (step) => step / last, ticks: [] };
  const ticks = [];
  for (let s = 10; s < last; s *= 10) if (s > 3 * first && s < last / 4) ticks.push(s);
  return { first, last, at: (step) => Math.log(Math.max(step, first) / first) / Math.log(last / first), ticks };
};

const panel = (rows, name, column, along, kept) => {
  const values = rows.map((r) => r[column]).filter((v) => v !== null);
  let [low, high] = [Math.min(...values), Math.max(...values)];
  if (!values.length) return null;
  if (high - low < 1e-12) { low -= 0.5; high += 0.5; }
  const x = (step) => left + (w - left - 4) * along.at(step), y = (v) => top + (h - top - bottom) * (high - v) / (high - low);
  let path = "", pen = "M";
  for (const r of rows) {
    if (r[column] === null) { pen = "M"; continue; }
    path += `${pen}${x(r[0]).toFixed(1)} ${y(r[column]).toFixed(1)}`;
    pen = "L";
  }
  const end = values[values.length - 1], from = values[0], foot = h - bottom;
  const g = svg("svg", { viewBox: `0 0 ${w} ${h}`, role: "img", "aria-label": `${name}: from ${shortNumber(from)} to ${shortNumber(end)} over ${along.last} steps` });
  g.append(svg("path", { class: "axis", d: `M${left} ${top}V${foot}H${w - 4}` + along.ticks.map((s) => `M${x(s).toFixed(1)} ${foot}v3`).join("") }),
    svg("text", { x: left - 5, y: top + 8, "text-anchor": "end" }, shortNumber(high)), svg("text", { x: left - 5, y: foot, "text-anchor": "end" }, shortNumber(low)),
    svg("text", { x: left, y: h - 4 }, S.thousands(along.first)), ...along.ticks.map((s) => svg("text", { x: x(s), y: h - 4, "text-anchor": "middle" }, S.thousands(s))),
    svg("text", { x: w - 4, y: h - 4, "text-anchor": "end" }, `${S.thousands(along.last)} steps`),
    svg("path", { class: "kept", d: kept.map((s) => `M${x(s).toFixed(1)} ${foot}v-5`).join("") }), svg("path", { class: "curve", d: path }));
  const cursor = svg("line", { class: "cursor", y1: top, y2: foot, x1: -10, x2: -10 });
  g.append(cursor);
  cursors.push((step) => { cursor.setAttribute("x1", x(step)); cursor.setAttribute("x2", x(step)); });
  g.addEventListener("pointermove", (e) => {
    const r = g.getBoundingClientRect(), place = (e.clientX - r.left) / r.width * w, off = (i) => Math.abs(x(stops[i].step) - place);
    at(stops.reduce((best, _, i) => off(i) < off(best) ? i : best, 0));
  });
  return S.element("figure", {}, S.element("figcaption", {}, name), g);
};

const at = (i) => {
  const n = S.network(select.value), { step, row } = stops[i], finds = S.markForming(step);
  slider.value = i;
  slider.setAttribute("aria-valuetext", `step ${step}${finds ? ": " + finds : ""}`);
  cursors.forEach((c) => c(step));
  status.textContent = `${S.notice(n.state, n.reason)}Step ${S.thousands(step)}: ${finds ? finds + "; " : ""}` + series(n).filter(([, c]) => row[c] !== null && row[c] !== undefined).map(([name, c]) => `${name.split(", weight")[0]} ${shortNumber(row[c])}`).join(", ");
};
const go = (step) => at(stops.findIndex((s) => s.step === step));

// draw draws a network: the cursor stops at each row of its history, means over the steps since the
// row before, and at each step of its ratemaps, at the row that has that step in it. It stays at a
// step if that is told.
const draw = (stay = null) => {
  const n = S.network(select.value), rows = n.history, kept = n.forming ? n.forming.steps.map((s) => s.step) : [];
  stops = [...new Set([...rows.map((r) => r[0]), ...kept])].sort((a, b) => a - b).map((step) => ({ step, row: step === 0 ? [] : rows.find((r) => r[0] >= step) || rows[rows.length - 1] }));
  cursors = [];
  S.drawForming(n, go);
  const along = across(rows, kept);
  plot.replaceChildren(S.element("div", { class: "multiples" }, ...series(n).map(([name, c]) => panel(rows, name, c, along, kept)).filter((p) => p)));
  slider.max = stops.length - 1;
  const again = stops.findIndex((s) => s.step === stay);
  at(again < 0 ? stops.length - 1 : again);
};
// choose draws another network, over powers of ten if its ratemaps are spread so.
const choose = () => {
  axis.value = S.network(select.value).forming ? "tens" : "even";
  draw();
};
// offer lists the networks with a history, and draws the one that was chosen before.
const offer = () => {
  const networks = S.data.networks.filter((n) => n.history && n.history.length > 1), before = select.value;
  S.byId("history").hidden = !networks.length;
  S.byId("no-history").hidden = networks.length > 0;
  if (!networks.length) return;
  const again = networks.find((n) => n.name === before), now = (n) => n && JSON.stringify([n.state, n.history[n.history.length - 1], n.forming && n.forming.steps]);
  if (again && now(again) === drawn) return;
  S.choices(select, networks.map((n) => [n.name, S.titled(n)]), (again || networks.find((n) => n.state === "under way") || networks.find((n) => n.forming) || networks[0]).name);
  const was = stops[+slider.value];
  again ? draw(was && was !== stops[stops.length - 1] ? was.step : null) : choose();
  drawn = now(S.network(select.value));
};
S.drawHistory = offer;
select.addEventListener("change", choose);
axis.addEventListener("change", () => draw(stops[+slider.value].step));
slider.addEventListener("input", () => at(+slider.value));
offer();
