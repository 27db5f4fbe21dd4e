// Package figure draws the panels of the project's figures in one theme: one sans type, one set of
// line widths and colours, every figure 180 mm wide.
//
//   - A page is laid out in millimetres from its top left corner, y down. Render draws it twice, as SVG
//     (text stays text) and as PNG.
//   - A panel is a Box of the page. Axes put data coordinates into a box.
//   - A colour map takes 0..1 to a colour: Jet for ratemaps, as in the paper, and perceptually uniform
//     ones elsewhere.
//   - A cloud is a scatter of thousands of points, drawn as one image so that the SVG stays small.
//
// The same drawing gives the same bytes: nothing here reads a clock, an environment or a map's
// order.
package figure
