package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/gridcell"
	"sicgrid/pkg/ndarray"
	"sicgrid/stages/tablefile"
)

// npy writes values as float32 under dir and returns the path.
func npy(t *testing.T, dir, name string, shape []int, values []float64) string {
	t.Helper()
	var singles []float32
	for _, v := range values {
		singles = append(singles, float32(v))
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, ndarray.Npy(shape, singles), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// sicgrid runs one command line in this process.
func sicgrid(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = execute(context.Background(), args, &out, &errs)
	return code, out.String(), errs.String()
}

func rowsOf(t *testing.T, path string) []map[string]string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			row[name] = line[i]
		}
		rows = append(rows, row)
	}
	return rows
}

func value(t *testing.T, row map[string]string, name string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(row[name], 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v
}

var oneLattice = gridcell.IdealHexagonal(0.7, 20)

// cellAt is the rate of an ideal cell with a field at (dx, 0), at least 0.
func cellAt(x, y, dx float64) float64 {
	sum := 1.5
	for _, k := range oneLattice.WaveVectors() {
		sum += math.Cos(k[0]*(x-dx) + k[1]*y)
	}
	return sum
}

func TestAnalyzeMeasuresAnyonesRatemaps(t *testing.T) {
	dir := t.TempDir()
	const units, bins, box = 8, 40, 2.0
	var values []float64
	for u := range units {
		m := gridcell.IdealGrid(oneLattice.WaveVectors(), 0.05*float64(u), 0, bins, box)
		if u == 7 { // a dead unit
			m.Values = make([]float64, bins*bins)
		}
		m.Values[3] = math.NaN() // never visited
		values = append(values, m.Values...)
	}
	maps, out := npy(t, dir, "maps.npy", []int{units, bins, bins}, values), filepath.Join(dir, "units.csv")
	code, stdout, stderr := sicgrid("analyze", maps, "--box", "2", "--out", out)
	if code != exitDone || !strings.Contains(stdout, "8 units, 7 of them active, 1 module") || !strings.Contains(stdout, "Sargolini et al. 2006") {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	head, _ := os.ReadFile(out)
	if want := "unit,active,grid_expanding,grid_ring,grid_banino60,grid_banino90,grid_corrected,period_m,orientation_deg,ellipse_ratio,module,phi1,phi2,phi3,modulation,superlattice,superlattice_strength,no_period,lattices\n"; !strings.HasPrefix(string(head), want) {
		t.Errorf("%s does not begin with %s", head[:200], want)
	}
	k := oneLattice.WaveVectors()
	for u, row := range rowsOf(t, out)[:7] {
		phase := math.Remainder(k[0][0]*0.05*float64(u)-value(t, row, "phi1"), 2*math.Pi)
		if row["module"] != "0" || math.Abs(value(t, row, "period_m")-0.7) > 0.01 || math.Abs(value(t, row, "orientation_deg")-20) > 1 ||
			value(t, row, "grid_expanding") < 1.2 || math.Abs(phase) > 0.05 {
			t.Errorf("unit %d: %v, phase off by %.3f", u, row, phase)
		}
	}
	if !strings.Contains(stdout, "1 unit without a period: the same rate everywhere\n") {
		t.Errorf("it is not said why one unit has no period:\n%s", stdout)
	}
	if dead := rowsOf(t, out)[7]; dead["active"] != "false" || dead["module"] != "-1" || dead["phi1"] != "NaN" || dead["modulation"] != "0" {
		t.Errorf("dead unit: %v", dead)
	}
	modules := rowsOf(t, filepath.Join(dir, "units.modules.csv"))
	if len(modules) != 1 || modules[0]["n"] != "7" || math.Abs(value(t, modules[0], "k1x")-k[0][0]) > 0.1 || math.Abs(value(t, modules[0], "k3y")-k[2][1]) > 0.1 {
		t.Errorf("modules %v, want one of 7 units with %v", modules, k)
	}

	// The same as Parquet: what is written is what export writes, and can be read back; lists of a
	// square are maps.
	lists := filepath.Join(dir, "maps.parquet")
	var rows []struct {
		Mean []float32 `col:"mean"`
	}
	for u := range units {
		var m []float32
		for _, v := range values[u*bins*bins : (u+1)*bins*bins] {
			m = append(m, float32(v))
		}
		rows = append(rows, struct {
			Mean []float32 `col:"mean"`
		}{m})
	}
	if err := tablefile.Write(t.Context(), lists, rows); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr = sicgrid("analyze", lists, "--box", "2", "--out", filepath.Join(dir, "u.parquet"), "--json")
	if code != exitDone || !json.Valid([]byte(stdout)) || !strings.Contains(stdout, `"active": 7`) {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	data, err := os.ReadFile(filepath.Join(dir, "u.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	rec, err := artifact.Read(data)
	if err != nil {
		t.Fatal(err)
	}
	text, err := tablefile.CSV(rec)
	if err != nil || !bytes.Equal(text, head) {
		t.Errorf("Parquet and CSV differ: %v", err)
	}
	for _, c := range artifact.Columns(rec.Schema()) {
		if c.Meaning == "" {
			t.Errorf("the Parquet file does not say what %s is", c.Name)
		}
	}
	periods, err := ndarray.ReadParquet(filepath.Join(dir, "u.parquet"), "period_m")
	if err != nil || math.Abs(periods.Values[0]-0.7) > 0.01 {
		t.Errorf("periods %v, %v", periods, err)
	}
}

func TestAnalyzeMakesRatemapsOfARecording(t *testing.T) {
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(1, 2))
	const samples, units = 20000, 6
	var position, activity []float64
	for range samples {
		x, y := 2*random.Float64()-1, 2*random.Float64()-1
		position = append(position, x, y)
		for u := range units {
			activity = append(activity, cellAt(x, y, 0.1*float64(u)))
		}
	}
	position[0] = math.NaN() // tracking was lost
	p, a := npy(t, dir, "p.npy", []int{samples, 2}, position), npy(t, dir, "a.npy", []int{samples, units}, activity)
	out := filepath.Join(dir, "units.csv")
	code, stdout, stderr := sicgrid("analyze", "--positions", p, "--activity", a, "--box", "2", "--bins", "32", "--out", out)
	if code != exitDone || !strings.Contains(stdout, "samples left out: 1 with a missing value") {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	for _, row := range rowsOf(t, out) {
		if row["module"] != "0" || math.Abs(value(t, row, "period_m")-0.7) > 0.01 {
			t.Errorf("unit %s: %v", row["unit"], row)
		}
	}

	// Shuffles, and what may be written beside the table.
	maps, fields, svg := filepath.Join(dir, "maps.npy"), filepath.Join(dir, "fields.csv"), filepath.Join(dir, "units.svg")
	code, stdout, stderr = sicgrid("analyze", "--positions", p, "--activity", a, "--box", "2", "--bins", "32", "--shuffles", "20", "--columns", "1,2,3",
		"--out", out, "--ratemaps", maps, "--fields", fields, "--figure", svg, "--json")
	if code != exitDone || !json.Valid([]byte(stdout)) || !strings.Contains(stdout, "left out: 3 that --columns does not name") {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	if rows := rowsOf(t, out); len(rows) != 3 || rows[0]["name"] != "1" || value(t, rows[0], "grid_p") > 0.05 || value(t, rows[0], "grid_95") > 1 {
		t.Errorf("%v", rows)
	}
	if m, err := ndarray.ReadNpy(maps); err != nil || !slices.Equal(m.Shape, []int{3, 32, 32}) {
		t.Errorf("%v", err)
	}
	if rows := rowsOf(t, fields); len(rows) < 6 || rows[0]["name"] != "1" {
		t.Errorf("fields %v", rows)
	}
	if text, err := os.ReadFile(svg); err != nil || !bytes.Contains(text, []byte("grid score")) {
		t.Errorf("no picture: %v", err)
	}
}

func TestAnalyzeFindsTheShapeOfStates(t *testing.T) {
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(1, 2))
	var torus, ring []float64
	for range 2000 {
		a, b := 2*math.Pi*random.Float64(), 2*math.Pi*random.Float64()
		torus = append(torus, math.Cos(a), math.Sin(a), math.Cos(b), math.Sin(b))
		ring = append(ring, math.Cos(a), math.Sin(a), 0, 0)
	}
	for name, c := range map[string]struct {
		values []float64
		want   []string
	}{"torus": {torus, []string{"1", "2", "1"}}, "ring": {ring, []string{"1", "1", "0"}}} {
		out := filepath.Join(dir, name+".csv")
		code, stdout, stderr := sicgrid("analyze", "--states", npy(t, dir, name+".npy", []int{2000, 4}, c.values), "--landmarks", "120", "--out", out, "--figure", filepath.Join(dir, name+".svg"))
		if text, err := os.ReadFile(filepath.Join(dir, name+".svg")); err != nil || !bytes.Contains(text, []byte("Betti numbers "+strings.Join(c.want, ", "))) || !bytes.Contains(text, []byte("of each of 20 controls")) {
			t.Errorf("%s: the picture lacks the verdict or the controls: %v", name, err)
		}
		if code != exitDone || !strings.Contains(stdout, "Betti numbers "+strings.Join(c.want, ", ")) {
			t.Fatalf("%s: exit code %d\n%s%s", name, code, stdout, stderr)
		}
		row := rowsOf(t, out)[0]
		if got := []string{row["betti0"], row["betti1"], row["betti2"]}; !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		if n := len(strings.Split(row["pca_variance_ratio"], ";")); n != 4 || !strings.HasPrefix(row["h0_death"], "+Inf") && !strings.HasPrefix(row["h0_death"], "Inf") {
			t.Errorf("%s: %v", name, row)
		}
	}
}

// Of spike counts, which are whole numbers, square roots are taken and units brought to one scale,
// unless told otherwise. Counts that have nothing to do with each other have no Betti numbers:
// empty cells, null in JSON, the reason in words.
func TestAnalyzeSaysThatItCannotTellTheShapeOfNoise(t *testing.T) {
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(1, 2))
	var counts []float64
	for range 1000 * 20 {
		counts = append(counts, math.Floor(4*random.Float64()*random.Float64()))
	}
	states, out := npy(t, dir, "counts.npy", []int{1000, 20}, counts), filepath.Join(dir, "shape.csv")
	code, stdout, stderr := sicgrid("analyze", "--states", states, "--controls", "4", "--landmarks", "80", "--out", out)
	if code != exitDone || !strings.Contains(stdout, "Betti numbers undetermined: no loop or void stands out of the controls") ||
		!strings.Contains(stdout, "of square roots of the activity, z-scored units, in 6 principal components") {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	row := rowsOf(t, out)[0]
	if row["betti0"] != "" || row["betti1"] != "" || row["betti2"] != "" || !strings.Contains(row["undetermined"], "controls") || row["sqrt"] != "true" || row["zscore"] != "true" {
		t.Errorf("row %v, want no Betti numbers and why", row)
	}
	code, stdout, stderr = sicgrid("analyze", "--states", states, "--controls", "4", "--landmarks", "80", "--zscore=false", "--field", "3", "--control", "shuffled", "--out", out, "--json")
	var shown struct {
		Shape struct {
			Betti0  *float64 `json:"betti0"`
			ZScore  bool     `json:"zscore"`
			Sqrt    bool     `json:"sqrt"`
			Field   int      `json:"field"`
			Control string   `json:"control"`
		} `json:"shape"`
	}
	if err := json.Unmarshal([]byte(stdout), &shown); err != nil || code != exitDone {
		t.Fatalf("exit code %d, %v\n%s%s", code, err, stdout, stderr)
	}
	if s := shown.Shape; s.Betti0 != nil || s.ZScore || !s.Sqrt || s.Field != 3 || s.Control != "shuffled" {
		t.Errorf("shape %+v, want null, no z-scores, square roots, field 3, shuffled", s)
	}
}

// Names of files and of columns steer no terminal.
func TestAnalyzeShowsNamesAsTheyAre(t *testing.T) {
	dir := t.TempDir()
	table := filepath.Join(dir, "activity.parquet")
	type row struct {
		Time float64 `col:"time"`
		Red  float64 `col:"\x1b[31mred"`
	}
	var rows []row
	var positions []float64
	for i := range 400 {
		x := math.Sin(float64(i) / 9)
		rows = append(rows, row{float64(i), 1 + x})
		positions = append(positions, x, math.Cos(float64(i)/31))
	}
	if err := tablefile.Write(t.Context(), table, rows); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := sicgrid("analyze", "--positions", npy(t, dir, "p.npy", []int{400, 2}, positions), "--activity", table,
		"--box", "2", "--out", filepath.Join(dir, "\x1b[2Jcells.csv"))
	if code != exitDone || strings.Contains(stdout+stderr, "\x1b") || !strings.Contains(stdout, `\x1b[2Jcells.csv`) {
		t.Errorf("exit code %d, %q%q", code, stdout, stderr)
	}
	if units := rowsOf(t, filepath.Join(dir, "\x1b[2Jcells.csv")); len(units) != 1 || units[0]["name"] != "\x1b[31mred" {
		t.Errorf("units %v, want the name as it is", units)
	}
}

// Of an interrupted measurement nothing is kept, and the program says so.
func TestAnInterruptedMeasurementKeepsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := &lostError{ctx.Err()}
	if got := oneLine(err); strings.Contains(got, "goes on from there") || exitCode(ctx, err) != exitInterrupted {
		t.Errorf("%q, exit code %d: analyze keeps nothing", got, exitCode(ctx, err))
	}
}

// Whatever is wrong is one line, and nothing is written.
func TestAnalyzeRefusesInOneLine(t *testing.T) {
	dir := t.TempDir()
	good := npy(t, dir, "good.npy", []int{2, 3, 3}, make([]float64, 18))
	flat := npy(t, dir, "flat.npy", []int{2, 9}, make([]float64, 18))
	huge := filepath.Join(dir, "huge.npy")
	complex := filepath.Join(dir, "complex.npy")
	text := filepath.Join(dir, "text.npy")
	for path, data := range map[string]string{
		huge: ndarray.NpyHeader("<f8", []int{1310720, 32, 32}) + "few", complex: ndarray.NpyHeader("<c8", []int{1, 1, 1}) + "44448888", text: "unit,score\n",
	} {
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(dir, "out.csv")
	for want, args := range map[string][]string{
		"must be given a file of ratemaps, or":                 {"--out", out},
		"--out must be given":                                  {good, "--box", "2"},
		"must end in .csv or .parquet":                         {good, "--box", "2", "--out", "x.txt"},
		"--box: must be given":                                 {good, "--out", out},
		"must be a side in metres greater than 0":              {good, "--box", "-1", "--out", out},
		"must be one side in metres, or two as X,Y":            {good, "--box", "1,2,3", "--out", out},
		"--positions must be given, and with them either":      {"--positions", good, "--box", "2", "--out", out},
		"must be given a file of ratemaps, or --pos":           {good, "--states", good, "--out", out},
		"--box: population states have none":                   {"--states", flat, "--box", "2", "--out", out},
		"--landmarks is 1, must be":                            {"--states", flat, "--landmarks", "1", "--out", out},
		"maps.csv: must end in .npy, .npz or .parquet":         {filepath.Join(dir, "maps.csv"), "--box", "2", "--out", out},
		"no such file":                                         {filepath.Join(dir, "no.npy"), "--box", "2", "--out", out},
		"has the shape [2, 9], must be [units, ny, nx]":        {flat, "--box", "2", "--out", out},
		"must be [states, units]":                              {"--states", good, "--out", out},
		"has the shape [2, 9], must be [samples, 2] or [walks": {"--positions", flat, "--activity", flat, "--box", "2", "--out", out},
		"10737418240 bytes of values":                          {huge, "--box", "2", "--out", out},
		`holds values of type "<c8"`:                           {complex, "--box", "2", "--out", out},
		"--shuffles 5: must be 20 to 100000":                   {"--positions", flat, "--activity", flat, "--shuffles", "5", "--box", "2", "--out", out},
		"--unit in: must be m or cm":                           {"--positions", flat, "--activity", flat, "--unit", "in", "--box", "2", "--out", out},
		"--speed: must be MIN,MAX":                             {"--positions", flat, "--activity", flat, "--speed", "3", "--box", "2", "--out", out},
		"--shuffles: is for recordings":                        {good, "--shuffles", "50", "--box", "2", "--out", out},
		"--figure x.pdf: must end in .svg or .png":             {good, "--figure", "x.pdf", "--box", "2", "--out", out},
		"there is no folder":                                   {good, "--box", "2", "--out", filepath.Join(dir, "none", "out.csv")},
		"is no .npy file":                                      {text, "--box", "2", "--out", out},
		"--field is 6, must be a prime":                        {"--states", flat, "--field", "6", "--out", out},
		"--control is \"none\", must be":                       {"--states", flat, "--control", "none", "--out", out},
	} {
		code, stdout, stderr := sicgrid(append([]string{"analyze"}, args...)...)
		if code != exitFailed && code != exitUsage || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, want) {
			t.Errorf("exit code %d, %q, %q; want one line with %q", code, stdout, stderr, want)
		}
		if _, err := os.Stat(out); err == nil {
			t.Fatalf("%q: %s was written", want, out)
		}
	}
	// Units of which nothing is known are no error.
	if code, stdout, stderr := sicgrid("analyze", good, "--box", "2", "--out", out); code != exitDone || !strings.Contains(stdout, "2 units, 0 of them active, no module") {
		t.Errorf("dead units: exit code %d\n%s%s", code, stdout, stderr)
	}
}

// A perfect grid in 60 x 40 bins of a square box: bins are oblong, and a single side means another
// box.
func TestAnalyzeIsToldTheSidesOfTheBox(t *testing.T) {
	dir := t.TempDir()
	const units, nx, ny, box, period = 6, 60, 40, 1.5, 0.4
	k := gridcell.IdealHexagonal(period, 17).WaveVectors()
	var values []float64
	for u := range units {
		m := gridcell.Map{NX: nx, NY: ny, BoxM: box, BoxYM: box}
		for j := range ny {
			for i := range nx {
				var sum float64
				for _, v := range k {
					sum += math.Cos(v[0]*(m.X(i)-0.1*float64(u)) + v[1]*(m.Y(j)-0.07*float64(u)))
				}
				values = append(values, 1.5+sum)
			}
		}
	}
	maps, out := npy(t, dir, "maps.npy", []int{units, ny, nx}, values), filepath.Join(dir, "units.csv")
	code, stdout, stderr := sicgrid("analyze", maps, "--box", "1.5,1.5", "--out", out)
	if code != exitDone || !strings.Contains(stdout, "1 module") || !strings.Contains(stdout, "bins are not square, 0.025 x 0.0375 m") {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	for _, row := range rowsOf(t, out) {
		if math.Abs(value(t, row, "period_m")/period-1) > 0.005 || math.Abs(value(t, row, "orientation_deg")-17) > 0.3 ||
			value(t, row, "ellipse_ratio") > 1.01 || value(t, row, "grid_expanding") < 1.2 {
			t.Errorf("oblong bins: %v", row)
		}
	}
	code, stdout, _ = sicgrid("analyze", maps, "--box", "1.5", "--out", out)
	if code != exitDone || !strings.Contains(stdout, "with --box 1.5 bins are square and the box is 1.5 x 1 m; if it is square, say --box 1.5,1.5") {
		t.Errorf("exit code %d: nothing is said of the box:\n%s", code, stdout)
	}
}
