// The browser of units: a table that is sorted and filtered, the maps of one unit in every box, and
// those of all that are listed.
const S = globalThis.sicgrid;
const networks = S.data.networks.filter((n) => n.boxes.some((b) => b.units.length));
const pick = { network: S.byId("unit-network"), box: S.byId("unit-box"), module: S.byId("unit-module"), least: S.byId("unit-least") };
const table = S.byId("unit-table"), shown = S.byId("unit-shown"), gallery = S.byId("unit-gallery"), status = S.byId("unit-status");
const columns = [
  ["unit", "unit", (u) => String(u.unit)],
  ["module", "module", (u) => u.module < 0 ? "none" : String(u.module + 1)],
  ["score", "score", (u) => S.number(u.score)],
  ["period", "period, m", (u) => S.number(u.period)],
  ["orientation", "orientation, °", (u) => S.number(u.orientation, 1)],
  ["ellipse", "ellipse", (u) => S.number(u.ellipse)],
  ["modulation", "modulation", (u) => S.number(u.modulation)],
  ["fields", "fields", (u) => String(u.fields)],
  ["phi1", "φ₁", (u) => S.number(u.phi1)],
  ["phi2", "φ₂", (u) => S.number(u.phi2)],
  ["phi3", "φ₃", (u) => S.number(u.phi3)],
];
let sort = { key: "score", down: true }, chosen = null, listed = [];

const network = () => S.network(pick.network.value);
const box = () => S.box(network(), pick.box.value);

const list = () => {
  const least = parseFloat(pick.least.value), module = pick.module.value;
  listed = box().units.filter((u) => (Number.isNaN(least) || (u.score !== null && u.score >= least)) &&
    (module === "all" || (module === "silent" ? !u.active : String(u.module) === module)));
  listed.sort((a, b) => {
    const [x, y] = [a[sort.key], b[sort.key]];
    if (x === null || y === null) return (x === null) - (y === null); // what is undefined comes last
    return (sort.down ? y - x : x - y) || a.unit - b.unit;
  });
};

const swatch = (u) => S.element("span", { class: u.module < 0 ? "swatch" : `swatch swatch-${u.module % 6}`, "aria-hidden": "true" });

const draw = () => {
  list();
  if (!listed.some((u) => u.unit === chosen)) chosen = listed.length ? listed[0].unit : null;
  table.tHead.replaceChildren(S.element("tr", {}, ...columns.map(([key, text]) => S.element("th", { scope: "col", "aria-sort": sort.key === key ? (sort.down ? "descending" : "ascending") : null },
    S.element("button", { type: "button", "data-sort": key, onclick: () => { sort = { key, down: sort.key === key ? !sort.down : key !== "unit" }; draw(); table.querySelector(`[data-sort="${key}"]`).focus(); } }, text)))));
  table.tBodies[0].replaceChildren(...listed.map((u) => {
    const row = S.element("tr", { "data-unit": u.unit, onclick: () => choose(u.unit) }, ...columns.map(([key, , text]) => S.element("td", {},
      key === "unit" ? S.element("button", { type: "button", class: "pick", tabindex: "-1" }, S.element("span", { class: "unseen" }, "unit "), text(u)) : key === "module" ? S.element("span", {}, swatch(u), text(u)) : text(u))));
    return row;
  }));
  gallery.replaceChildren(...listed.map((u) => {
    const canvas = S.element("canvas", { class: "map", "aria-hidden": "true" });
    return S.element("button", { type: "button", "data-unit": u.unit, tabindex: "-1", onclick: () => choose(u.unit) }, canvas, S.element("span", { class: "unseen" }, "unit "), S.element("span", {}, `${u.unit} · ${S.number(u.score)}`));
  }));
  recolour();
  const b = box();
  status.textContent = `${S.notice(b.state, b.reason)}${listed.length} of ${b.units.length} units of “${network().title}” in a box of ${b.side} m.`;
  choose(chosen, false);
};

const recolour = () => {
  const b = box();
  if (!b) return;
  gallery.querySelectorAll("button").forEach((button) => S.paintMap(button.querySelector("canvas"), b, b.units.findIndex((u) => u.unit === +button.dataset.unit)));
  show();
};
S.recoloured.push(recolour);

const choose = (unit, focus = false) => {
  chosen = unit;
  for (const row of [...table.tBodies[0].rows, ...gallery.children]) {
    const here = +row.dataset.unit === unit;
    here ? row.setAttribute("aria-current", "true") : row.removeAttribute("aria-current");
    const button = row.tagName === "TR" ? row.querySelector(".pick") : row;
    button.tabIndex = here ? 0 : -1;
    if (here && row.tagName === "TR" && focus) { button.focus(); row.scrollIntoView({ block: "nearest" }); }
  }
  show();
};

