// Package analysis measures the units of other people's ratemaps and recordings: what `sicgrid
// analyze` does between its command line and the files that it writes.
//
// A Request says where the data are and how they are meant. It has either ratemaps, or positions
// with spikes or activity. Run answers with a Result: a row a unit, a row a module, fields and
// ratemaps, and, in words, how much was used and what was left out.
package analysis

import (
	"context"
	"fmt"
	"math"
	"path/filepath"

	"sicgrid/pkg/gridcell"
	"sicgrid/pkg/printable"
	"sicgrid/pkg/recording"
	"sicgrid/stages/spectra"
	"sicgrid/stages/spectra/spectratable"
)

// Request is what is to be measured. Files are .npy, .npz or .parquet; behind a colon the keys or
// columns that are meant: "session.npz:maps", "p.parquet:x,y".
type Request struct {
	Maps   string // ratemaps [units, ny, nx]
	Column string // the column of lists of a table that has several

	Positions string // [samples, 2], with Spikes or Activity
	Times     string // s, one a sample
	Spikes    string // rows of unit, second
	Activity  string // [samples, units]

	Columns, Without []string // units by their names; none: all
	BoxX, BoxY       float64  // m; BoxY 0: BoxX, and for maps square bins

	// Of recordings.
	Bins                       int     // along the longer side
	SmoothM                    float64 // NaN: SpikeSmoothM for spikes, else none
	Centimetres, Corner, Round bool    // positions in cm, from the lower left corner; an elliptic arena
	Speed                      [2]float64
	Epochs                     string
	Shuffles                   int
	Seed                       uint64

	Threads    int
	MemoryLeft int64 // bytes; 0: unknown
	Progress   func(name string, done, total int)
}

// Result is what was measured.
type Result struct {
	Analysis *gridcell.Analysis
	Maps     []gridcell.Map
	Names    []string // of the units; nil for ratemaps without names
	Units    []Unit
	Modules  []spectratable.Module
	Columns  []string // of the table of units
	Shuffled []recording.Shuffled
	Facts    []string // how much of a recording was used
	Notes    []string // what a reader has to know
	chooser
}

func (f *Result) factf(format string, a ...any) { f.Facts = append(f.Facts, fmt.Sprintf(format, a...)) }
func (f *Result) notef(format string, a ...any) { f.Notes = append(f.Notes, fmt.Sprintf(format, a...)) }

// Run measures. It returns early where the context is done.
func Run(ctx context.Context, r Request) (*Result, error) {
	return unlessInterrupted(ctx, func() (*Result, error) { return r.measure(ctx) })
}

func (r Request) measure(ctx context.Context) (*Result, error) {
	f := &Result{chooser: chooser{only: r.Columns, without: r.Without}}
	o := gridcell.StandardOptions()
	if r.Progress != nil {
		o.Progress = func(done, total int) { r.Progress("analyze", done, total) }
	}
	var session *recording.Session
	var err error
	if r.Maps != "" {
		err = r.readMaps(f)
	} else if session, err = r.session(f); err == nil {
		for _, t := range session.Trains {
			f.Maps = append(f.Maps, t.Map())
		}
		o.Excluded, err = r.shuffle(ctx, session, f)
	}
	if err != nil {
		return nil, err
	}
	noise := noisy(session)
	for u := range noise {
		if o.Excluded == nil {
			o.Excluded = make([]bool, len(f.Maps))
		}
		o.Excluded[u] = true
	}
	if len(f.leftOut) > 0 {
		f.notef("left out: %s", enumerate(f.leftOut))
	}
	if session != nil {
		o.Observed = func(u int) gridcell.Observe {
			if t := session.Trains[u]; t.SmoothM > 0 {
				return t.Observed
			}
			return nil
		}
	}
	if o.Threads, err = r.threadsFor(f.Maps); err != nil {
		return nil, err
	}
	if f.Analysis, err = gridcell.Analyze(ctx, f.Maps, o); err != nil {
		return nil, err
	}
	f.Modules = spectra.Modules(f.Analysis)
	f.rows(session)
	f.withhold(noise)
	return f, nil
}

