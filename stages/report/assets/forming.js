// Ratemaps at some steps of a training, a column a step; the column of the step that the slider of
// the history is at is marked, and a step's name moves the slider there.
const S = globalThis.sicgrid;
const place = S.byId("forming");
let shown = null, columns = [];

const paint = () => {
  if (!shown) return;
  const bytes = shown.bytes ? S.decode(shown.bytes) : S.bytes(shown.maps), n = shown.bins * shown.bins;
  if (bytes) place.querySelectorAll("canvas").forEach((c, i) => S.paint(c, bytes.subarray(i * n, (i + 1) * n), shown.bins, S.colours[S.rateColours]));
};
S.recoloured.push(paint);

const list = (words) => words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`;
const column = (step, go) => S.element("li", { "data-step": step.step },
  S.element("button", { type: "button", onclick: () => go(step.step), "aria-label": `step ${S.thousands(step.step)}: ${step.finds}` }, `step ${S.thousands(step.step)}`),
  ...shown.units.map((u, i) => S.element("canvas", { class: "map", role: "img", "aria-label": `Ratemap of unit ${u} at step ${step.step}${step.units[i] ? ": " + step.units[i] : ""}` })),
  S.element("p", {}, ...(step.score === null ? [] : [`score ${S.number(step.score)}`, S.element("br")]), `${step.explained === null ? "–" : Math.round(100 * step.explained)} % by place`));

// drawForming draws the columns of a network, or says why there are none.
S.drawForming = (n, go) => {
  shown = n.forming;
  columns = [];
  if (!shown) {
    const why = S.data.live && n.state === "under way" ? ["Ratemaps come with its checkpoints."] : [n.unformed, ...(n.form || []).flatMap((c) => [" ", S.element("code", { class: "command" }, c)])];
    place.replaceChildren(S.element("p", { class: "notice" }, ...why));
    return;
  }
  columns = shown.steps.map((s) => column(s, go));
  place.replaceChildren(S.element("p", { class: "quiet" }, `${S.notice(shown.state, shown.reason)}Rate over a box of ${shown.side} m, each map to its own peak. From top to bottom: ${shown.units.length === 1 ? "unit" : "units"} ${list(shown.units.map(String))}, ${shown.of}. Below: ${shown.steps[0].score === null ? "" : "median grid score and "}share of the states’ variance that place explains.`),
    S.element("ol", { class: "forming" }, ...columns));
  paint();
};

// markForming marks the last column up to a step, and returns what it finds if it is of just this.
S.markForming = (step) => {
  const here = columns.findLast((c) => +c.dataset.step <= step);
  for (const c of columns) c === here ? c.setAttribute("aria-current", "step") : c.removeAttribute("aria-current");
  const exact = shown && shown.steps.find((s) => s.step === step);
  return exact ? exact.finds : "";
};
