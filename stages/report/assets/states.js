// The cloud of population states, turned by mouse, finger and keys.
const S = globalThis.sicgrid;
const networks = S.data.networks.filter((n) => n.states);
const canvas = S.byId("torus-canvas"), status = S.byId("torus-status"), scaleCanvas = S.byId("torus-scale");
const pick = { network: S.byId("torus-network"), axes: S.byId("torus-axes"), colour: S.byId("torus-colour") };
const fields = { place: 0, pc: 2, embedding: 5 }, stride = 8; // of a state's numbers
let points = [], turn = [1, 0, 0, 0, 1, 0, 0, 0, 1], zoom = 1, spinning = false;

const multiply = (a, b) => a.map((_, i) => { const r = Math.floor(i / 3), c = i % 3; return a[3 * r] * b[c] + a[3 * r + 1] * b[3 + c] + a[3 * r + 2] * b[6 + c]; });
const rotate = (yaw, pitch) => {
  const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
  turn = multiply(multiply([1, 0, 0, 0, cp, -sp, 0, sp, cp], [cy, 0, sy, 0, 1, 0, -sy, 0, cy]), turn);
  canvas.dataset.turn = turn.map((v) => v.toFixed(3)).join(" ");
  draw();
};

const colourOf = (states, x, y) => {
  const which = pick.colour.value, half = states.side / 2;
  if (which[0] === "k") {
    const k = states.k && states.k[+which[1]];
    if (!k) return null;
    const turns = (k[0] * x + k[1] * y) / (2 * Math.PI) + 0.5; // −π is 0, as on the scale
    return S.colours.cyclic[Math.floor(256 * (turns - Math.floor(turns))) & 255];
  }
  const t = which === "x" ? (x + half) / states.side : which === "y" ? (y + half) / states.side : Math.hypot(x, y) / (half * Math.SQRT2);
  return S.colours.viridis[Math.max(0, Math.min(255, Math.round(255 * t)))];
};

// load reads the states that were chosen: three coordinates of at most 1, and a colour.
const load = () => {
  const n = S.network(pick.network.value), states = n.states, bytes = S.bytes(states.bytes);
  const view = new DataView(bytes.buffer), at = fields[pick.axes.value];
  const read = (i, k) => { const v = view.getInt16(2 * (stride * i + k), true); return v === -32768 ? NaN : v / 32767; };
  points = [];
  const middle = [0, 0, 0];
  for (let i = 0; i < states.n; i++) {
    const x = read(i, 0) * states.scales[0], y = read(i, 1) * states.scales[0];
    const p = pick.axes.value === "place" ? [read(i, 0), read(i, 1), 0] : [read(i, at), read(i, at + 1), read(i, at + 2)].map((v, d) => Number.isNaN(v) && d > 0 ? 0 : v);
    if (Number.isNaN(p[0])) continue;
    const c = colourOf(states, x, y) || [128, 128, 128];
    points.push({ p, colour: c });
    for (let d = 0; d < 3; d++) middle[d] += p[d];
  }
  let reach = 1e-9;
  for (const q of points) {
    for (let d = 0; d < 3; d++) q.p[d] -= middle[d] / points.length;
    reach = Math.max(reach, Math.hypot(...q.p));
  }
  for (const q of points) for (let d = 0; d < 3; d++) q.p[d] /= reach;
  tell(n, states);
  drawScale(states);
  draw();
};

const tell = (n, states) => {
  let shape = states.undetermined ? `Betti numbers undetermined: ${states.undetermined}.` : "No shape was determined for these states.";
  if (states.betti) {
    const b = states.betti.join(", ");
    shape = b === "1, 2, 1" ? "Betti numbers 1, 2, 1: a torus." : `Betti numbers ${b}.`;
  }
  const none = pick.colour.value[0] === "k" && !states.k ? " Without a module there is no phase to colour by." : "";
  status.textContent = `${S.notice(states.state, states.reason)}${points.length} states of the ${states.of || "active units"}, network “${n.title}”, in a box of ${states.side} m. ${shape}${none}`;
  canvas.setAttribute("aria-label", `Cloud of ${points.length} population states of ${n.name}. ${shape}`);
};

