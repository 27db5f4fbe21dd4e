package plot

import (
	"context"
	"fmt"
	"strconv"

	"sicgrid/pkg/pipeline"
)

// Figure4 reads maps, units, modules, autocorrelograms and summary of one network in
// one box and emits figure 4.
func Figure4(_ context.Context, p Figure4Params, t *pipeline.Task) error {
	r := reader{t: t}
	d := Figure4Data{
		Maps:             read[RateMap](&r, "maps"),
		Units:            read[Unit](&r, "units"),
		Modules:          read[Module](&r, "modules"),
		Autocorrelograms: read[Autocorrelogram](&r, "autocorrelograms"),
	}
	d.Summary = one[Summary](&r, "summary")
	d.BoxM = r.box
	return r.emit(func() ([]File, error) { return DrawFigure4(d, p) })
}

// Figure6 reads maps, units, modules, spectrum and summary of one network in one box, and
// pca, points, eigenvalues, intervals and topology of its embedding, whose metadata names the module, and
// emits figure 6.
func Figure6(_ context.Context, p Figure6Params, t *pipeline.Task) error {
	r := reader{t: t}
	d := Figure6Data{
		Units:       read[Unit](&r, "units"),
		Modules:     read[Module](&r, "modules"),
		Spectra:     read[Spectrum](&r, "spectrum"),
		Summary:     one[Summary](&r, "summary"),
		PCA:         read[Component](&r, "pca"),
		Eigenvalues: read[Eigenvalue](&r, "eigenvalues"),
		Maps:        read[RateMap](&r, "maps"),
		Intervals:   read[Interval](&r, "intervals"),
		Topology:    one[Topology](&r, "topology"),
		States:      read[State](&r, "points"),
		Module:      -1,
	}
	if r.err == nil {
		// The last table read was the embedding's points.
		module, err := strconv.ParseInt(r.meta["module"], 10, 32)
		if err != nil {
			return fmt.Errorf("input \"points\": metadata module %q is not a number", r.meta["module"])
		}
		d.Module = int32(module)
	}
	d.BoxM = r.box
	return r.emit(func() ([]File, error) { return DrawFigure6(d, p) })
}

// Figure8 reads maps and units of the networks "full", "no-isometry" where there is one, and "no-capacity" in one box
// (roles "full/maps" and so on) and emits figure 8.
func Figure8(_ context.Context, p Figure8Params, t *pipeline.Task) error {
	r := reader{t: t}
	var d Figure8Data
	for _, v := range []string{"full", "no-isometry", "no-capacity"} {
		if t.Record(v+"/units") == nil && v == "no-isometry" {
			continue
		}
		d.Networks = append(d.Networks, Figure8Network{
			Name:  v,
			Units: read[Unit](&r, v+"/units"),
			Maps:  read[RateMap](&r, v+"/maps"),
		})
	}
	d.BoxM = r.box
	return r.emit(func() ([]File, error) { return DrawFigure8(d, p) })
}

// Seeds reads units, modules and summary of every seed and variant of the parameters
// (roles "seed-1/full/units" and so on) and emits the figure over seeds.
func Seeds(_ context.Context, p SeedsParams, t *pipeline.Task) error {
	r := reader{t: t}
	var d SeedsData
	for _, s := range p.Seeds {
		for _, v := range p.Variants {
			role := fmt.Sprintf("seed-%d/%s/", s, v)
			d.Runs = append(d.Runs, Run{
				Seed: s, Variant: v,
				Units:   read[Unit](&r, role+"units"),
				Modules: read[Module](&r, role+"modules"),
				Summary: one[Summary](&r, role+"summary"),
			})
		}
	}
	d.BoxM = r.box
	return r.emit(func() ([]File, error) { return DrawSeeds(d, p) })
}

// reader reads a task's inputs and keeps the first error, the metadata of the last
// table, and the box that the tables which name one agree on.
type reader struct {
	t    *pipeline.Task
	meta map[string]string
	box  float64 // m
	err  error
}

func read[T any](r *reader, role string) []T {
	if r.err != nil {
		return nil
	}
	rows, meta, err := pipeline.Read[T](r.t, role)
	if err != nil {
		r.err = err
		return nil
	}
	r.meta = meta
	if text, ok := meta["box_m"]; ok {
		box, err := strconv.ParseFloat(text, 64)
		switch {
		case err != nil || !(box > 0):
			r.err = fmt.Errorf("input %q: metadata box_m %q is not a length in metres", role, text)
		case r.box != 0 && box != r.box:
			r.err = fmt.Errorf("input %q: box of %g m, other inputs are of %g m", role, box, r.box)
		}
		r.box = box
	}
	return rows
}

// one reads a table of one row.
func one[T any](r *reader, role string) T {
	var none T
	rows := read[T](r, role)
	if r.err != nil {
		return none
	}
	if len(rows) != 1 {
		r.err = fmt.Errorf("input %q: %d rows, want 1", role, len(rows))
		return none
	}
	return rows[0]
}

// emit draws and hands over the figure unless reading failed; some input must name the box.
func (r *reader) emit(draw func() ([]File, error)) error {
	if r.err == nil && r.box == 0 {
		return fmt.Errorf("no input names its box (metadata box_m)")
	}
	return r.emitUnboxed(draw)
}

// emitUnboxed is emit for figures that show no box.
func (r *reader) emitUnboxed(draw func() ([]File, error)) error {
	if r.err != nil {
		return r.err
	}
	rows, err := draw()
	if err != nil {
		return err
	}
	return pipeline.Emit(r.t, "figure", rows, nil)
}