// threadsFor are as many threads as the memory is enough for; the error says that it is not for one.
func (r *Request) threadsFor(maps []gridcell.Map) (int, error) {
	need := func(nx, ny, threads int) int64 { return gridcell.AnalysisMemory(nx, ny, len(maps), threads) }
	nx, ny := maps[0].NX, maps[0].NY
	threads := max(1, r.Threads)
	for r.MemoryLeft > 0 && threads > 1 && need(nx, ny, threads) > r.MemoryLeft {
		threads--
	}
	bytes := need(nx, ny, threads)
	if r.MemoryLeft == 0 || bytes <= r.MemoryLeft {
		return threads, nil
	}
	source, by := r.Maps, 2
	if source == "" {
		source = r.Positions
	}
	for need(nx/by, ny/by, 1) > r.MemoryLeft && by < min(nx, ny) {
		by++
	}
	return 0, fmt.Errorf("%s: maps of %d x %d bins take about %.1f GB of memory, of which %.1f are left: make bins %d times as long (%d x %d), or give fewer units",
		source, nx, ny, float64(bytes)/1e9, float64(r.MemoryLeft)/1e9, by, nx/by, ny/by)
}

// mostNoise is the largest share of a map's variance that the counting of spikes may account for if
// it was not smoothed: a map of more has peaks wherever spikes happened to fall.
const mostNoise = 0.6

// fewSpikes is how many spikes of a unit are too few for a period: smoothed, they are as many fields,
// and six of them lie somewhere around each.
const fewSpikes = 50

// Why a unit of a recording has no period.
const (
	countingNoise = "its map is mostly the noise of counting spikes: smooth it"
	tooFew        = "fewer than 50 spikes"
)

// noisy are the units whose maps are noise, and why: they are of few spikes, or were not smoothed and
// are mostly the noise of counting spikes.
func noisy(s *recording.Session) map[int]string {
	found := map[int]string{}
	if s == nil {
		return found
	}
	for u, t := range s.Trains {
		switch {
		case t.Spikes > 0 && t.Spikes < fewSpikes:
			found[u] = tooFew
		case t.SmoothM == 0 && t.Spikes > 0 && t.CountingNoise() > mostNoise:
			found[u] = countingNoise
		}
	}
	return found
}

// withhold takes the lattice from units whose map is noise.
func (f *Result) withhold(noise map[int]string) {
	rough := 0
	for i := range f.Units {
		if why, ok := noise[i]; ok {
			u := &f.Units[i]
			u.Period, u.Orientation, u.EllipseRatio = math.NaN(), math.NaN(), math.NaN()
			u.NoPeriod, u.Lattices = why, ""
			if why == countingNoise {
				rough++
			}
		}
	}
	if rough > 0 {
		f.notef("without smoothing the maps of %s are mostly the noise of counting spikes, and no period is read from them: give --smooth, %g say", printable.Count(rough, "unit"), SpikeSmoothM)
	}
}

// shuffle tests each unit against its shuffles, and says which are no grid cells by them.
func (r *Request) shuffle(ctx context.Context, s *recording.Session, f *Result) (excluded []bool, err error) {
	if r.Shuffles == 0 {
		return nil, nil
	}
	var progress func(done, total int)
	if r.Progress != nil {
		progress = func(done, total int) { r.Progress("shuffle", done, total) }
	}
	if f.Shuffled, err = s.Shuffle(ctx, r.Shuffles, r.Seed, r.Threads, progress); err != nil {
		return nil, err
	}
	scorer, signed := gridcell.NewScorers(f.Maps[0], 1)[0], 0
	for i, t := range s.Trains {
		var u Unit
		u.Score = scorer.Expanding(f.Maps[i])
		u.test(t, f.Maps[i], f.Shuffled[i])
		excluded = append(excluded, !(u.GridP <= level))
		if t.Signed() {
			signed++
		}
	}
	if signed > 0 {
		f.notef("the activity of %s falls below 0 and holds no bits a spike: compared with shuffles by the score and the variance of the map", printable.Count(signed, "unit"))
	}
	return excluded, nil
}