const draw = () => {
  const ratio = Math.min(2, devicePixelRatio || 1), w = canvas.clientWidth * ratio, h = canvas.clientHeight * ratio;
  if (!w || !h) return;
  if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
  const g = canvas.getContext("2d"), size = 0.45 * Math.min(w, h) * zoom;
  g.clearRect(0, 0, w, h);
  const placed = points.map(({ p, colour }) => ({
    x: turn[0] * p[0] + turn[1] * p[1] + turn[2] * p[2], y: turn[3] * p[0] + turn[4] * p[1] + turn[5] * p[2], z: turn[6] * p[0] + turn[7] * p[1] + turn[8] * p[2], colour,
  })).sort((a, b) => a.z - b.z);
  for (const { x, y, z, colour } of placed) {
    const near = 5 / (5 - z), r = ratio * (1.5 + 0.35 * z) * near * Math.sqrt(zoom);
    g.fillStyle = `rgba(${colour[0]},${colour[1]},${colour[2]},${0.5 + 0.22 * (z + 1)})`;
    g.beginPath();
    g.arc(w / 2 + size * x * near, h / 2 - size * y * near, r, 0, 2 * Math.PI);
    g.fill();
  }
  g.strokeStyle = g.fillStyle = S.ink("--soft");
  g.lineWidth = ratio; g.font = `${11 * ratio}px sans-serif`;
  [0, 1, 2].forEach((d) => { // where the axes point
    const [ax, ay] = [turn[d], turn[3 + d]], o = 34 * ratio, l = 22 * ratio;
    g.beginPath(); g.moveTo(o, h - o); g.lineTo(o + l * ax, h - o - l * ay); g.stroke();
    g.fillText(String(d + 1), o + 1.35 * l * ax - 3 * ratio, h - o - 1.35 * l * ay + 4 * ratio);
  });
};

const drawScale = (states) => {
  const g = scaleCanvas.getContext("2d"), w = scaleCanvas.width, cyclic = pick.colour.value[0] === "k";
  const colours = cyclic ? S.colours.cyclic : S.colours.viridis, half = S.number(states.side / 2, 1);
  g.clearRect(0, 0, w, scaleCanvas.height);
  for (let x = 0; x < w; x++) { g.fillStyle = `rgb(${colours[Math.floor(256 * x / w)].join(",")})`; g.fillRect(x, 0, 1, 14); }
  g.fillStyle = S.ink("--soft"); g.font = "12px sans-serif";
  const ends = cyclic ? ["−π", "phase of the place", "π"] : pick.colour.value === "r" ? ["0", "from the centre", `${S.number(states.side / Math.SQRT2, 1)} m`] : [`−${half}`, "place", `${half} m`];
  g.textAlign = "left"; g.fillText(ends[0], 0, 32); g.textAlign = "center"; g.fillText(ends[1], w / 2, 32); g.textAlign = "right"; g.fillText(ends[2], w, 32);
  scaleCanvas.setAttribute("aria-label", `Colours from ${ends[0]} to ${ends[2]}`);
};

let held = null;
canvas.addEventListener("pointerdown", (e) => { held = e; canvas.setPointerCapture(e.pointerId); spin(false); });
canvas.addEventListener("pointermove", (e) => {
  if (!held || held.pointerId !== e.pointerId) return;
  rotate((e.clientX - held.clientX) / 150, (e.clientY - held.clientY) / 150);
  held = e;
});
for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { held = null; });
canvas.addEventListener("wheel", (e) => { if (document.activeElement === canvas) { e.preventDefault(); zoom = Math.min(6, Math.max(0.4, zoom * Math.exp(-e.deltaY / 600))); draw(); } }, { passive: false });
const turns = { left: [-0.15, 0], right: [0.15, 0], up: [0, -0.15], down: [0, 0.15] };
canvas.addEventListener("keydown", (e) => {
  const by = turns[e.key.replace("Arrow", "").toLowerCase()];
  if (by) { e.preventDefault(); rotate(...by); }
  if ("+=-".includes(e.key)) { e.preventDefault(); zoom = Math.min(6, Math.max(0.4, zoom * (e.key === "-" ? 0.87 : 1.15))); draw(); }
});

const spinButton = document.querySelector('[data-turn="spin"]');
const spin = (on) => {
  spinning = on;
  spinButton.setAttribute("aria-pressed", String(on));
  if (on) requestAnimationFrame(function next() { if (spinning) { rotate(0.008, 0); requestAnimationFrame(next); } });
};
document.querySelectorAll("[data-turn]").forEach((b) => b.addEventListener("click", () => b === spinButton ? spin(!spinning) : rotate(...turns[b.dataset.turn])));

if (networks.length) {
  const first = S.network(S.data.torus) && S.network(S.data.torus).states ? S.network(S.data.torus) : networks[0];
  S.choices(pick.network, networks.map((n) => [n.name, S.titled(n)]), first.name);
  if (!first.states.k) pick.colour.value = "x";
  for (const s of Object.values(pick)) s.addEventListener("change", load);
  new ResizeObserver(draw).observe(canvas);
  S.themed.push(() => { draw(); drawScale(S.network(pick.network.value).states); });
  rotate(0.6, 0.4);
  load();
} else {
  S.byId("torus").replaceChildren(S.element("p", { class: "notice" }, "No states have been embedded yet."));
}
