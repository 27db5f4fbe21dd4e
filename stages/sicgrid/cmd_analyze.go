package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"sicgrid/pkg/jsontext"
	"sicgrid/pkg/printable"
	"sicgrid/pkg/progress"
	"sicgrid/pkg/usage"
	"sicgrid/stages/analysis"
	"sicgrid/stages/spectra/spectratable"
	"sicgrid/stages/tablefile"
)

// analyzeFlags are what `sicgrid analyze` is told about the files that it is given.
type analyzeFlags struct {
	box                 analysis.BoxSides
	request             analysis.Request
	smooth              float64
	origin, unit, arena string
	speed               []float64
	states              string
	shape               statesFlags
	files               analysis.Files
	json                bool
}

const analyzeLong = `Measures the units of any model or recording, and writes one row a unit and, beside it, one row a module;
or finds the shape of a cloud of population states. Files are .npy, .npz or .parquet, of any type of number; behind a
colon stand the keys or columns that are meant: session.npz:maps, track.parquet:x,y.

  MAPS         ratemaps [units, ny, nx], row 0 lowest y, NaN where not visited
  --positions  [samples, 2] m from the centre of the box, or [walks, steps, 2]; NaN where lost
    --times      second of each position. Rates are then per second of the time that the positions stand for; where frames
                 are missing, neither time nor spikes count
    --spikes     rows of (unit, second), or
    --activity   [samples, units] or [walks, steps, units], rates or counts of spikes; NaN where a unit was not recorded
  --states     [states, units], without a box; states with a missing value are left out

Columns of activity or states that are called time, x, y and the like, or without names are the positions, that increase
from row to row or count up as trials do, are no units unless --columns names them. A column without a name is called by
its number, from 0.

--box X,Y says both sides of the box: the bins of 60 x 40 maps of a square of 1.5 m (--box 1.5,1.5) are oblong. With one
number the bins of maps are square, and it is the side along x; a recording's box is square.

Orientations lie in [0, 60) degrees; k1 points into [0, 60) degrees, k2 and k3 near +120 and +240 from it, and
k1 + k2 + k3 = 0 (rad/m); phases are arg sum (R - mean R) exp(i k.x) in (-pi, pi].

`

func newAnalyzeCommand() *cobra.Command {
	var f analyzeFlags
	cmd := &cobra.Command{
		Use:   "analyze [MAPS]",
		Short: "Measure ratemaps, recordings or population states of any model or animal",
		Long:  analyzeLong,
		Example: "  sicgrid analyze maps.npy --box 2 --out units.csv               # and units.modules.csv\n" +
			"  sicgrid analyze maps.npy --box 1.5,1 --out units.csv\n" +
			"  sicgrid analyze --times times.npy --positions positions.npy --spikes spikes.npy --box 1 --shuffles 200 --out units.csv --figure units.png\n" +
			"  sicgrid analyze --positions p.npy --activity a.npy --box 2 --bins 40 --smooth 0.05 --out units.parquet\n" +
			"  sicgrid analyze --states s.npy --out shape.csv --json\n" +
			"  sicgrid export ratemaps/full/2m:maps --out m.parquet && sicgrid analyze m.parquet --column mean --box 2 --out u.csv",
		Args: takes(0, 1, "a file of ratemaps, or none with --positions and --spikes or --activity, or with --states"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(cmd, args); err != nil {
				return err
			}
			if err := f.checkOutputs(cmd, args); err != nil {
				return err
			}
			err := f.run(cmd)
			if errors.Is(err, context.Canceled) {
				return &lostError{err}
			}
			return err
		},
	}
	f.declare(cmd)
	cmd.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		cmd.Long += columnsText() // which every other command would wait for
		cmd.Parent().HelpFunc()(cmd, args)
	})
	return cmd
}

// columnsText says what the columns of the tables mean.
func columnsText() string {
	return "A row a unit:\n" + tablefile.DefinitionText[analysis.Unit](analysis.AllColumns()...) +
		"\nA row a module:\n" + tablefile.DefinitionText[spectratable.Module]() +
		"\nA row a field (--fields):\n" + tablefile.DefinitionText[analysis.Field]() +
		"\nThe one row of a cloud of states:\n" + tablefile.DefinitionText[analysis.ShapeRow]()
}

