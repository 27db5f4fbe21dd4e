// Colour maps as tables of 256 colours, and maps drawn with them.
const S = globalThis.sicgrid;
const between = (anchors) => Array.from({ length: 256 }, (_, i) => {
  const t = i / 255 * (anchors.length - 1), a = Math.min(Math.floor(t), anchors.length - 2), f = t - a;
  return anchors[a].map((v, c) => Math.round(v + f * (anchors[a + 1][c] - v)));
});
const jet = Array.from({ length: 256 }, (_, i) => [3, 2, 1].map((c) => Math.round(255 * Math.min(1, Math.max(0, 1.5 - Math.abs(4 * i / 255 - c))))));

// A circle of hues at one lightness and chroma in the Oklch space (Ottosson 2020): no phase looks
// brighter than another, and 0 meets 1.
const oklch = (l, c, h) => {
  const a = c * Math.cos(h), b = c * Math.sin(h);
  const lms = [l + 0.3963377774 * a + 0.2158037573 * b, l - 0.1055613458 * a - 0.0638541728 * b, l - 0.0894841775 * a - 1.2914855480 * b].map((v) => v ** 3);
  return [[4.0767416621, -3.3077115913, 0.2309699292], [-1.2684380046, 2.6097574011, -0.3413193965], [-0.0041960863, -0.7034186147, 1.7076147010]].map((row) => {
    const v = Math.min(1, Math.max(0, row.reduce((sum, k, i) => sum + k * lms[i], 0)));
    return Math.round(255 * (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055));
  });
};
S.colours = {
  viridis: between([[68, 1, 84], [71, 45, 123], [59, 82, 139], [44, 114, 142], [33, 145, 140], [40, 174, 128], [94, 201, 98], [173, 220, 48], [253, 231, 37]]),
  jet,
  diverging: between([[59, 76, 192], [141, 176, 254], [221, 221, 221], [244, 154, 123], [180, 4, 38]]),
  cyclic: Array.from({ length: 256 }, (_, i) => oklch(0.7, 0.127, 2 * Math.PI * i / 256)),
};
S.rateColours = "viridis";

// paint draws a square of bytes, row 0 lowest; 255 is nothing.
S.paint = (canvas, bytes, side, colours) => {
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d"), image = context.createImageData(side, side);
  for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) {
    const v = bytes[y * side + x], at = 4 * ((side - 1 - y) * side + x);
    if (v === 255) continue;
    const c = colours[v];
    image.data[at] = c[0]; image.data[at + 1] = c[1]; image.data[at + 2] = c[2]; image.data[at + 3] = 255;
  }
  context.putImageData(image, 0, 0);
};

// paintMap draws the ratemap of the i-th unit of a box, paintLags its autocorrelogram.
S.paintMap = (canvas, box, i) => {
  const all = S.bytes(box.maps), n = box.bins * box.bins;
  if (all) S.paint(canvas, all.subarray(i * n, (i + 1) * n), box.bins, S.colours[S.rateColours]);
};
S.paintLags = (canvas, box, i) => {
  const all = S.bytes(box.lags), side = 2 * box.bins - 1, half = (side * side + 1) / 2;
  if (!all) return false;
  const whole = new Uint8Array(side * side);
  for (let k = 0; k < half; k++) whole[k] = whole[whole.length - 1 - k] = all[i * half + k];
  S.paint(canvas, whole, side, S.colours.diverging);
  return true;
};

S.recoloured = [];
const hero = () => document.querySelectorAll("canvas[data-unit]").forEach((c) => {
  const box = S.box(S.network(c.dataset.network), c.dataset.box);
  const i = box ? box.units.findIndex((u) => u.unit === +c.dataset.unit) : -1;
  if (i >= 0) S.paintMap(c, box, i);
});
S.recoloured.push(hero);
hero();
const selects = document.querySelectorAll("select.colours");
selects.forEach((s) => s.addEventListener("change", () => {
  S.rateColours = s.value;
  selects.forEach((other) => { other.value = s.value; });
  S.recoloured.forEach((paint) => paint());
}));
