package export

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"

	"sicgrid/pkg/artifact"
	"sicgrid/stages/tablefile"
)

type exported struct {
	Name string    `col:"name"`
	Unit int32     `col:"unit"`
	Map  []float32 `col:"map" shape:"ny,nx" doc:"what it looks like"`
	List []float64 `col:"list" unit:"m" doc:"two, at most"`
}

func exportSample(t *testing.T, form Form) []byte {
	t.Helper()
	rec, err := artifact.FromRows([]exported{
		{"a,b", 3, []float32{1, 2, 3, 4}, []float64{0.5}},
		{"c", 4, []float32{5, 6, 7, 8}, []float64{-1}},
		{"d", 5, []float32{9, 10, 11, 12}, []float64{1e-300}},
	}, map[string]string{"box_m": "2"})
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := artifact.Write(&file, rec); err != nil {
		t.Fatal(err)
	}
	data, err := form.Of(file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if form.Format == "arrow" {
		r, err := ipc.NewFileReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Record(0)
		if err != nil || !array.RecordEqual(rec, got) || !got.Schema().Equal(rec.Schema()) {
			t.Errorf("Arrow's reader gets another record: %v", err)
		}
	}
	return data
}

func TestArrowExportIsReadByArrow(t *testing.T) { exportSample(t, Form{Format: "arrow"}) }

func TestCSVExportQuotesAndJoinsLists(t *testing.T) {
	want := "name,unit,map,list\n\"a,b\",3,1;2;3;4,0.5\nc,4,5;6;7;8,-1\nd,5,9;10;11;12,1e-300\n"
	if got := string(exportSample(t, Form{Format: "csv"})); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestExportSaysWhatColumnsMean(t *testing.T) {
	rows := string(exportSample(t, Form{Format: "csv"}))
	described := "# name\n# unit\n# map: what it looks like\n# list (m): two, at most\n" + rows
	if got := string(exportSample(t, Form{Format: "csv", Describe: true})); got != described {
		t.Errorf("described\n%swant\n%s", got, described)
	}
	list := "column  type               unit  meaning\n" +
		"name    utf8                     \n" +
		"unit    int32                    \n" +
		"map     []float32 (ny,nx)        what it looks like\n" +
		"list    []float64          m     two, at most\n"
	if got := string(exportSample(t, Form{Format: "parquet", Columns: true})); got != list {
		t.Errorf("columns\n%swant\n%s", got, list)
	}
	var columns []artifact.Column
	if err := json.Unmarshal(exportSample(t, Form{Format: "parquet", Columns: true, JSON: true}), &columns); err != nil {
		t.Fatal(err)
	}
	if want := (artifact.Column{Name: "list", Type: "[]float64", Unit: "m", Meaning: "two, at most"}); len(columns) != 4 || columns[3] != want {
		t.Errorf("columns %+v, want the last %+v", columns, want)
	}
	for want, form := range map[string]Form{
		"--describe": {Format: "npy", Describe: true},
		"--columns":  {Format: "parquet", Columns: true, Column: "map"},
		"--json":     {Format: "csv", JSON: true},
		"--format":   {Format: "xlsx"},
	} {
		if err := form.Check(""); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%+v: %v, want an error on %s", form, err, want)
		}
	}
}

// The name of the file says the format, and a contradiction is refused.
func TestTheFormatFollowsTheName(t *testing.T) {
	for _, c := range []struct{ out, format, want string }{
		{"w.csv", "", "csv"}, {"W.CSV", "", "csv"}, {"w.npy", "", "npy"}, {"w.arrow", "", "arrow"}, {"w.feather", "", "arrow"},
		{"w.parquet", "", "parquet"}, {"w", "", "parquet"}, {"", "", "parquet"}, {"-", "", "parquet"}, {"/dev/stdout", "", "parquet"},
		{"w.csv", "csv", "csv"}, {"w.txt", "csv", "csv"}, {"w", "csv", "csv"}, {"-", "csv", "csv"},
		{"w.csv", "parquet", "--out w.csv: its name says csv"}, {"w.npy", "csv", "--out w.npy: its name says npy"},
		{"w.txt", "", "--out w.txt: must end in one of"}, {"w.csv.gz", "", "--out w.csv.gz: must end in one of"},
	} {
		form := Form{Format: c.format}
		got := ""
		if err := form.Check(c.out); err != nil {
			got = err.Error()
		} else {
			got = form.Format
		}
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("--out %q --format %q: got %q, want %q", c.out, c.format, got, c.want)
		}
	}
}

// The npy format, version 1.0: magic, version, length of the header, header padded
// to a multiple of 64 bytes, data in C order.
func TestNpyExport(t *testing.T) {
	for column, want := range map[string]string{
		"unit": "{'descr': '<i4', 'fortran_order': False, 'shape': (3,), }",
		"map":  "{'descr': '<f4', 'fortran_order': False, 'shape': (3,2,2,), }",
		"list": "{'descr': '<f8', 'fortran_order': False, 'shape': (3,1,), }",
	} {
		data := exportSample(t, Form{Format: "npy", Column: column})
		if !bytes.HasPrefix(data, []byte("\x93NUMPY\x01\x00")) {
			t.Fatalf("%s: begins with %q", column, data[:8])
		}
		end := 10 + int(binary.LittleEndian.Uint16(data[8:]))
		header := string(data[10:end])
		if end%64 != 0 || !strings.HasSuffix(header, "\n") || strings.TrimSpace(header) != want {
			t.Errorf("%s: %d bytes of header %q, want %s", column, end, header, want)
		}
		if column == "map" {
			var values [12]float32
			if err := binary.Read(bytes.NewReader(data[end:]), binary.LittleEndian, &values); err != nil || values[5] != 6 || len(data) != end+48 {
				t.Errorf("values %v, %v", values, err)
			}
		}
	}
}

// Rows as JSON have every value, and null for what JSON has no number for.
func TestJSONExportHasEveryRow(t *testing.T) {
	want := `[
 {"name": "a,b", "unit": 3, "map": [1,2,3,4], "list": [0.5]},
 {"name": "c", "unit": 4, "map": [5,6,7,8], "list": [-1]},
 {"name": "d", "unit": 5, "map": [9,10,11,12], "list": [1e-300]}
]
`
	if got := string(exportSample(t, Form{Format: "json"})); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	rec, err := artifact.FromRows([]struct {
		X float64   `col:"x"`
		Y []float32 `col:"y" shape:"n"`
		B bool      `col:"b"`
	}{{math.NaN(), []float32{float32(math.Inf(1)), 2}, true}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := tablefile.JSON(rec); err != nil || string(got) != "[\n {\"x\": null, \"y\": [null,2], \"b\": true}\n]\n" || !json.Valid(got) {
		t.Errorf("got %s, %v", got, err)
	}
	if got, err := tablefile.JSON(rec.NewSlice(0, 0)); err != nil || !json.Valid(got) {
		t.Errorf("no rows: %s, %v", got, err)
	}
	form := Form{JSON: true}
	if err := form.Check(""); err != nil || form.Format != "json" {
		t.Errorf("--json alone: %+v, %v", form, err)
	}
}