func (f *analyzeFlags) declare(cmd *cobra.Command) {
	flags, r := cmd.Flags(), &f.request
	flags.Var(&f.box, "box", "side of the box in `METERS`, or X,Y where the two differ or bins are not square")
	flags.StringVar(&r.Positions, "positions", "", "`FILE` of positions")
	flags.StringVar(&r.Times, "times", "", "`FILE` of their times in seconds")
	flags.StringVar(&r.Spikes, "spikes", "", "`FILE` of spikes, rows of unit and second")
	flags.StringVar(&r.Activity, "activity", "", "`FILE` of rates or spikes at those positions")
	flags.StringSliceVar(&r.Columns, "columns", nil, "`NAMES` of the units to measure, with commas; all others are left out")
	flags.StringSliceVar(&r.Without, "without", nil, "`NAMES` of units to leave out")
	flags.IntVar(&r.Bins, "bins", 48, "bins along the longer side of the ratemaps that are made of a recording")
	flags.Float64Var(&f.smooth, "smooth", analysis.SpikeSmoothM, "standard deviation in `METERS` of the normal kernel that smooths them; 0 for none, which is the default for activity that is no count of spikes")
	flags.StringVar(&f.unit, "unit", "m", "unit of the positions, `m|cm`")
	flags.StringVar(&f.origin, "origin", "centre", "origin of the positions, `centre|corner`: the lower left one")
	flags.StringVar(&f.arena, "arena", "box", "shape of the arena, `box|circle`: the circle that touches the box")
	flags.Float64SliceVar(&f.speed, "speed", nil, "`MIN,MAX` running speed in m/s of samples that count; without it, what is reached at more than 2 m/s is left out as a jump of the tracking")
	flags.StringVar(&r.Epochs, "epochs", "", "`START:END` in seconds that count, several with commas, or a file of rows of both")
	flags.IntVar(&r.Shuffles, "shuffles", 0, "how many `TIMES` each unit's activity is rolled in time, to compare its score; units whose grid_p is above 0.05 join no module")
	flags.Uint64Var(&r.Seed, "seed", 1, "seed of the shuffles")
	flags.StringVar(&f.states, "states", "", "`FILE` of population states")
	f.shape.declare(flags)
	flags.StringVar(&r.Column, "column", "", "`NAME` of the column of lists in a .parquet file that has several")
	flags.StringVarP(&f.files.Table, "out", "o", "", "`FILE` to write, .csv or .parquet")
	flags.StringVar(&f.files.Maps, "ratemaps", "", "`FILE` to write the ratemaps to, .npy [units, ny, nx] or .parquet")
	flags.StringVar(&f.files.Fields, "fields", "", "`FILE` to write the firing fields to, .csv or .parquet")
	flags.StringVar(&f.files.Figure, "figure", "", "`FILE` to draw, .svg or .png: maps, autocorrelograms, modules, shuffles; of states the persistence and its controls")
	flags.BoolVar(&f.json, "json", false, "print summary and definitions as JSON")
}

// check finds whatever can be wrong before a file is opened, and completes the request.
func (f *analyzeFlags) check(cmd *cobra.Command, args []string) error {
	r := &f.request
	if len(args) == 1 {
		r.Maps = args[0]
	}
	recorded := r.Positions != "" || r.Activity != "" || r.Spikes != "" || r.Times != ""
	ways := 0
	for _, given := range []bool{r.Maps != "", recorded, f.states != ""} {
		if given {
			ways++
		}
	}
	if err := cmp.Or(f.checkForm(cmd), f.checkColumn(args)); ways == 1 && err != nil {
		return err
	}
	set := cmd.Flags().Changed
	switch ext := filepath.Ext(f.files.Table); {
	case ways != 1:
		return usage.Errorf("analyze: must be given a file of ratemaps, or --positions with --spikes or --activity, or --states; see sicgrid analyze --help")
	case recorded && (r.Positions == "" || (r.Activity == "") == (r.Spikes == "")):
		return usage.Errorf("analyze: --positions must be given, and with them either --spikes or --activity")
	case f.files.Table == "":
		return usage.Errorf("analyze: --out must be given, the .csv or .parquet file to write")
	case ext != ".csv" && ext != ".parquet":
		return usage.Errorf("--out %s: must end in .csv or .parquet", f.files.Table)
	case f.states == "" && !f.box.Given():
		return usage.Errorf("--box: must be given, the side of the box in metres, or X,Y where the two differ")
	case f.states != "" && set("box"):
		return usage.Errorf("--box: population states have none")
	case len(r.Columns) > 0 && len(r.Without) > 0:
		return usage.Errorf("--columns and --without: must not be given together")
	}
	if err := f.shape.topology.Check(); err != nil {
		return usage.Errorf("--%v", err)
	}
	if err := f.files.CheckEndings(f.states != ""); err != nil || f.states != "" {
		return err
	}
	return f.checkRecording(set, recorded)
}

