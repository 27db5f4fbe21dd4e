// What the other scripts share: the data, bytes by their identifier, elements, numbers.
const S = globalThis.sicgrid = {};
S.byId = (id) => document.getElementById(id);
S.data = JSON.parse(S.byId("page-data").textContent);

S.decode = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
const decoded = new Map();
S.bytes = (id) => {
  if (!id || !S.byId(id)) return null;
  if (!decoded.has(id)) decoded.set(id, S.decode(JSON.parse(S.byId(id).textContent)[0]));
  return decoded.get(id);
};

// element makes one; text is never read as markup.
S.element = (tag, attributes = {}, ...children) => {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "onclick") e.addEventListener("click", value);
    else e.setAttribute(name, value === true ? "" : value);
  }
  e.append(...children.filter((c) => c !== null && c !== undefined));
  return e;
};

S.number = (v, decimals = 2) => v === null || v === undefined ? "–" : v.toFixed(decimals).replace("-", "−");
S.thousands = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, "\u202f");
S.network = (name) => S.data.networks.find((n) => n.name === name);
S.box = (network, name) => network && network.boxes.find((b) => b.name === name);
S.titled = (n) => n.title === n.name ? n.name : `${n.name}: ${n.title}`;
S.choices = (select, list, value) => {
  select.replaceChildren(...list.map(([v, text]) => S.element("option", { value: v }, text)));
  if (value !== undefined) select.value = value;
};
S.notice = (state, reason) => state === "current" ? "" : `${{ stale: "Stale", missing: "Not made", refused: "Refused", "under way": "Under way" }[state] || state}: ${reason} `;

// Light or dark: the system's choice, until the button is used.
const root = document.documentElement;
const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
S.themed = [];
const repaint = () => S.themed.forEach((paint) => paint());
S.byId("theme").addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; repaint(); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
S.ink = (name) => getComputedStyle(root).getPropertyValue(name).trim();

// A link to something folded opens it.
const open = () => {
  let target = null;
  try { target = S.byId(decodeURIComponent(location.hash.slice(1))); } catch { return; }
  for (let e = target; e; e = e.parentElement) if (e.tagName === "DETAILS") e.open = true;
  if (target && target.tagName === "DETAILS") {
    target.querySelector("summary").focus({ preventScroll: true });
    target.scrollIntoView({ block: "start" });
  }
};
addEventListener("hashchange", open);
open();

// Where the reader is.
const links = new Map([...document.querySelectorAll(".top li a")].map((a) => [a.hash.slice(1), a]));
const seen = new IntersectionObserver((entries) => {
  for (const e of entries) {
    const link = links.get(e.target.id);
    if (link && e.isIntersecting) {
      for (const a of links.values()) a.removeAttribute("aria-current");
      link.setAttribute("aria-current", "true");
    }
  }
}, { rootMargin: "-30% 0px -65% 0px" });
document.querySelectorAll("main > section").forEach((s) => seen.observe(s));

addEventListener("beforeprint", () => document.querySelectorAll("img[loading]").forEach((i) => { i.loading = "eager"; }));

const filter = S.byId("stage-filter");
filter.addEventListener("input", () => {
  const wanted = filter.value.trim().toLowerCase();
  for (const d of document.querySelectorAll("#stage-list details")) d.hidden = !d.dataset.name.toLowerCase().includes(wanted);
});
