package benchmark

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/apache/arrow/go/v15/arrow"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/pipeline/codedigest"
	"sicgrid/pkg/store"
)

// Store times a run in which nothing is to do, scheduling, hashing and the Parquet codec, in a
// folder that it fills.
func Store(ctx context.Context, dir string, progress io.Writer) ([]Measurement, error) {
	noOp, err := timeNoOp(ctx, filepath.Join(dir, "store"), progress)
	if err != nil {
		return nil, err
	}
	scheduling, err := timeScheduling(ctx, filepath.Join(dir, "made"), layersOfStages/10)
	if err != nil {
		return nil, err
	}
	rec, err := tensors()
	if err != nil {
		return nil, err
	}
	hashing, err := timeVerify(ctx, filepath.Join(dir, "large"), rec)
	if err != nil {
		return nil, err
	}
	write, read, err := timeCodec(rec)
	return []Measurement{noOp, scheduling, hashing, write, read}, err
}

const (
	layersOfStages = 50
	stagesALayer   = 40
)

// graphOfStages is layers of 40 stages, each of which reads two of the layer before it and has next
// to nothing to do.
func graphOfStages(layers int) (*pipeline.Graph, error) {
	type row struct {
		Value int64 `col:"value"`
	}
	var layer []*pipeline.Node
	for l := range layers {
		var next []*pipeline.Node
		for w := range stagesALayer {
			n := &pipeline.Node{Name: fmt.Sprintf("stage/%d/%d", l, w), Stage: "stage", Params: map[string]int{"layer": l, "place": w}, Inputs: map[string]pipeline.Ref{}, Outputs: []string{"table"}}
			for i := range min(2, len(layer)) {
				n.Inputs[fmt.Sprint("in", i)] = layer[(w+i)%stagesALayer].Ref("table")
			}
			n.Run = func(_ context.Context, t *pipeline.Task) error {
				return pipeline.Emit(t, "table", []row{{int64(l*stagesALayer + w)}}, nil)
			}
			next = append(next, n)
		}
		layer = next
	}
	return pipeline.NewGraph(layer...)
}

func timeNoOp(ctx context.Context, dir string, progress io.Writer) (Measurement, error) {
	row := Measurement{Unit: "s", Reference: "reading and hashing its files"}
	s, err := store.Open(dir)
	if err != nil {
		return row, err
	}
	g, err := graphOfStages(layersOfStages)
	if err != nil {
		return row, err
	}
	nodes := len(g.Nodes())
	row.What = fmt.Sprintf("run of %d cached stages", nodes)
	fmt.Fprintf(progress, "making %d stages to find cached\n", nodes)
	if _, err := pipeline.Run(ctx, g, options(s)); err != nil {
		return row, err
	}
	return compare(row, func() (float64, error) {
		begun := time.Now()
		s, err := store.Open(dir) // anew, as a program that has read no record yet
		if err != nil {
			return 0, err
		}
		report, err := pipeline.Run(ctx, g, options(s))
		if n := report.Count(pipeline.Cached); err == nil && n != nodes {
			err = fmt.Errorf("only %d of %d stages were cached", n, nodes)
		}
		return time.Since(begun).Seconds(), err
	}, func() (float64, error) {
		begun := time.Now()
		for _, table := range []string{"objects", "actions"} {
			files, err := os.ReadDir(filepath.Join(dir, table))
			if err != nil {
				return 0, err
			}
			for _, f := range files {
				data, err := os.ReadFile(filepath.Join(dir, table, f.Name()))
				if err != nil {
					return 0, err
				}
				sha256.Sum256(data)
			}
		}
		return time.Since(begun).Seconds(), nil
	})
}

func options(s *store.Store) pipeline.Options {
	return pipeline.Options{Store: s, DAG: "bench", Numerics: "none", Code: map[string]codedigest.Stage{"stage": {Digest: "bench"}}}
}

