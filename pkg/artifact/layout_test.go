package artifact

import (
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
)

type cell struct {
	Unit  int32     `col:"unit" range:">= 0" below:"units"`
	Score float64   `col:"score" unit:"m" range:"[-2, 2]"`
	Kind  string    `col:"kind" range:"grid|place"`
	Map   []float32 `col:"map" shape:"ny,nx" range:">= 0"`
	Lags  []float64 `col:"lags" shape:"2ny-1,2nx-1"`
	Free  []int32   `col:"free"`
}

func cells() []cell {
	nan := math.NaN()
	return []cell{
		{0, 1.2, "grid", make([]float32, 6), make([]float64, 15), nil},
		{1, nan, "place", []float32{1, 2, 3, float32(nan), 5, 6}, make([]float64, 15), []int32{1, 2}},
	}
}

func recordOf(t *testing.T, rows any) arrow.Record {
	t.Helper()
	var rec arrow.Record
	var err error
	switch r := rows.(type) {
	case []cell:
		rec, err = FromRows(r, nil)
	case arrow.Record:
		rec = r
	}
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

func TestATableThatFitsItsLayout(t *testing.T) {
	sizes := map[string]int{"units": 2, "ny": 2, "nx": 3}
	for _, s := range []map[string]int{nil, sizes, {"ny": 2}} {
		if err := LayoutOf[cell]().OfRows(2).Check(recordOf(t, cells()), s); err != nil {
			t.Errorf("%v: %v", s, err)
		}
	}
	if err := LayoutOf[cell]().Check(recordOf(t, []cell{}), sizes); err != nil {
		t.Errorf("no rows: %v", err)
	}
}

func TestWhatDoesNotFitIsNamed(t *testing.T) {
	type other struct {
		Single
		More bool `col:"more"`
	}
	changed := func(change func([]cell)) arrow.Record {
		rows := cells()
		change(rows)
		return recordOf(t, rows)
	}
	more, err := FromRows([]other{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	fewer, err := FromRows([]struct {
		Unit int32 `col:"unit"`
	}{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	unit, err := FromRows([]inFeet{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for want, rec := range map[string]arrow.Record{
		`column "unit": found -1, must be 0 or greater`:              changed(func(c []cell) { c[0].Unit = -1 }),
		`column "unit": found 2, must be less than 2`:                changed(func(c []cell) { c[0].Unit = 2 }),
		`column "score": found 3, must be from -2 to 2`:              changed(func(c []cell) { c[1].Score = 3 }),
		`column "score": found +Inf`:                                 changed(func(c []cell) { c[1].Score = math.Inf(1) }),
		`column "kind": found "\x1b[2J", must be one of grid, place`: changed(func(c []cell) { c[1].Kind = "\x1b[2J" }),
		`column "map": found -1`:                                     changed(func(c []cell) { c[1].Map[2] = -1 }),
		`column "map": row 1 has 5 values, must have 6 (ny,nx)`:      changed(func(c []cell) { c[1].Map = c[1].Map[:5] }),
		`column "lags": row 0 has 0 values, must have 15`:            changed(func(c []cell) { c[0].Lags = nil }),
		`has 3 rows, must have 2`:                                    recordOf(t, append(cells(), cells()[0])),
		`has 7 columns, must have 6`:                                 more,
		`has 1 columns, must have 6`:                                 fewer,
		`column "score" is in "ft", must be in "m"`:                  unit,
	} {
		l := LayoutOf[cell]()
		if rec.NumRows() > 0 {
			l = l.OfRows(2)
		}
		if err := l.Check(rec, map[string]int{"units": 2, "ny": 2, "nx": 3}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("found %v, want %s", err, want)
		}
	}
	ragged := changed(func(c []cell) { c[1].Map = c[1].Map[:5] })
	if err := LayoutOf[cell]().Check(ragged, nil); err == nil || !strings.Contains(err.Error(), "row 1 has 5 values, must have 6") {
		t.Errorf("lists of several lengths: %v", err)
	}
	if err := LayoutOf[cell]().OfAnyLengths().Check(ragged, nil); err != nil {
		t.Errorf("lists that may be of several lengths: %v", err)
	}
	if err := LayoutOf[cell]().WithOthers().Check(more, nil); err == nil || !strings.Contains(err.Error(), `column "score"`) {
		t.Errorf("among others: %v", err)
	}
}

type Single struct {
	Unit  int32     `col:"unit"`
	Score float32   `col:"score" unit:"m"`
	Kind  string    `col:"kind"`
	Map   []float32 `col:"map"`
	Lags  []float64 `col:"lags"`
	Free  []int32   `col:"free"`
}

type inFeet struct {
	Unit  int32     `col:"unit"`
	Score float64   `col:"score" unit:"ft"`
	Kind  string    `col:"kind"`
	Map   []float32 `col:"map"`
	Lags  []float64 `col:"lags"`
	Free  []int32   `col:"free"`
}

func TestTagsThatMakeNoSenseAreToldAtTheFirstCheck(t *testing.T) {
	for _, l := range []Layout{
		LayoutOf[struct {
			A bool `col:"a" range:">= 0"`
		}](),
		LayoutOf[struct {
			A float64 `col:"a" range:"[1, 0]"`
		}](),
		LayoutOf[struct {
			A []float64 `col:"a" shape:"n*m"`
		}](),
	} {
		if err := l.Check(recordOf(t, []cell{}), nil); err == nil || !strings.Contains(err.Error(), `column "a"`) {
			t.Errorf("%v", err)
		}
	}
}
