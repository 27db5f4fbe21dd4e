// Package table1 sets the paper's hyperparameters beside those of the profiles, and explains
// what differs.
package table1

import (
	"context"
	"fmt"
	"image/color"
	"slices"
	"strconv"
	"strings"

	"sicgrid/pkg/figure"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/printable"
	"sicgrid/pkg/sic/loss"
	"sicgrid/stages/figures/sheet"
)

// Params are the profiles that table 1 is set beside, and the resolution of its PNG.
type Params struct {
	sheet.Params
	Profiles []Profile `json:"profiles"`
}

// Profile is a parameter file: the values of Keys as they are written there, and what is said of
// each.
type Profile struct {
	Name     string            `json:"name"`
	Values   map[string]string `json:"values"`
	Comments map[string]string `json:"comments"`
}

// row is a row of Table 1: the paper's name and value, as it prints them, and the key of the
// profiles; without one the program has no choice. Want is the value as a profile writes it. Rows
// without a paper value are not in the table.
type row struct{ name, paper, key, want string }

var rows = slices.Concat([]row{
	{"Batch size", "130", "batch.trajectories", "130"},
	{"Trajectory length", "60", "batch.length", "60"},
	{"Velocity sampling distribution", "Uniform²(−0.15, 0.15) m", "batch.velocity_max", "0.15"},
	{"RNN nonlinearity", "Norm(ReLU(·))", "", "Norm(ReLU(·))"},
	{"Number of RNN units", "128", "network.units", "128"},
	{"Number of MLP layers", "3", "network.layers", "3"},
	{"Spatial length scale σ_x", "0.05 m", "loss.sigma_x", "0.05"},
	{"Neural length scale σ_g", "0.4", "loss.sigma_g", "0.4"},
}, weightRows(true), []row{
	{"Optimizer", "AdamW", "", "AdamW"},
	{"Optimizer scheduler", "Reduce Learning Rate on Plateau", "optimiser.schedule", "plateau"},
	{"Learning rate", "2e-5", "optimiser.learning_rate", "2e-5"},
	{"Gradient clip value", "0.1", "optimiser.clip", "0.1"},
	{"Weight decay", "None", "optimiser.weight_decay", "0"},
	{"Accumulate gradient batches", "2", "optimiser.accumulate", "2"},
	{"Number of gradient descent steps", "2e6", "optimiser.steps", "2e6"},
}, weightRows(false), []row{
	{"Speeds in that loss, below (0: σ_x)", "", "loss.isometry_radius", ""},
	{"Hidden units of the MLP", "", "network.hidden", ""},
	{"Initialisation", "", "network.init", ""},
	{"Scale of the last layer's draw", "", "network.init_scale", ""},
	{"Speed that the first layer takes for 1", "", "network.init_speed", ""},
	{"Capacity loss off until step", "", "loss.capacity_start", ""},
	{"Steps over which it then rises", "", "loss.capacity_warmup", ""},
	{"Trainings of which one is kept", "", "attempts", ""},
	{"Trainings of the small network it starts from", "", "pretraining.attempts", ""},
	{"States in the pair losses (0: all)", "", "batch.pairs", ""},
	{"Reduction of the pair sums", "", "loss.reduction", ""},
})

// weightRows are the weights of the paper's terms, those that it prints or the others.
func weightRows(printed bool) []row {
	var rows []row
	for i, term := range loss.Table {
		if name := loss.Term(i).String(); term.Equation > 0 && (term.Printed != "") == printed {
			name = strings.ToUpper(name[:1]) + name[1:] + " loss coefficient"
			rows = append(rows, row{name, term.Printed, "loss." + term.Key, strings.TrimSuffix(term.Printed, ".0")})
		}
	}
	return rows
}

// Keys are the parameters that the table shows.
func Keys() []string {
	var keys []string
	for _, r := range rows {
		if r.key != "" {
			keys = append(keys, r.key)
		}
	}
	return keys
}

// cell is what a profile has in a row, and whether that is not the paper's.
func (r row) cell(p Profile) (value string, differs bool) {
	if r.key == "" {
		return r.want, false
	}
	value = p.Values[r.key]
	if r.paper == "" {
		return value, false
	}
	a, errA := strconv.ParseFloat(value, 64)
	b, errB := strconv.ParseFloat(r.want, 64)
	if errA == nil && errB == nil {
		return value, a != b
	}
	return value, value != r.want
}

// difference is a cell that is not the paper's.
type difference struct {
	Profile     string `json:"profile"`
	Name        string `json:"name"`
	Paper       string `json:"paper"`
	Value       string `json:"value"`
	Explanation string `json:"explanation"`
}

type shownNumbers struct {
	Figure      string       `json:"figure"`
	Differences []difference `json:"differences"`
}

var caption = sheet.Caption{
	Title:  "Table 1: hyperparameters",
	Panels: []sheet.Panel{{Shows: "The hyperparameters of the paper's Table 1 beside those of every profile; what differs is bold, and numbered as it is explained below. Rows under the second rule are those that the paper does not give"}},
}

