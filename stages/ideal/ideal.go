// Package ideal is the stage that computes what figures 1, 2 and 9 show of an idealised grid code:
// no network is trained.
//
// Its cells are sums of three plane waves, rectified, that spike at random on a walk of the kind
// that networks are evaluated on; their maps are measured by the spectra stage like those of any
// network. The properties of the code are those of its phases (package gridcell: Code).
package ideal

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"

	"sicgrid/pkg/gridcell"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/walk"
	"sicgrid/stages/ideal/idealtable"
	"sicgrid/stages/ratemaps/ratemapstable"
)

// Params are the parameters of the idealised code.
type Params struct {
	Cells
	Line
	Motion walk.Motion `json:"motion"`
}

// Cells are the idealised cells of figure 1 and of the distances of figure 2.
type Cells struct {
	BoxM           float64   `json:"box_m" unit:"m" range:"> 0" default:"2" doc:"side of the box (ours)"`
	Bins           int       `json:"bins" range:">= 8" default:"48" doc:"bins along each side of a ratemap (ours)"`
	Steps          int       `json:"steps" range:">= 2" default:"40000" doc:"of the walk, which moves as in evaluation.motion (ours)"`
	SmoothM        float64   `json:"smooth_m" unit:"m" range:">= 0" default:"0.05" doc:"standard deviation of the kernel that smooths the ratemaps (ours)"`
	PeriodsM       []float64 `json:"periods_m" unit:"m" range:"> 0.05" items:"[2, 6]" default:"[0.4, 0.566, 0.8]" doc:"of the modules: ratios of 1.42 (Stensola et al. 2012)"`
	OrientationDeg float64   `json:"orientation_deg" unit:"degrees" range:"[0, 60]" default:"8" doc:"of all modules (ours)"`
	CellsPerModule int       `json:"cells_per_module" range:">= 6" default:"24" doc:"cells of each module (ours)"`
	SpikesAtPeak   float64   `json:"spikes_at_peak" range:"(0, 1]" default:"0.5" doc:"chance of a spike in a step through the middle of a field (ours)"`
}

// Line says how the coding line of one-dimensional space is examined; its periods are the cells'.
type Line struct {
	RangeM       float64 `json:"range_m" unit:"m" range:"[0.1, 1000]" default:"11" doc:"length of the coding line that is drawn (ours)"`
	ThicknessRad float64 `json:"thickness_rad" unit:"rad" range:"[0.01, 3]" default:"0.6" doc:"distance of two states below which they are confused (ours)"`
	MostModules  int     `json:"most_modules" range:"[2, 6]" default:"5" doc:"capacity and separation of codes of 1 to so many modules (ours)"`
	Draws        int     `json:"draws" range:">= 3" default:"51" doc:"sets of random periods that those are found for (ours)"`
}

// Outputs of the stage.
var Outputs = []string{"walk", "maps", "occupancy", "line", "near", "capacity", "separation", "distance", "routes", "tuning"}

// Run computes everything.
func Run(ctx context.Context, p Params, t *pipeline.Task) error {
	c := newCells(p, t.Seed())
	if err := c.record(p, t); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := emitLine(p, t); err != nil {
		return err
	}
	if err := emitGrowth(ctx, p, t); err != nil {
		return err
	}
	if err := pipeline.Emit(t, "distance", c.distances(p, t.Seed()), p.meta()); err != nil {
		return err
	}
	return pipeline.Emit(t, "routes", c.routes(p, t.Seed()), p.meta())
}

func (p Params) meta() map[string]string {
	text := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	m := map[string]string{"box_m": text(p.BoxM), "bins": fmt.Sprint(p.Bins), "units": fmt.Sprint(p.CellsPerModule * len(p.PeriodsM)),
		"cells_per_module": fmt.Sprint(p.CellsPerModule), "thickness_rad": text(p.ThicknessRad)}
	for i, period := range p.PeriodsM {
		m[fmt.Sprintf("period_%d", i+1)] = text(period)
	}
	return m
}

// random numbers: each use has its own stream of the node's seed.
const (
	streamOffsets uint64 = iota + 1
	streamSpikes
	streamPeriods
	streamPlaces
	streamRoutes
)

func source(seed, stream uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, stream)) }

// cell is an idealised cell: a rectified sum of three plane waves, at most 1, with a field at the
// offset.
type cell struct {
	waves  gridcell.WaveVectors
	offset [2]float64
}

func (c cell) rate(x, y float64) float64 {
	sum := 0.0
	for _, k := range c.waves {
		sum += math.Cos(k[0]*(x-c.offset[0]) + k[1]*(y-c.offset[1]))
	}
	return math.Max(0, sum) / 3
}

// cells are those of each module in turn. Their offsets tile the unit cell evenly from a random
// start: an additive sequence of the plastic number, which leaves neither gaps nor clumps for any
// number of cells.
type cells []cell

func newCells(p Params, seed uint64) cells {
	const plastic = 1.32471795724474602596
	random := source(seed, streamOffsets)
	var out cells
	for _, period := range p.PeriodsM {
		l := gridcell.IdealHexagonal(period, p.OrientationDeg)
		s, t := random.Float64(), random.Float64()
		for range p.CellsPerModule {
			out = append(out, cell{l.WaveVectors(), [2]float64{s*l.A[0] + t*l.B[0], s*l.A[1] + t*l.B[1]}})
			s, t = math.Mod(s+1/plastic, 1), math.Mod(t+1/(plastic*plastic), 1)
		}
	}
	return out
}

// record lets the cells spike on a walk and emits walk, maps and occupancy.
func (c cells) record(p Params, t *pipeline.Task) error {
	w, err := p.Motion.Draw(t.Seed(), p.BoxM, 0, p.Steps)
	if err != nil {
		return err
	}
	random := source(t.Seed(), streamSpikes)
	position, spikes := make([]float64, 2*p.Steps), make([]float64, len(c)*p.Steps)
	steps := make([]idealtable.Step, p.Steps)
	for i := range steps {
		x, y := float64(w.Position[2*i]), float64(w.Position[2*i+1])
		position[2*i], position[2*i+1] = x, y
		for u, cell := range c {
			if random.Float64() < p.SpikesAtPeak*cell.rate(x, y) {
				spikes[i*len(c)+u] = 1
			}
		}
		steps[i] = idealtable.Step{X: w.Position[2*i], Y: w.Position[2*i+1], Spikes: int32(spikes[i*len(c)+p.CellsPerModule])}
	}
	half := p.Steps / 2
	maps := make([]ratemapstable.Map, len(c))
	for part, span := range [][2]int{{0, p.Steps}, {0, half}, {half, p.Steps}} {
		rates, _, err := gridcell.Rates(gridcell.Recording{Position: position[2*span[0] : 2*span[1]],
			Activity: spikes[len(c)*span[0] : len(c)*span[1]], Units: len(c)}, p.Bins, p.BoxM, p.SmoothM)
		if err != nil {
			return err
		}
		for u, m := range rates {
			values := make([]float32, len(m.Values))
			for i, v := range m.Values {
				values[i] = float32(v)
			}
			maps[u].Unit = int32(u)
			*[]*[]float32{&maps[u].Mean, &maps[u].Early, &maps[u].Late}[part] = values
		}
	}
	if err := pipeline.Emit(t, "walk", steps, p.meta()); err != nil {
		return err
	}
	if err := pipeline.Emit(t, "maps", maps, p.meta()); err != nil {
		return err
	}
	// Idealised cells have no states whose variance position could explain.
	return pipeline.Emit(t, "occupancy", []ratemapstable.Variance{{Explained: math.NaN()}}, p.meta())
}
