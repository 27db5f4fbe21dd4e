package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/spf13/cobra"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/gridcell"
	"sicgrid/pkg/ndarray"
	"sicgrid/pkg/progress"
	"sicgrid/pkg/store"
	"sicgrid/stages/spectra"
	"sicgrid/stages/spectra/spectratable"
)

// analyzeFlags are what `sicgrid analyze` is told about the files that it is given.
type analyzeFlags struct {
	box                                 boxSides
	smooth                              float64
	bins                                int
	positions, activity, states, column string
	landmarks                           int
	average                             float64
	out                                 string
	json                                bool
}

func newAnalyzeCommand() *cobra.Command {
	var f analyzeFlags
	cmd := &cobra.Command{
		Use:   "analyze [MAPS]",
		Short: "Measure ratemaps, recordings or population states of any model or animal",
		Long: "Measures the units of any model or recording, and writes one row a unit and, beside it, one row a module;\n" +
			"or finds the shape of a cloud of population states. Files are .npy (float32 or float64, C order) or .parquet.\n\n" +
			"  MAPS         ratemaps [units, ny, nx], row 0 lowest y, NaN where not visited\n" +
			"  --positions  [samples, 2] m from the centre of the box, with --activity [samples, units]\n" +
			"  --states     [states, units], without a box\n\n" +
			"--box X,Y says both sides of the box: the bins of 60 x 40 maps of a square of 1.5 m (--box 1.5,1.5) are oblong. With one\n" +
			"number bins are square, and it is the side along x.\n" +
			"Orientations lie in [0, 60) degrees; k1 points into [0, 60) degrees, k2 and k3 near +120 and +240 from it, and\n" +
			"k1 + k2 + k3 = 0 (rad/m); phases are arg sum (R - mean R) exp(i k.x) in (-pi, pi].\n\n" +
			"A row a unit:\n" + definitionText[spectratable.Unit](unitColumns...) + "\nA row a module:\n" + definitionText[spectratable.Module]() +
			"\nThe one row of a cloud of states:\n" + definitionText[shapeRow](),
		Example: "  sicgrid analyze maps.npy --box 2 --out units.csv               # and units.modules.csv\n" +
			"  sicgrid analyze maps.npy --box 1.5,1 --out units.csv\n" +
			"  sicgrid analyze --positions p.npy --activity a.npy --box 2 --bins 40 --smooth 0.05 --out units.parquet\n" +
			"  sicgrid analyze --states s.npy --out shape.csv --json\n" +
			"  sicgrid export ratemaps/full/2m:maps --out m.parquet && sicgrid analyze m.parquet --column mean --box 2 --out u.csv",
		Args: takes(0, 1, "a file of ratemaps, or none with --positions and --activity, or with --states"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(cmd, args); err != nil {
				return err
			}
			return f.run(cmd, args)
		},
	}
	flags := cmd.Flags()
	flags.Var(&f.box, "box", "side of the box in `METERS`, or X,Y where the two differ or bins are not square")
	flags.StringVar(&f.positions, "positions", "", "`FILE` of positions")
	flags.StringVar(&f.activity, "activity", "", "`FILE` of rates or spikes at those positions")
	flags.IntVar(&f.bins, "bins", 48, "bins along each side of the ratemaps that are made of a recording")
	flags.Float64Var(&f.smooth, "smooth", 0, "standard deviation in `METERS` of the normal kernel that smooths them; 0 for none")
	flags.StringVar(&f.states, "states", "", "`FILE` of population states")
	flags.IntVar(&f.landmarks, "landmarks", 150, "states that stand for the shape; 250 take seconds")
	flags.Float64Var(&f.average, "average", 0.02, "`SHARE` of the states over which each is averaged against noise; 0 for none")
	flags.StringVar(&f.column, "column", "", "`NAME` of the column of lists in a .parquet file that has several")
	flags.StringVarP(&f.out, "out", "o", "", "`FILE` to write, .csv or .parquet")
	flags.BoolVar(&f.json, "json", false, "print summary and definitions as JSON")
	return cmd
}

