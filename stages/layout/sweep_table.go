package layout

import (
	"bytes"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/estimate"
	"sicgrid/stages/experiment"
	"sicgrid/stages/sweep"
	"sicgrid/stages/sweep/sweeptable"
	"sicgrid/stages/tablefile"
)

// A sweep's table is laid out beside its figures, as Parquet and CSV. To the stored one, which is
// the same wherever and how fast it was made, it adds how long each run took.

// tableFiles are the files of a sweep's table.
func (s Source) tableFiles(n *pipeline.Node, results map[string]Result) ([]File, error) {
	tables := make([]arrow.Record, 2)
	for i, output := range []string{"runs", "points"} {
		var err error
		if tables[i], err = s.table(results[n.Name], output); err != nil {
			return nil, err
		}
	}
	runs, err := s.withSeconds(n, tables[0], results)
	if err != nil {
		return nil, err
	}
	tables[0] = runs
	at := filepath.Join(s.Folder.Path, experiment.SweepPrefix+filepath.Base(n.Name))
	var files []File
	for i, ending := range []string{"", experiment.PointsEnding} {
		var parquet bytes.Buffer
		if err := artifact.Write(&parquet, tables[i]); err != nil {
			return nil, err
		}
		csv, err := tablefile.CSV(tables[i])
		if err != nil {
			return nil, err
		}
		files = append(files, NewFile(at+ending+".parquet", parquet.Bytes()), NewFile(at+ending+".csv", csv))
	}
	return files, nil
}

// table reads an output of an up-to-date node.
func (s Source) table(r Result, output string) (arrow.Record, error) {
	action, err := s.record(r)
	if action == nil {
		return nil, fmt.Errorf("its record is gone: %w", err)
	}
	for _, o := range action.Outputs {
		if o.Name != output {
			continue
		}
		data, err := s.Store.Get(o.Object)
		if err != nil {
			return nil, err
		}
		return artifact.Read(data)
	}
	return nil, fmt.Errorf("its record has no %s", output)
}

// withSeconds adds the column "seconds": the time of a run's trainings, its recording and
// measurement, by their records.
func (s Source) withSeconds(n *pipeline.Node, runs arrow.Record, results map[string]Result) (arrow.Record, error) {
	rows, err := artifact.Rows[sweeptable.Run](runs)
	if err != nil {
		return nil, err
	}
	seconds := array.NewFloat64Builder(memory.DefaultAllocator)
	for i, row := range rows {
		total := 0.0
		for _, node := range chain(n.Inputs[sweep.Role(i)+"outcome"].Node) {
			if action, _ := s.record(results[node.Name]); action != nil {
				total += estimate.Seconds(node, action, row.Steps)
			}
		}
		seconds.Append(total)
	}
	about := arrow.NewMetadata([]string{"doc", "unit"}, []string{"time of the run: its trainings, recording and measurement", "s"})
	fields := append(runs.Schema().Fields(), arrow.Field{Name: "seconds", Type: arrow.PrimitiveTypes.Float64, Metadata: about})
	meta := runs.Schema().Metadata()
	return array.NewRecord(arrow.NewSchema(fields, &meta), append(runs.Columns(), seconds.NewArray()), runs.NumRows()), nil
}

// chain are the nodes of the run that a node belongs to, from it back to every attempt at the
// training and at its parts; the walks are everybody's.
func chain(n *pipeline.Node) []*pipeline.Node {
	made := []*pipeline.Node{n}
	for i := 0; i < len(made); i++ {
		for _, role := range slices.Sorted(maps.Keys(made[i].Inputs)) {
			if from := made[i].Inputs[role].Node; from.Stage != "trajectories" && !slices.Contains(made, from) {
				made = append(made, from)
			}
		}
	}
	return made
}