// timeScheduling makes stages that have next to nothing to do, one at a time: what is left is the
// keys, the locks, reading the inputs, and publishing a table and a record so that they outlive a
// power cut, which the reference does for plain files of the same bytes.
func timeScheduling(ctx context.Context, dir string, layers int) (Measurement, error) {
	row := Measurement{Unit: "ms", Reference: "writing and syncing its files plainly"}
	g, err := graphOfStages(layers)
	if err != nil {
		return row, err
	}
	nodes := len(g.Nodes())
	row.What = fmt.Sprintf("making a stage, of %d that are trivial", nodes)
	each := func(d time.Duration) float64 { return 1e3 * d.Seconds() / float64(nodes) }
	turn := 0
	work := func() (float64, error) {
		turn++
		s, err := store.Open(filepath.Join(dir, fmt.Sprint(turn)))
		if err != nil {
			return 0, err
		}
		opt := options(s)
		opt.Jobs = 1
		report, err := pipeline.Run(ctx, g, opt)
		if n := report.Count(pipeline.Ran); err == nil && n != nodes {
			err = fmt.Errorf("only %d of %d stages ran", n, nodes)
		}
		return each(report.Time), err
	}
	if _, err := work(); err != nil { // which says what there is to write
		return row, err
	}
	var files [][]byte
	for _, table := range []string{"objects", "actions"} {
		made, err := filepath.Glob(filepath.Join(dir, "1", table, "*"))
		if err != nil {
			return row, err
		}
		for _, path := range made {
			data, err := os.ReadFile(path)
			if err != nil {
				return row, err
			}
			files = append(files, data)
		}
	}
	return compare(row, work, func() (float64, error) {
		plain := filepath.Join(dir, "plain", fmt.Sprint(turn))
		if err := os.MkdirAll(plain, 0o755); err != nil {
			return 0, err
		}
		begun := time.Now()
		for i, data := range files {
			if err := writeSynced(filepath.Join(plain, fmt.Sprint(i)), data); err != nil {
				return 0, err
			}
		}
		return each(time.Since(begun)), nil
	})
}

func writeSynced(path string, data []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// tensors is a table of 8 lists of a million noisy float32 values.
func tensors() (arrow.Record, error) {
	type row struct {
		Name   string    `col:"name"`
		Values []float32 `col:"values" shape:"1000,1000"`
	}
	rows := make([]row, 8)
	state := uint32(1)
	for i := range rows {
		rows[i] = row{fmt.Sprint("tensor ", i), make([]float32, 1_000_000)}
		for j := range rows[i].Values {
			state = state*1664525 + 1013904223
			rows[i].Values[j] = float32(state>>8)/(1<<24) - 0.5
		}
	}
	return artifact.FromRows(rows, nil)
}

// timeVerify hashes a store of eight objects of 32 MB with all cores.
func timeVerify(ctx context.Context, dir string, rec arrow.Record) (Measurement, error) {
	row := Measurement{What: "verify --hash-only", Unit: "GB/s", Reference: "sha256 in memory on one core"}
	s, err := store.Open(dir)
	if err != nil {
		return row, err
	}
	var file bytes.Buffer
	if err := artifact.Write(&file, rec); err != nil {
		return row, err
	}
	for i := range 8 {
		_, _, err := s.Put(func(w io.Writer) error {
			_, err := w.Write(append(slices.Clone(file.Bytes()), byte(i)))
			return err
		})
		if err != nil {
			return row, err
		}
	}
	opt := pipeline.Options{Store: s}
	return compare(row, func() (float64, error) {
		v, err := pipeline.Verify(ctx, nil, opt, pipeline.VerifyOptions{HashOnly: true})
		return float64(v.Bytes) / 1e9 / v.Hashing.Seconds(), err
	}, func() (float64, error) { return hashRate(file.Bytes()) / 1e9, nil })
}

// hashRate is how many bytes a second one core hashes.
func hashRate(data []byte) float64 {
	begun := time.Now()
	sha256.Sum256(data)
	return float64(len(data)) / time.Since(begun).Seconds()
}

// timeCodec writes and reads the table on one core.
func timeCodec(rec arrow.Record) (write, read Measurement, err error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const megabyte, size = 1e6, 32e6
	write = Measurement{What: "Parquet, writing tensors", Unit: "MB/s", Reference: "sha256 in memory"}
	read = Measurement{What: "Parquet, reading tensors", Unit: "MB/s", Reference: "sha256 in memory"}
	var file bytes.Buffer
	if err := artifact.Write(&file, rec); err != nil {
		return write, read, err
	}
	data := file.Bytes()
	reference := func() (float64, error) { return hashRate(data) / megabyte, nil }
	write, err = compare(write, func() (float64, error) {
		begun := time.Now()
		err := artifact.Write(io.Discard, rec)
		return size / megabyte / time.Since(begun).Seconds(), err
	}, reference)
	if err != nil {
		return write, read, err
	}
	read, err = compare(read, func() (float64, error) {
		begun := time.Now()
		got, err := artifact.Read(data)
		if err == nil {
			got.Release()
		}
		return size / megabyte / time.Since(begun).Seconds(), err
	}, reference)
	return write, read, err
}