// rows makes the table of units.
func (f *Result) rows(s *recording.Session) {
	for i, u := range spectra.Units(f.Analysis) {
		row := Unit{Unit: u, Lattices: latticesText(f.Analysis.Units[i].Superposed)}
		if f.Names != nil {
			row.Name = f.Names[i]
		}
		if s != nil {
			row.measure(s.Trains[i])
		}
		if f.Shuffled != nil {
			row.test(s.Trains[i], f.Maps[i], f.Shuffled[i])
		}
		f.Units = append(f.Units, row)
	}
	f.Columns = append(f.Columns, mapColumns[0])
	if f.Names != nil {
		f.Columns = append(f.Columns, "name")
	}
	f.Columns = append(f.Columns, mapColumns[1:]...)
	if s != nil {
		f.Columns = append(f.Columns, recordingColumns...)
	}
	if f.Shuffled != nil {
		f.Columns = append(f.Columns, shuffleColumns...)
	}
}

// readMaps reads ratemaps.
func (r *Request) readMaps(f *Result) error {
	s := parseSource(r.Maps)
	if r.Column != "" {
		s.names = []string{r.Column}
	}
	parquet := filepath.Ext(s.path) == ".parquet"
	wanted := [][]string{{"maps"}, {"ratemaps"}}
	if parquet {
		wanted = nil // its one column of lists, whatever the name
	}
	a, err := s.read(wanted...)
	if err != nil {
		return err
	}
	shape := a.Shape
	if side := squareSide(shape); parquet && a.Names == nil && side > 0 {
		shape = []int{shape[0], side, side} // a list of a square map
	}
	if len(shape) != 3 || shape[0] == 0 || shape[1] == 0 || shape[2] == 0 {
		return fmt.Errorf("%s: has the shape %s, must be [units, ny, nx]", r.Maps, a.ShapeText())
	}
	names := numbers(shape[0])
	chosen, err := f.choose(r.Maps, names, nil)
	if err != nil {
		return err
	}
	if len(chosen) < len(names) {
		f.Names = []string{}
	}
	if share := silentShare(a.Values, shape); share >= mostSilent {
		f.notef("in %.0f %% of the bins all units are exactly 0: if they were not visited, give NaN there", 100*share)
	}
	bins := shape[1] * shape[2]
	for _, u := range chosen {
		m := gridcell.Map{Values: a.Values[u*bins : (u+1)*bins], NY: shape[1], NX: shape[2], BoxM: r.BoxX, BoxYM: r.BoxY}
		if err := m.Check(); err != nil {
			return fmt.Errorf("%s: unit %d: %w", r.Maps, u, err)
		}
		f.Maps = append(f.Maps, m)
		if f.Names != nil {
			f.Names = append(f.Names, names[u])
		}
	}
	return nil
}

// mostSilent is the share of the bins in which all units may be exactly 0: more is hardly the rates'
// doing.
const mostSilent = 0.05

// silentShare is the share of the bins of maps [units, ny, nx] in which all of several units are
// exactly 0.
func silentShare(values []float64, shape []int) float64 {
	bins := shape[1] * shape[2]
	if shape[0] < 2 || bins == 0 {
		return 0
	}
	silent := 0
	for b := range bins {
		all := true
		for at := b; at < len(values) && all; at += bins {
			all = values[at] == 0
		}
		if all {
			silent++
		}
	}
	return float64(silent) / float64(bins)
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

// Fields is the table of firing fields.
func (f *Result) Fields() (rows []Field) {
	for i, u := range f.Analysis.Units {
		for k, field := range u.Fields {
			rows = append(rows, Field{Unit: int32(i), Name: f.name(i), Field: int32(k), X: field.X, Y: field.Y, Peak: field.Peak, Area: field.AreaM2, Bins: int32(field.Bins)})
		}
	}
	return rows
}

// Ratemaps is the table of ratemaps.
func (f *Result) Ratemaps() []Ratemap {
	rows := make([]Ratemap, len(f.Maps))
	for i, m := range f.Maps {
		rows[i] = Ratemap{Unit: int32(i), Name: f.name(i), Mean: make([]float32, len(m.Values))}
		for b, v := range m.Values {
			rows[i].Mean[b] = float32(v)
		}
	}
	return rows
}

// name is a unit's, or its number.
func (f *Result) name(i int) string {
	if f.Names != nil {
		return f.Names[i]
	}
	return fmt.Sprint(i)
}
