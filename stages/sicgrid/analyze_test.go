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
	"sicgrid/stages/spectra/spectratable"
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
	if want := "unit,active,grid_expanding,grid_ring,grid_banino60,grid_banino90,grid_corrected,period_m,orientation_deg,ellipse_ratio,module,phi1,phi2,phi3,modulation,superlattice,superlattice_strength,no_period\n"; !strings.HasPrefix(string(head), want) {
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
	if err := writeTable(lists, rows); err != nil {
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
	text, err := csvFile(rec)
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
	if code != exitDone || !strings.Contains(stdout, "1 of 20000 samples were left out") {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	for _, row := range rowsOf(t, out) {
		if row["module"] != "0" || math.Abs(value(t, row, "period_m")-0.7) > 0.01 {
			t.Errorf("unit %s: %v", row["unit"], row)
		}
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
		code, stdout, stderr := sicgrid("analyze", "--states", npy(t, dir, name+".npy", []int{2000, 4}, c.values), "--landmarks", "120", "--out", out)
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

// Whatever is wrong is one line, and nothing is written.
func TestAnalyzeRefusesInOneLine(t *testing.T) {
	dir := t.TempDir()
	good := npy(t, dir, "good.npy", []int{2, 3, 3}, make([]float64, 18))
	flat := npy(t, dir, "flat.npy", []int{2, 9}, make([]float64, 18))
	huge := filepath.Join(dir, "huge.npy")
	big := filepath.Join(dir, "big.npy")
	text := filepath.Join(dir, "text.npy")
	for path, data := range map[string]string{
		huge: ndarray.NpyHeader("<f8", []int{1310720, 32, 32}) + "few", big: ndarray.NpyHeader(">f4", []int{1, 1, 1}) + "4444", text: "unit,score\n",
	} {
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(dir, "out.csv")
	for want, args := range map[string][]string{
		"must be given a file of ratemaps, or":              {"--out", out},
		"--out must be given":                               {good, "--box", "2"},
		"must end in .csv or .parquet":                      {good, "--box", "2", "--out", "x.txt"},
		"--box: must be given":                              {good, "--out", out},
		"must be a side in metres greater than 0":           {good, "--box", "-1", "--out", out},
		"must be one side in metres, or two as X,Y":         {good, "--box", "1,2,3", "--out", out},
		"a recording's box must be square":                  {"--positions", good, "--activity", good, "--box", "1,2", "--out", out},
		"--positions and --activity must be given together": {"--positions", good, "--box", "2", "--out", out},
		"must be given a file of ratemaps, or --pos":        {good, "--states", good, "--out", out},
		"--box: population states have none":                {"--states", flat, "--box", "2", "--out", out},
		"--landmarks 1: must be":                            {"--states", flat, "--landmarks", "1", "--out", out},
		"maps.csv: must end in .npy or .parquet":            {filepath.Join(dir, "maps.csv"), "--box", "2", "--out", out},
		"no such file":                                      {filepath.Join(dir, "no.npy"), "--box", "2", "--out", out},
		"has the shape [2, 9], must be [units, ny, nx]":     {flat, "--box", "2", "--out", out},
		"must be [states, units]":                           {"--states", good, "--out", out},
		"has the shape [2, 9], must be [samples, 2]":        {"--positions", flat, "--activity", flat, "--box", "2", "--out", out},
		"10737418240 bytes of values":                       {huge, "--box", "2", "--out", out},
		"big-endian values (>f4)":                           {big, "--box", "2", "--out", out},
		"is no .npy file":                                   {text, "--box", "2", "--out", out},
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

func TestWhatIsOddOfUnitsIsRemarked(t *testing.T) {
	got := remarks([]spectratable.Unit{
		{Active: true, Modulation: 1, Superlattice: 7}, {Active: true, Modulation: 0.3, Superlattice: 1},
		{NoPeriod: string(gridcell.Flat)}, {NoPeriod: string(gridcell.TooCoarse)}, {NoPeriod: string(gridcell.Flat)},
	})
	want := []string{
		"1 unit without a period: fewer than 3 bins a period", "2 units without a period: the same rate everywhere",
		"the fields of 1 unit alternate: a superlattice of √7 periods",
		"the rate of 1 active unit stays above half its peak: see the column modulation",
	}
	if !slices.Equal(got, want) {
		t.Errorf("remarks %q, want %q", got, want)
	}
	if got := remarks([]spectratable.Unit{{Active: true, Modulation: 1, Superlattice: 1}}); len(got) != 0 {
		t.Errorf("remarks %q on a plain grid cell", got)
	}
}