// Run has no inputs: the profiles are its parameters.
func Run(_ context.Context, p Params, t *pipeline.Task) error {
	r := sheet.NewReader(t)
	return r.EmitUnboxed(func() ([]sheet.File, error) { return Draw(p) })
}

// Draw draws Table 1 as the paper prints it beside each profile, with the differences marked and
// explained, and writes the same as Markdown.
func Draw(p Params) ([]sheet.File, error) {
	var found []difference
	marks := map[[2]string]int{} // profile and row to the number of its explanation
	for _, profile := range p.Profiles {
		for _, r := range rows {
			if v, differs := r.cell(profile); differs {
				found = append(found, difference{profile.Name, r.name, r.paper, v, profile.Comments[r.key]})
				marks[[2]string{profile.Name, r.name}] = len(found)
			}
		}
	}
	const pitch, top = 4.4, 6.0
	notes := top + pitch*float64(len(rows)) + 8
	page := figure.Page{Height: notes + 3.4*float64(len(found)) + 2, DPI: int(p.DPI)}
	paint := func(c *figure.Canvas) {
		const name, paper, first = 1.0, 50.0, 88.0
		size := figure.Normal
		if len(p.Profiles) > 5 {
			size = figure.Small
		}
		width := (figure.Width - first) / float64(len(p.Profiles))
		line := figure.Stroke{Color: figure.Black, Width: figure.Thin}
		rule := func(y float64) { c.Line(line, figure.Point{X: 0, Y: y}, figure.Point{X: figure.Width, Y: y}) }
		head := figure.Type{Size: figure.Normal, Bold: true}
		c.Text(name, 1.5, "Hyperparameter", head)
		c.Text(paper, 1.5, "Table 1", head)
		for i, profile := range p.Profiles {
			c.Text(first+width*float64(i), 1.5, profile.Name, figure.Type{Size: size, Bold: true})
		}
		rule(top - 1)
		y := top
		for i, r := range rows {
			if r.paper == "" && rows[i-1].paper != "" {
				rule(y + 0.6)
				y += 1.6
			}
			c.Text(name, y+1, r.name, figure.Type{Size: figure.Normal})
			printed := r.paper
			if printed == "" {
				printed = "not given"
			}
			c.Text(paper, y+1, printed, figure.Type{Size: figure.Normal, Color: map[bool]color.RGBA{true: figure.Grey, false: figure.Black}[r.paper == ""]})
			for j, profile := range p.Profiles {
				value, differs := r.cell(profile)
				x := first + width*float64(j)
				c.Text(x, y+1, value, figure.Type{Size: size, Bold: differs, Color: map[bool]color.RGBA{true: figure.Series(1), false: figure.Black}[differs]})
				if differs {
					at := x + figure.TextWidth(value, figure.Type{Size: size, Bold: true}) + 0.8
					c.Text(at, y+0.4, fmt.Sprint(marks[[2]string{profile.Name, r.name}]), figure.Type{Size: figure.Tiny, Color: figure.Series(1)})
				}
			}
			y += pitch
		}
		rule(y + 0.6)
		for i, d := range found {
			at := notes + 3.4*float64(i)
			c.Text(4, at, fmt.Sprint(i+1), figure.Type{Size: figure.Tiny, Color: figure.Series(1), X: figure.End})
			small := figure.Type{Size: figure.Small}
			// No subscripts: keys and names of the profiles.
			plain := strings.ReplaceAll(d.Profile+": "+d.Explanation, "_", " ")
			c.Text(5.2, at, sheet.Clip(plain, figure.Width-6, small), small)
		}
	}
	out, err := sheet.Render("table-1", page, paint, shownNumbers{"table-1", append([]difference{}, found...)}, caption)
	if err != nil {
		return nil, err
	}
	return append(out, sheet.File{Name: "table-1.md", Data: []byte(markdown(p, found))}), nil
}

func markdown(p Params, found []difference) string {
	var b strings.Builder
	b.WriteString("| hyperparameter | Table 1 |")
	for _, profile := range p.Profiles {
		fmt.Fprintf(&b, " %s |", printable.Cell(profile.Name))
	}
	b.WriteString("\n|---|---|" + strings.Repeat("---|", len(p.Profiles)) + "\n")
	for _, r := range rows {
		printed := r.paper
		if printed == "" {
			printed = "*not given*"
		}
		fmt.Fprintf(&b, "| %s | %s |", strings.ReplaceAll(r.name, "_", ""), printed)
		for _, profile := range p.Profiles {
			value, differs := r.cell(profile)
			value = printable.Cell(value)
			if differs {
				value = "**" + value + "**"
			}
			fmt.Fprintf(&b, " %s |", value)
		}
		b.WriteString("\n")
	}
	if len(found) > 0 {
		b.WriteString("\nWhere a profile differs:\n\n")
	}
	for _, d := range found {
		fmt.Fprintf(&b, "- %s, %s: %s instead of %s. %s\n",
			printable.Cell(d.Profile), strings.ReplaceAll(d.Name, "_", ""), printable.Cell(d.Value), d.Paper, printable.Cell(d.Explanation))
	}
	return b.String()
}
