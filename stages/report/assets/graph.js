// What a stage of the graph rests on, shown when it is pointed at or focused.
const S = globalThis.sicgrid;
const graph = S.byId("graph");
const clear = () => graph.querySelectorAll(".near").forEach((e) => e.classList.remove("near"));
const light = (node) => {
  clear();
  const seen = new Set(), open = [node.id];
  while (open.length) {
    const id = open.pop();
    if (seen.has(id)) continue;
    seen.add(id);
    const n = S.byId(id);
    n.classList.add("near");
    open.push(...n.dataset.inputs.split(" ").filter((i) => i));
  }
  graph.querySelectorAll(".edges path").forEach((p) => { if (seen.has(p.dataset.from) && seen.has(p.dataset.to)) p.classList.add("near"); });
};
if (graph) graph.querySelectorAll(".node").forEach((n) => {
  for (const e of ["pointerenter", "focus"]) n.addEventListener(e, () => light(n));
  for (const e of ["pointerleave", "blur"]) n.addEventListener(e, clear);
});
