package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"sicgrid/pkg/jsontext"
	"sicgrid/pkg/manifold"
	"sicgrid/pkg/printable"
	"sicgrid/pkg/progress"
	"sicgrid/stages/analysis"
	"sicgrid/stages/tablefile"
)

// statesFlags are what `sicgrid analyze --states` is told beside the file.
type statesFlags struct {
	topology manifold.TopologyOptions
	given    func(flag string) bool
}

func (s *statesFlags) declare(flags *pflag.FlagSet) {
	o := &s.topology
	*o = manifold.StandardTopology()
	s.given = flags.Changed
	flags.IntVar(&o.Landmarks, "landmarks", o.Landmarks, "states that stand for the shape; 250 take ten times as long")
	flags.Float64Var(&o.Average, "average", o.Average, "`SHARE` of the states over which each is averaged where they are noisy; 0 for none")
	flags.IntVar(&o.Components, "components", o.Components, "principal components in which states are compared")
	flags.BoolVar(&o.SquareRoot, "sqrt", false, "take square roots of the activity first (default: of spike counts, which are whole numbers)")
	flags.BoolVar(&o.ZScore, "zscore", false, "bring each unit to mean 0 and variance 1 then (default: spike counts)")
	flags.IntVar(&o.Field, "field", o.Field, "prime `P` of the coefficients Z/p; a Klein bottle is a torus over 2, but not over 3 or 47")
	flags.IntVar(&o.Controls, "controls", o.Controls, "`NUMBER` of clouds of the same units out of step that a loop or void must outlive; 100 are strict")
	flags.StringVar(&o.Control, "control", o.Control, "`KIND` of control: rolled in time, shuffled, or auto: rolled, but shuffled where units repeat themselves")
}

func (f *analyzeFlags) analyzeStates(cmd *cobra.Command, show *progress.Work) error {
	r := analysis.StatesRequest{File: f.states, Column: f.request.Column, Columns: f.request.Columns, Without: f.request.Without, Topology: f.shape.topology,
		SquareRoot: f.shape.given("sqrt"), ZScore: f.shape.given("zscore")}
	r.Topology.Threads = runtime.GOMAXPROCS(0)
	show.Update("analyze", 0, 0, "states")
	r.Topology.Progress = func(done, total int) { show.Update("analyze", int64(done), int64(total), "controls") }
	found, err := analysis.States(cmd.Context(), r)
	if err != nil {
		return err
	}
	show.Close()
	written, err := f.files.WriteShape(cmd.Context(), found)
	if err != nil {
		return err
	}
	if f.json {
		rows, err := tablefile.JSONRows(found.Row)
		if err != nil {
			return err
		}
		return jsontext.Write(cmd.OutOrStdout(), map[string]any{"shape": rows[0], "notes": found.Notes, "written": written, "definitions": tablefile.Definitions[analysis.ShapeRow]()})
	}
	if verbosityOf(cmd) < 0 {
		return nil
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s%s\n%s", printable.Lines(found.Summary()), wroteLines(written), tablefile.DefinitionText[analysis.ShapeRow]())
	return nil
}