// show draws the unit that was chosen in every box.
const show = () => {
  if (chosen === null) { shown.replaceChildren(S.element("p", { class: "quiet" }, "No unit is as wished.")); return; }
  const maps = S.element("div", { class: "maps" });
  let there = null;
  for (const b of network().boxes) {
    const i = b.units.findIndex((u) => u.unit === chosen);
    if (i < 0 || !b.maps) continue;
    const u = b.units[i];
    if (b === box()) there = [b, i];
    const canvas = S.element("canvas", { class: "map", role: "img", "aria-label": `Ratemap of unit ${chosen} in a box of ${b.side} m, grid score ${S.number(u.score)}` });
    S.paintMap(canvas, b, i);
    maps.append(S.element("figure", {}, canvas, S.element("figcaption", {}, `${b.side} m box · score ${S.number(u.score)} · period ${u.period === null ? "none" : S.number(u.period) + " m"}`)));
  }
  const u = there ? there[0].units[there[1]] : box().units.find((v) => v.unit === chosen);
  if (there) {
    const canvas = S.element("canvas", { class: "map", role: "img", "aria-label": `Autocorrelogram of unit ${chosen} in a box of ${there[0].side} m` });
    if (S.paintLags(canvas, ...there)) maps.append(S.element("figure", {}, canvas, S.element("figcaption", {}, `autocorrelogram, ${there[0].side} m box, −1 (blue) to 1 (red)`)));
  }
  const facts = [["module", u.module < 0 ? "none" : u.module + 1], ["score (corrected)", `${S.number(u.score)} (${S.number(u.corrected)})`], ["square score", S.number(u.square)],
    ["period, orientation", `${S.number(u.period)} m, ${S.number(u.orientation, 1)}°`], ["phases φ₁, φ₂, φ₃", `${S.number(u.phi1)}, ${S.number(u.phi2)}, ${S.number(u.phi3)} rad`],
    ["early with late map", S.number(u.drift)], ["peak, modulation", `${S.number(u.peak, 3)}, ${S.number(u.modulation)}`],
    u.superlattice > 1 ? ["superlattice", `√${u.superlattice} periods: fields alternate in height`] : null, u.active ? null : ["inactive", "peak below the threshold"], u.noPeriod ? ["no period", u.noPeriod] : null];
  shown.replaceChildren(S.element("h3", {}, swatch(u), `Unit ${chosen}`), maps, S.element("dl", {}, ...facts.filter((f) => f).flatMap(([k, v]) => [S.element("dt", {}, k), S.element("dd", {}, String(v))])));
};

table.addEventListener("keydown", (e) => {
  const step = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[e.key], at = listed.findIndex((u) => u.unit === chosen);
  if (!step || at < 0 || !e.target.classList.contains("pick")) return;
  e.preventDefault();
  choose(listed[Math.min(listed.length - 1, Math.max(0, at + step))].unit, true);
});
gallery.addEventListener("keydown", (e) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key], at = listed.findIndex((u) => u.unit === chosen);
  if (!step || at < 0) return;
  e.preventDefault();
  choose(listed[Math.min(listed.length - 1, Math.max(0, at + step))].unit);
  gallery.querySelector("[aria-current]").focus();
});

const boxes = () => {
  const n = network(), there = n.boxes.filter((b) => b.units.length);
  S.choices(pick.box, there.map((b) => [b.name, `${b.side} m`]), there[there.length - 1].name);
  modules();
};
const modules = () => {
  const b = box();
  S.choices(pick.module, [["all", "all units"], ...b.modules.map((m) => [String(m.module), `${m.module + 1}: ${S.number(m.period)} m, ${m.n} units`]), ["-1", "in none"], ["silent", "inactive"]], "all");
  draw();
};

// A cell of CSV that a spreadsheet takes as a text or number, and never as a formula.
const cell = (v) => v === null || v === undefined ? "" : typeof v === "number" || typeof v === "boolean" ? String(v) : `"${String(v).replaceAll('"', '""').replace(/^([=+\-@\t\r])/, "'$1")}"`;
S.byId("unit-save").addEventListener("click", () => {
  const keys = Object.keys(listed[0] || {});
  const text = [keys.join(","), ...listed.map((u) => keys.map((k) => cell(u[k])).join(","))].join("\n") + "\n";
  const link = S.element("a", { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: `units-${pick.network.value}-${pick.box.value}.csv` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
});

if (networks.length) {
  S.choices(pick.network, networks.map((n) => [n.name, S.titled(n)]), networks[0].name);
  pick.network.addEventListener("change", boxes);
  pick.box.addEventListener("change", modules);
  pick.module.addEventListener("change", draw);
  pick.least.addEventListener("input", draw);
  boxes();
} else {
  S.byId("unit-browser").replaceChildren(S.element("p", { class: "notice" }, "No unit has been recorded yet. ", ...S.data.networks.slice(0, 1).map((n) => `${n.name}: ${n.reason}`)));
}
