// Losses over the steps of a training, one small panel each, with a common cursor.
const S = globalThis.sicgrid;
const plot = S.byId("history-plot"), status = S.byId("history-status"), select = S.byId("history-network"), slider = S.byId("history-step");
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
let cursors = [];

const panel = (rows, name, column) => {
  const values = rows.map((r) => r[column]).filter((v) => v !== null);
  let [low, high] = [Math.min(...values), Math.max(...values)];
  if (!values.length) return null;
  if (high - low < 1e-12) { low -= 0.5; high += 0.5; }
  const last = rows[rows.length - 1][0];
  const x = (step) => left + (w - left - 4) * step / last, y = (v) => top + (h - top - bottom) * (high - v) / (high - low);
  let path = "", pen = "M";
  for (const r of rows) {
    if (r[column] === null) { pen = "M"; continue; }
    path += `${pen}${x(r[0]).toFixed(1)} ${y(r[column]).toFixed(1)}`;
    pen = "L";
  }
  const end = values[values.length - 1], from = values[0];
  const g = svg("svg", { viewBox: `0 0 ${w} ${h}`, role: "img", "aria-label": `${name}: from ${shortNumber(from)} to ${shortNumber(end)} over ${last} steps` });
  g.append(svg("path", { class: "axis", d: `M${left} ${top}V${h - bottom}H${w - 4}` }),
    svg("text", { x: left - 5, y: top + 8, "text-anchor": "end" }, shortNumber(high)), svg("text", { x: left - 5, y: h - bottom, "text-anchor": "end" }, shortNumber(low)),
    svg("text", { x: left, y: h - 4 }, "0"), svg("text", { x: w - 4, y: h - 4, "text-anchor": "end" }, `${last} steps`), svg("path", { class: "curve", d: path }));
  const cursor = svg("line", { class: "cursor", y1: top, y2: h - bottom, x1: -10, x2: -10 });
  g.append(cursor);
  cursors.push((step) => { cursor.setAttribute("x1", x(step)); cursor.setAttribute("x2", x(step)); });
  g.addEventListener("pointermove", (e) => {
    const r = g.getBoundingClientRect(), step = ((e.clientX - r.left) / r.width * w - left) / (w - left - 4) * last;
    at(rows.reduce((best, row, i) => Math.abs(row[0] - step) < Math.abs(rows[best][0] - step) ? i : best, 0));
  });
  return S.element("figure", {}, S.element("figcaption", {}, name), g);
};

const at = (i) => {
  const n = S.network(select.value), row = n.history[i];
  slider.value = i;
  cursors.forEach((c) => c(row[0]));
  status.textContent = `${S.notice(n.state, n.reason)}Step ${row[0]}: ` + series(n).filter(([, c]) => row[c] !== null).map(([name, c]) => `${name} ${shortNumber(row[c])}`).join(", ");
};

const draw = () => {
  const rows = S.network(select.value).history;
  cursors = [];
  plot.replaceChildren(S.element("div", { class: "multiples" }, ...series(S.network(select.value)).map(([name, c]) => panel(rows, name, c)).filter((p) => p)));
  slider.max = rows.length - 1;
  at(rows.length - 1);
};
// offer lists the networks with a history, and draws the one that was chosen before.
const offer = () => {
  const networks = S.data.networks.filter((n) => n.history && n.history.length > 1), before = select.value;
  S.byId("history").hidden = !networks.length;
  S.byId("no-history").hidden = networks.length > 0;
  if (!networks.length) return;
  S.choices(select, networks.map((n) => [n.name, S.titled(n)]), (networks.find((n) => n.name === before) || networks.find((n) => n.state === "under way") || networks[0]).name);
  draw();
};
S.drawHistory = offer;
select.addEventListener("change", draw);
slider.addEventListener("input", () => at(+slider.value));
offer();