// checkRecording checks what is said of a recording.
func (f *analyzeFlags) checkRecording(set func(string) bool, recorded bool) error {
	r := &f.request
	if !recorded {
		for _, name := range recordingFlags {
			if set(name) {
				return usage.Errorf("--%s: is for recordings; ratemaps are measured as they are", name)
			}
		}
	}
	long := max(f.box.X, f.box.Y)
	switch {
	case r.Bins < 2 || r.Bins > 1000:
		return usage.Errorf("--bins %d: must be 2 to 1000", r.Bins)
	case set("smooth") && !(f.smooth >= 0 && f.smooth < long):
		return usage.Errorf("--smooth %g: must be at least 0 and less than the box", f.smooth)
	case f.unit != "m" && f.unit != "cm":
		return usage.Errorf("--unit %s: must be m or cm", f.unit)
	case f.origin != "centre" && f.origin != "corner":
		return usage.Errorf("--origin %s: must be centre or corner", f.origin)
	case f.arena != "box" && f.arena != "circle":
		return usage.Errorf("--arena %s: must be box or circle", f.arena)
	case r.Shuffles != 0 && (r.Shuffles < 20 || r.Shuffles > 100000):
		return usage.Errorf("--shuffles %d: must be 20 to 100000, or 0 for none", r.Shuffles)
	case set("speed") && !(len(f.speed) == 2 && f.speed[0] >= 0 && f.speed[1] > f.speed[0]):
		return usage.Errorf("--speed: must be MIN,MAX in m/s, MIN at least 0 and MAX greater")
	}
	r.BoxX, r.BoxY = f.box.X, f.box.Y
	r.Centimetres, r.Corner, r.Round = f.unit == "cm", f.origin == "corner", f.arena == "circle"
	if r.SmoothM = math.NaN(); set("smooth") {
		r.SmoothM = f.smooth
	}
	if set("speed") {
		r.Speed = [2]float64(f.speed)
	}
	return nil
}

func (f *analyzeFlags) run(cmd *cobra.Command) error {
	show := progress.NewWork(cmd.ErrOrStderr(), verbosityOf(cmd) < 0)
	defer show.Close()
	if f.states != "" {
		return f.analyzeStates(cmd, show)
	}
	r := f.request
	r.Threads, r.MemoryLeft = runtime.GOMAXPROCS(0), analysis.MemoryLeft()
	r.Progress = func(name string, done, total int) { show.Update(name, int64(done), int64(total), "units") }
	found, err := analysis.Run(cmd.Context(), r)
	if err != nil {
		return err
	}
	if r.Maps != "" {
		if note := f.box.Note(found.Maps[0]); note != "" {
			found.Notes = append(found.Notes, note)
		}
	}
	written, err := f.files.Write(cmd.Context(), found)
	if err != nil {
		return err
	}
	show.Close()
	if f.json {
		modules, err := tablefile.JSONRows(found.Modules...)
		if err != nil {
			return err
		}
		return jsontext.Write(cmd.OutOrStdout(), map[string]any{
			"units": len(found.Units), "active": found.Active(), "modules": modules, "recording": found.Facts, "remarks": found.Remarks(), "notes": found.Notes, "written": written,
			"definitions": map[string]any{"units": tablefile.Definitions[analysis.Unit](found.Columns...), "modules": tablefile.Definitions[spectratable.Module]()},
		})
	}
	if verbosityOf(cmd) >= 0 {
		fmt.Fprintf(cmd.OutOrStdout(), "%s%s\n%s", printable.Lines(found.Summary()), wroteLines(written), tablefile.DefinitionText[analysis.Unit](found.Columns...))
	}
	return nil
}

// wroteLines names the files that were written, one a line.
func wroteLines(paths []string) string {
	text := ""
	for _, path := range paths {
		text += "wrote   " + printable.Line(path) + "\n"
	}
	return text
}