// check finds whatever can be wrong before a file is opened.
func (f *analyzeFlags) check(cmd *cobra.Command, args []string) error {
	ways := 0
	for _, given := range []bool{len(args) == 1, f.positions != "" || f.activity != "", f.states != ""} {
		if given {
			ways++
		}
	}
	switch ext := filepath.Ext(f.out); {
	case ways != 1:
		return usagef("analyze: must be given a file of ratemaps, or --positions and --activity, or --states; see sicgrid analyze --help")
	case (f.positions == "") != (f.activity == ""):
		return usagef("analyze: --positions and --activity must be given together")
	case f.out == "":
		return usagef("analyze: --out must be given, the .csv or .parquet file to write")
	case ext != ".csv" && ext != ".parquet":
		return usagef("--out %s: must end in .csv or .parquet", f.out)
	case f.states == "" && !f.box.given():
		return usagef("--box: must be given, the side of the box in metres, or X,Y where the two differ")
	case len(args) == 0 && f.states == "" && f.box.y != 0 && f.box.x != f.box.y:
		return usagef("--box %s: a recording's box must be square", &f.box)
	case f.states != "" && cmd.Flags().Changed("box"):
		return usagef("--box: population states have none")
	case f.bins < 2 || f.bins > 1000:
		return usagef("--bins %d: must be 2 to 1000", f.bins)
	case !(f.smooth >= 0 && f.smooth < max(f.box.x, 1)):
		return usagef("--smooth %g: must be at least 0 and less than the box", f.smooth)
	case f.landmarks < 2 || f.landmarks > 500:
		return usagef("--landmarks %d: must be 2 to 500", f.landmarks)
	case !(f.average >= 0 && f.average < 1):
		return usagef("--average %g: must be at least 0 and less than 1", f.average)
	}
	return nil
}

func (f *analyzeFlags) run(cmd *cobra.Command, args []string) error {
	show := progress.NewWork(cmd.ErrOrStderr(), verbosityOf(cmd) < 0)
	defer show.Close()
	if f.states != "" {
		return f.analyzeStates(cmd, show)
	}
	found, note, err := f.ratemaps(args)
	if err != nil {
		return err
	}
	o := gridcell.StandardOptions()
	o.Threads = runtime.GOMAXPROCS(0)
	o.Progress = func(done, total int) { show.Update("analyze", int64(done), int64(total), "units") }
	a, err := gridcell.Analyze(cmd.Context(), found, o)
	if err != nil {
		return err
	}
	show.Close()
	return f.writeUnits(cmd, a, note)
}

// ratemaps returns the maps of the file, or those of the recording and a note on how many samples
// they are made of.
func (f *analyzeFlags) ratemaps(args []string) (found []gridcell.Map, note string, err error) {
	if len(args) == 1 {
		if found, err = f.readMaps(args[0]); err != nil {
			return nil, "", err
		}
		return found, f.box.note(found[0]), nil
	}
	p, err := f.read(f.positions, "x", "y")
	if err != nil {
		return nil, "", err
	}
	if len(p.Shape) != 2 || p.Shape[1] != 2 {
		return nil, "", fmt.Errorf("%s: has the shape %s, must be [samples, 2], x and y in metres", f.positions, p.ShapeText())
	}
	a, err := f.read(f.activity)
	if err != nil {
		return nil, "", err
	}
	if len(a.Shape) != 2 || a.Shape[0] != p.Shape[0] || a.Shape[1] == 0 || a.Shape[0] == 0 {
		return nil, "", fmt.Errorf("%s: has the shape %s, must be [%d, units], a row for each position of %s", f.activity, a.ShapeText(), p.Shape[0], f.positions)
	}
	found, used, err := gridcell.Rates(gridcell.Recording{Position: p.Values, Activity: a.Values, Units: a.Shape[1]}, f.bins, f.box.x, f.smooth)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", f.positions, err)
	}
	if used < p.Shape[0] {
		note = fmt.Sprintf("%d of %d samples were left out: a position or an activity is not finite", p.Shape[0]-used, p.Shape[0])
	}
	return found, note, nil
}

// read reads an array; of a Parquet file the plain columns that are named, where it has them, or
// its lists.
func (f *analyzeFlags) read(path string, plain ...string) (*ndarray.Array, error) {
	switch filepath.Ext(path) {
	case ".npy":
		return ndarray.ReadNpy(path)
	case ".parquet":
		if len(plain) > 0 {
			return ndarray.ReadParquet(path, plain...)
		}
		if f.column != "" {
			return ndarray.ReadParquet(path, f.column)
		}
		return ndarray.ReadParquet(path)
	}
	return nil, usagef("%s: must end in .npy or .parquet", path)
}

func (f *analyzeFlags) readMaps(path string) ([]gridcell.Map, error) {
	a, err := f.read(path)
	if err != nil {
		return nil, err
	}
	shape := a.Shape
	if side := squareSide(shape); filepath.Ext(path) == ".parquet" && side > 0 {
		shape = []int{shape[0], side, side} // a list of a square map
	}
	if len(shape) != 3 || shape[0] == 0 || shape[1] == 0 || shape[2] == 0 {
		return nil, fmt.Errorf("%s: has the shape %s, must be [units, ny, nx]", path, a.ShapeText())
	}
	units, bins := shape[0], shape[1]*shape[2]
	found := make([]gridcell.Map, units)
	for u := range found {
		found[u] = gridcell.Map{Values: a.Values[u*bins : (u+1)*bins], NY: shape[1], NX: shape[2], BoxM: f.box.x, BoxYM: f.box.y}
		if err := found[u].Check(); err != nil {
			return nil, fmt.Errorf("%s: unit %d: %w", path, u, err)
		}
	}
	return found, nil
}

