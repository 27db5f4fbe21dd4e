package benchmark

import (
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"sicgrid/pkg/gridcell"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/store"
)

// timeBytes times a run of 40 cached stages whose outputs are so many bytes each, beside the same
// run when it hashes everything, which it does once. The files are sparse: they take no place on
// the disk.
func timeBytes(ctx context.Context, dir string, each int64, progress io.Writer) (Measurement, error) {
	row := Measurement{Unit: "s", Reference: "hashing them all (--paranoid)"}
	g, err := graphOfStages(1)
	if err != nil {
		return row, err
	}
	nodes := len(g.Nodes())
	row.What = fmt.Sprintf("run of %d cached stages on %.3g GB", nodes, float64(each)*float64(nodes)/1e9)
	fmt.Fprintf(progress, "making and hashing %.3g GB\n", float64(each)*float64(nodes)/1e9)
	s, err := store.Open(dir)
	if err != nil {
		return row, err
	}
	report, err := pipeline.Run(ctx, g, options(s))
	if err != nil {
		return row, err
	}
	if err := enlarge(s, report, each); err != nil {
		return row, err
	}
	time.Sleep(2100 * time.Millisecond) // an index remembers no file that is younger
	run := func(paranoid bool) (float64, error) {
		begun := time.Now()
		s, err := store.Open(dir)
		if err != nil {
			return 0, err
		}
		opt := options(s)
		opt.Paranoid = paranoid
		report, err := pipeline.Run(ctx, g, opt)
		if n := report.Count(pipeline.Cached); err == nil && n != nodes {
			err = fmt.Errorf("only %d of %d stages were cached", n, nodes)
		}
		return time.Since(begun).Seconds(), err
	}
	if row.ReferenceValue, err = run(true); err != nil {
		return row, err
	}
	var values []float64
	for range turns {
		v, err := run(false)
		if err != nil {
			return row, err
		}
		values = append(values, v)
	}
	row.Value = gridcell.Median(values)
	row.Ratio = row.Value / row.ReferenceValue
	return row, nil
}

// enlarge puts zeros in the place of what a run made, a byte more for each node so that no two are
// the same object. Nothing reads them.
func enlarge(s *store.Store, report pipeline.Report, size int64) error {
	zeros := sha256.New()
	if _, err := io.CopyN(zeros, zeroReader{}, size); err != nil {
		return err
	}
	for _, n := range report.Nodes {
		found, err := s.Lookup(n.Key, n.Numerics, true)
		if err != nil {
			return err
		}
		state, err := zeros.(encoding.BinaryMarshaler).MarshalBinary()
		if err != nil {
			return err
		}
		sum := sha256.New()
		if err := sum.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil {
			return err
		}
		zeros.Write([]byte{0})
		a := *found
		a.Outputs = []store.Output{found.Outputs[0]}
		a.Outputs[0].Object, a.Outputs[0].Bytes = store.Digest(hex.EncodeToString(sum.Sum(nil))), size
		size++
		path := s.ObjectPath(a.Outputs[0].Object)
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			return err
		}
		if err := os.Truncate(path, a.Outputs[0].Bytes); err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
		if err := s.PutAction(&a); err != nil {
			return err
		}
	}
	return nil
}

// zeroReader reads zeros without end.
type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
