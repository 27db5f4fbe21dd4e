package manifold

import (
	"bufio"
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

var toVoids = RipsOptions{Dimension: 2, Threads: 2}

func persistence(t testing.TB, points *mat.Dense, landmarks, top int) *Persistence {
	t.Helper()
	of, err := Landmarks(points, landmarks)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Rips(Distances(points, of), RipsOptions{Dimension: top, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestFourShapesHaveTheirBettiNumbers(t *testing.T) {
	grid := gridCode(2, 4000, 128, 0)
	code, err := principal(t, grid).Project(grid, 6)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		points *mat.Dense
		want   []int
	}{
		{"hexagonal torus", hexagonalTorus(1, 3000), []int{1, 2, 1}},
		{"square torus", squareTorus(1, 3000), []int{1, 2, 1}},
		{"ring", ring(1, 1500), []int{1, 1, 0}},
		{"sheet", sheet(1, 3000), []int{1, 0, 0}},
		{"ideal grid code, 6 principal components", code, []int{1, 2, 1}},
		{"two rings far apart", twoRings(), []int{2, 2, 0}},
		{"sphere", sphere(1, 3000), []int{1, 0, 1}},
	} {
		for _, landmarks := range []int{100, 150} {
			got, from, to, ok := persistence(t, c.points, landmarks, 2).Betti()
			if !ok || !slices.Equal(got, c.want) {
				t.Errorf("%s, %d landmarks: Betti numbers %v from %.3g to %.3g, want %v", c.name, landmarks, got, from, to, c.want)
			}
		}
	}
}

func twoRings() *mat.Dense {
	a := ring(1, 800)
	out := mat.NewDense(1600, 2, nil)
	for i := range 800 {
		out.SetRow(i, a.RawRowView(i))
		out.SetRow(800+i, []float64{a.At(i, 0) + 5, a.At(i, 1)})
	}
	return out
}

func sphere(seed uint64, n int) *mat.Dense {
	random := rand.New(rand.NewPCG(seed, 3))
	out := mat.NewDense(n, 3, nil)
	for i := range n {
		x, y, z := random.NormFloat64(), random.NormFloat64(), random.NormFloat64()
		r := math.Sqrt(x*x + y*y + z*z)
		out.SetRow(i, []float64{x / r, y / r, z / r})
	}
	return out
}

// Known complexes: a square of side 1 has a loop from 1 to the root of 2, an octahedron a void.
func TestSmallComplexesByHand(t *testing.T) {
	inf := math.Inf(1)
	square := mat.NewDense(4, 2, []float64{0, 0, 1, 0, 1, 1, 0, 1})
	octahedron := mat.NewDense(6, 3, []float64{1, 0, 0, -1, 0, 0, 0, 1, 0, 0, -1, 0, 0, 0, 1, 0, 0, -1})
	for _, c := range []struct {
		name   string
		points *mat.Dense
		want   [][]Interval
	}{
		{"one point", mat.NewDense(1, 1, []float64{3}), [][]Interval{{{0, inf}}, nil, nil}},
		{"two points", mat.NewDense(2, 1, []float64{0, 3}), [][]Interval{{{0, inf}, {0, 3}}, nil, nil}},
		{"coinciding points", mat.NewDense(3, 1, []float64{1, 1, 1}), [][]Interval{{{0, inf}}, nil, nil}},
		{"square", square, [][]Interval{{{0, inf}, {0, 1}, {0, 1}, {0, 1}}, {{1, math.Sqrt2}}, nil}},
		{"octahedron", octahedron, [][]Interval{{{0, inf}, {0, math.Sqrt2}, {0, math.Sqrt2}, {0, math.Sqrt2}, {0, math.Sqrt2}, {0, math.Sqrt2}},
			nil, {{math.Sqrt2, 2}}}},
	} {
		n, _ := c.points.Dims()
		all := make([]int, n)
		for i := range all {
			all[i] = i
		}
		p, err := Rips(Distances(c.points, all), toVoids)
		if err != nil {
			t.Fatal(err)
		}
		for d := range c.want {
			if !slices.Equal(p.Intervals[d], c.want[d]) {
				t.Errorf("%s: dimension %d: %v, want %v", c.name, d, p.Intervals[d], c.want[d])
			}
		}
	}
}

func TestWhatAreNoDistancesIsRefusedInOneLine(t *testing.T) {
	nan := math.NaN()
	for want, try := range map[string]func() error{
		"there are no points":                      func() error { _, err := Rips(nil, toVoids); return err },
		"3 distances are not those of points":      func() error { _, err := Rips([]float64{0, 1, 1}, toVoids); return err },
		"points 1 and 0 is NaN":                    func() error { _, err := Rips([]float64{0, nan, nan, 0}, toVoids); return err },
		"points 1 and 0 is -1":                     func() error { _, err := Rips([]float64{0, -1, -1, 0}, toVoids); return err },
		"is 2 one way and 1 the other":             func() error { _, err := Rips([]float64{0, 1, 2, 0}, toVoids); return err },
		"point 1 to itself is 1, must be 0":        func() error { _, err := Rips([]float64{0, 1, 1, 1}, toVoids); return err },
		"dimension 3, must be 0 to 2":              func() error { _, err := Rips([]float64{0}, RipsOptions{Dimension: 3}); return err },
		"3000 points have too many simplices":      func() error { _, err := Rips(ramp(3000), toVoids); return err },
		"landmarks: 4 of 3 points":                 func() error { _, err := Landmarks(mat.NewDense(3, 1, nil), 4); return err },
		"landmarks: point 1, dimension 0: NaN":     func() error { _, err := Landmarks(mat.NewDense(2, 1, []float64{0, nan}), 1); return err },
		"local means: 3 neighbours for each of 3 ": func() error { _, err := Averaged(mat.NewDense(3, 1, nil), 3, 1); return err },
	} {
		if err := try(); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, want one line with %q", err, want)
		}
	}
}

func TestAThousandPointsHaveNumbers(t *testing.T) {
	if _, err := newRips(ramp(1000), 1000, 2); err != nil {
		t.Error(err)
	}
}

func TestIntervalsDoNotDependOnTheThreads(t *testing.T) {
	points := hexagonalTorus(1, 1000)
	of, err := Landmarks(points, 80)
	if err != nil {
		t.Fatal(err)
	}
	distances := Distances(points, of)
	one, err := Rips(distances, RipsOptions{Dimension: 2, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, threads := range []int{2, 7} {
		if many, err := Rips(distances, RipsOptions{Dimension: 2, Threads: threads}); err != nil || !reflect.DeepEqual(one, many) {
			t.Errorf("%d threads: %v, %v; one thread: %v", threads, many, err, one)
		}
	}
}

// ramp is points 0, 1, 2, ... on a line of lengths that are all different.
func ramp(n int) []float64 {
	d := make([]float64, n*n)
	for i := range n {
		for j := range n {
			d[i*n+j] = math.Abs(float64(i*i-j*j)) / float64(n)
		}
	}
	return d
}

func TestLandmarksSpreadOverTheShape(t *testing.T) {
	points := sheet(1, 2000)
	of, err := Landmarks(points, 80)
	if err != nil {
		t.Fatal(err)
	}
	d := Distances(points, of)
	least := math.Inf(1)
	for i := range of {
		for j := range i {
			least = min(least, d[i*len(of)+j])
		}
	}
	farthest := 0.0
	for i := range 2000 {
		nearest := math.Inf(1)
		for _, j := range of {
			nearest = min(nearest, squared(points.RawRowView(i), points.RawRowView(j)))
		}
		farthest = max(farthest, math.Sqrt(nearest))
	}
	// That no point is farther from the landmarks than they are from each other is what max-min
	// means.
	if farthest > least {
		t.Errorf("a point is %.3f from all landmarks, two landmarks %.3f apart", farthest, least)
	}
	same, err := Landmarks(mat.NewDense(5, 2, nil), 3)
	if err != nil || len(same) != 1 {
		t.Errorf("five coinciding points: landmarks %v, %v; want one", same, err)
	}
}

// oracle is the program's path; without it the test is skipped, or fails where oracles are
// required.
func oracle(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	switch {
	case err == nil:
	case os.Getenv("SICGRID_ORACLES") == "required":
		t.Fatalf("%s is not installed, and SICGRID_ORACLES=required asks for it", program)
	default:
		t.Skipf("%s is not installed: nothing to compare with (SICGRID_ORACLES=required makes this a failure)", program)
	}
	return path
}

// The barcode does not depend on how ties are broken, so it must agree with ripser's interval by
// interval. Ripser computes in float32 and prints six digits.
func TestIntervalsAreThoseOfRipser(t *testing.T) {
	path := oracle(t, "ripser")
	states := gridCode(1, 500, 64, 0)
	random := rand.New(rand.NewPCG(1, 1))
	tied := mat.NewDense(60, 3, nil)
	scattered := mat.NewDense(70, 5, nil)
	for i := range 60 {
		for j := range 3 {
			tied.Set(i, j, float64(random.IntN(4)))
		}
	}
	for i := range 70 {
		for j := range 5 {
			scattered.Set(i, j, random.NormFloat64())
		}
	}
	for _, c := range []struct {
		name      string
		points    *mat.Dense
		landmarks int
	}{
		{"hexagonal torus", hexagonalTorus(1, 1000), 120}, {"square torus", squareTorus(1, 1000), 80}, {"ring", ring(1, 300), 60},
		{"sheet", sheet(1, 500), 100}, {"ideal grid code", states, 100}, {"points of a lattice, many at one place", tied, 60}, {"normal points", scattered, 70},
	} {
		of, err := Landmarks(c.points, c.landmarks)
		if err != nil {
			t.Fatal(err)
		}
		n := len(of)
		if c.name == "points of a lattice, many at one place" { // doubled points and ties
			n, of = 60, nil
			for i := range n {
				of = append(of, i)
			}
		}
		distances := Distances(c.points, of)
		for i, d := range distances {
			distances[i] = float64(float32(d))
		}
		p, err := Rips(distances, toVoids)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for d, intervals := range p.Intervals {
			for _, i := range intervals {
				got = append(got, fmt.Sprintf("%d [%.6g,%s)", d, i.Birth, deathOf(i)))
			}
		}
		want := ripser(t, path, lowerDistances(distances, n))
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %d intervals, ripser finds %d; ours:\n%s\nripser's:\n%s", c.name, len(got), len(want), strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if len(want) < n/2 {
			t.Errorf("%s: ripser's output was not understood: %v", c.name, want)
		}
	}
}

func deathOf(i Interval) string {
	if math.IsInf(i.Death, 1) {
		return ""
	}
	return fmt.Sprintf("%.6g", i.Death)
}

// ripser returns the intervals that the program prints, as "dimension [birth,death)".
func ripser(t *testing.T, path string, table []byte) []string {
	t.Helper()
	cmd := exec.Command(path, "--format", "lower-distance", "--dim", "2")
	cmd.Stdin = bytes.NewReader(table)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	var intervals []string
	dim := ""
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if rest, ok := strings.CutPrefix(line, "persistence intervals in dim "); ok {
			dim = strings.TrimSuffix(rest, ":")
		} else if strings.HasPrefix(line, "[") {
			intervals = append(intervals, dim+" "+strings.ReplaceAll(line, ", )", ",)"))
		}
	}
	return intervals
}

// 250 landmarks to dimension 2: of a hexagonal torus, the shape that is looked for. Ripser takes
// the same distances.
func BenchmarkRips250(b *testing.B) {
	points := hexagonalTorus(1, 4000)
	of, err := Landmarks(points, 250)
	if err != nil {
		b.Fatal(err)
	}
	distances := Distances(points, of)
	b.Run("ours", func(b *testing.B) {
		for b.Loop() {
			if _, err := Rips(distances, toVoids); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("ripser", func(b *testing.B) {
		path, err := exec.LookPath("ripser")
		if err != nil {
			b.Skip("ripser is not installed: nothing to compare with")
		}
		table := lowerDistances(distances, len(of))
		for b.Loop() {
			cmd := exec.Command(path, "--format", "lower-distance", "--dim", "2")
			cmd.Stdin = bytes.NewReader(table)
			if err := cmd.Run(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// lowerDistances is the table that ripser reads.
func lowerDistances(distances []float64, n int) []byte {
	var table bytes.Buffer
	for i := range n {
		for _, d := range distances[i*n : i*n+i] {
			fmt.Fprintf(&table, "%.9g,", d)
		}
		table.WriteByte('\n')
	}
	return table.Bytes()
}