// squareSide is the side of the square maps that the rows of an array of two axes hold, 0 if they
// hold none.
func squareSide(shape []int) int {
	if len(shape) != 2 {
		return 0
	}
	if side := int(math.Round(math.Sqrt(float64(shape[1])))); side*side == shape[1] {
		return side
	}
	return 0
}

// unitColumns are those of the spectra stage's table of units that analyze writes, in this order.
var unitColumns = []string{"unit", "active", "grid_expanding", "grid_ring", "grid_banino60", "grid_banino90", "grid_corrected",
	"period_m", "orientation_deg", "ellipse_ratio", "module", "phi1", "phi2", "phi3",
	"modulation", "superlattice", "superlattice_strength", "no_period"}

// writeUnits writes the table of units, the table of modules beside it, and the summary.
func (f *analyzeFlags) writeUnits(cmd *cobra.Command, a *gridcell.Analysis, note string) error {
	units, active := spectra.Units(a), 0
	for _, u := range units {
		if u.Active {
			active++
		}
	}
	modules := spectra.Modules(a)
	ext := filepath.Ext(f.out)
	beside := strings.TrimSuffix(f.out, ext) + ".modules" + ext
	if err := writeTable(f.out, units, unitColumns...); err != nil {
		return err
	}
	if err := writeTable(beside, modules); err != nil {
		return err
	}
	if f.json {
		return printJSON(cmd.OutOrStdout(), map[string]any{
			"units": len(units), "active": active, "modules": finiteRows(modules), "note": note, "remarks": remarks(units), "written": []string{f.out, beside},
			"definitions": map[string]any{"units": definitions[spectratable.Unit](unitColumns...), "modules": definitions[spectratable.Module]()},
		})
	}
	if verbosityOf(cmd) < 0 {
		return nil
	}
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "%d units, %d of them active, %s\n", len(units), active, count(len(modules), "module"))
	for _, m := range modules {
		fmt.Fprintf(out, "module %d: %d units, period %.3f m, orientation %.1f degrees\n", m.Module, m.N, m.Period, m.Orientation)
	}
	for _, line := range append(remarks(units), note) {
		if line != "" {
			fmt.Fprintln(out, line)
		}
	}
	fmt.Fprintf(out, "wrote   %s\nwrote   %s\n\n%s", f.out, beside, definitionText[spectratable.Unit](unitColumns...))
	return nil
}

// count writes "no module", "1 module", "3 modules".
func count(n int, what string) string {
	switch n {
	case 0:
		return "no " + what
	case 1:
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// writeTable writes rows as CSV or Parquet, as the file's name says: these columns in this order,
// or all.
func writeTable[T any](path string, rows []T, columns ...string) error {
	rec, err := tableOf(rows, columns)
	if err != nil {
		return err
	}
	defer rec.Release()
	data, err := encodeTable(rec, filepath.Ext(path))
	if err != nil {
		return err
	}
	if err := store.WriteFileAtomic(path, data, 0o644); err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	return nil
}

func tableOf[T any](rows []T, columns []string) (arrow.Record, error) {
	rec, err := artifact.FromRows(rows, nil)
	if err != nil || columns == nil {
		return rec, err
	}
	var fields []arrow.Field
	var values []arrow.Array
	for _, name := range columns {
		i := rec.Schema().FieldIndices(name)[0]
		fields, values = append(fields, rec.Schema().Field(i)), append(values, rec.Column(i))
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), values, rec.NumRows()), nil
}

func encodeTable(rec arrow.Record, ext string) ([]byte, error) {
	if ext == ".csv" {
		return csvFile(rec)
	}
	var b bytes.Buffer
	err := artifact.Write(&b, rec)
	return b.Bytes(), err
}

// finiteRows are rows as JSON tables, null where a number is not finite.
func finiteRows[T any](rows []T) []json.RawMessage {
	out := []json.RawMessage{}
	for _, r := range rows {
		out = append(out, finiteJSON(r))
	}
	return out
}

// definitions say what the columns of a table of T mean: these, or all.
func definitions[T any](columns ...string) map[string]string {
	means := map[string]string{}
	for _, c := range columnsOf[T](columns) {
		means[c.Name] = c.Meaning
	}
	return means
}

func definitionText[T any](columns ...string) string {
	var b strings.Builder
	for _, c := range columnsOf[T](columns) {
		fmt.Fprintf(&b, "  %-21s %s\n", c.Name, c.Meaning)
	}
	return b.String()
}

func columnsOf[T any](columns []string) []artifact.Column {
	rec, err := tableOf[T](nil, columns)
	if err != nil {
		panic(err) // T is no row type: a fault of this program
	}
	return artifact.Columns(rec.Schema())
}
