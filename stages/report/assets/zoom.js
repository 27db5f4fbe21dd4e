// Figures enlarged: a wheel, two fingers, buttons or keys scale, dragging or arrows move.
const S = globalThis.sicgrid;
const dialog = S.byId("zoom"), stage = dialog.querySelector(".zoom-stage"), img = stage.querySelector("img");
let scale = 1, x = 0, y = 0, width = 1, height = 1;
const place = () => { img.style.transform = `translate(${x}px, ${y}px) scale(${scale})`; dialog.dataset.scale = scale.toFixed(3); };
const fit = () => {
  scale = Math.min(stage.clientWidth / width, stage.clientHeight / height);
  x = (stage.clientWidth - width * scale) / 2; y = (stage.clientHeight - height * scale) / 2;
  place();
};
const by = (factor, cx = stage.clientWidth / 2, cy = stage.clientHeight / 2) => {
  const next = Math.min(40, Math.max(0.05, scale * factor));
  x = cx - (cx - x) * next / scale; y = cy - (cy - y) * next / scale; scale = next;
  place();
};
document.querySelectorAll(".enlarge").forEach((b) => b.addEventListener("click", () => {
  const from = b.querySelector("img");
  img.src = from.src; img.alt = from.alt;
  width = +from.getAttribute("width") || from.naturalWidth || 1000; height = +from.getAttribute("height") || from.naturalHeight || 1000;
  img.style.width = `${width}px`; img.style.height = `${height}px`;
  S.byId("zoom-title").textContent = b.closest("article").querySelector("h3").textContent;
  dialog.showModal();
  fit();
  stage.focus();
}));
dialog.querySelectorAll("[data-zoom]").forEach((b) => b.addEventListener("click", () => ({ in: () => by(1.4), out: () => by(1 / 1.4), fit, close: () => dialog.close() })[b.dataset.zoom]()));
stage.addEventListener("wheel", (e) => { e.preventDefault(); const r = stage.getBoundingClientRect(); by(Math.exp(-e.deltaY / 400), e.clientX - r.left, e.clientY - r.top); }, { passive: false });
stage.addEventListener("keydown", (e) => {
  const step = 60;
  const act = { "+": () => by(1.25), "=": () => by(1.25), "-": () => by(0.8), 0: fit, ArrowLeft: () => { x += step; }, ArrowRight: () => { x -= step; }, ArrowUp: () => { y += step; }, ArrowDown: () => { y -= step; } }[e.key];
  if (act) { e.preventDefault(); act(); place(); }
});
const fingers = new Map();
stage.addEventListener("pointerdown", (e) => { stage.setPointerCapture(e.pointerId); fingers.set(e.pointerId, e); });
stage.addEventListener("pointermove", (e) => {
  const before = fingers.get(e.pointerId);
  if (!before) return;
  if (fingers.size === 2) {
    const other = [...fingers.values()].find((f) => f.pointerId !== e.pointerId), r = stage.getBoundingClientRect();
    const apart = (a) => Math.hypot(a.clientX - other.clientX, a.clientY - other.clientY);
    by(apart(e) / Math.max(1, apart(before)), (e.clientX + other.clientX) / 2 - r.left, (e.clientY + other.clientY) / 2 - r.top);
  } else { x += e.clientX - before.clientX; y += e.clientY - before.clientY; place(); }
  fingers.set(e.pointerId, e);
});
for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, (e) => fingers.delete(e.pointerId));
