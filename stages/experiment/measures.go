package experiment

import (
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/sic/loss"
	"sicgrid/stages/batch/batchtable"
	"sicgrid/stages/distances/distancestable"
	"sicgrid/stages/embed/embedtable"
	"sicgrid/stages/ratemaps/ratemapstable"
	"sicgrid/stages/spectra/spectratable"
	"sicgrid/stages/train/traintable"
	"sicgrid/stages/trajectories/trajectoriestable"
)

// What `verify --rerun` compares with a result of another instruction set or device, by stage. Over
// a training rounding grows into another network: losses are demanded to a quarter, measures of
// maps to what networks of the same quality differ by. Verdicts must be the same. Figures have none
// of their own: they show those of the stages before.
var measures = map[string]pipeline.Measures{
	"trajectories": trajectoriesMeasures,
	TrainStage:     trainMeasures,
	selectStage:    trainMeasures,
	"ratemaps":     ratemapsMeasures,
	"spectra":      spectraMeasures,
	"embed":        embedMeasures,
	"distances":    distancesMeasures,
	"batch":        batchMeasures,
	"ideal":        idealMeasures,
}

func verdict(name string, value float64) pipeline.Measure {
	return pipeline.Measure{Name: name, Value: value}
}

// near is a measure that may be off by this share of it.
func near(name string, value, share float64) pipeline.Measure {
	return pipeline.Measure{Name: name, Value: value, Within: share * math.Abs(value)}
}

// table reads an output that has at least this many rows.
func table[T any](outputs map[string]arrow.Record, name string, least int) ([]T, error) {
	rows, err := artifact.Rows[T](outputs[name])
	if err == nil && len(rows) < least {
		err = fmt.Errorf("%s has %d rows", name, len(rows))
	}
	return rows, err
}

func trajectoriesMeasures(outputs map[string]arrow.Record) ([]pipeline.Measure, error) {
	walks, err := table[trajectoriestable.Walk](outputs, "walks", 1)
	if err != nil {
		return nil, err
	}
	length, steps := 0.0, 0.0
	for _, w := range walks {
		for i := 0; i+1 < len(w.Velocity); i += 2 {
			length += math.Hypot(float64(w.Velocity[i]), float64(w.Velocity[i+1]))
			steps++
		}
	}
	return []pipeline.Measure{verdict("walks", float64(len(walks))), verdict("steps", steps), near("mean step (m)", length/steps, 0.01)}, nil
}

func trainMeasures(outputs map[string]arrow.Record) ([]pipeline.Measure, error) {
	history, err := table[traintable.Losses](outputs, "history", 1)
	if err != nil {
		return nil, err
	}
	end := history[len(history)-1]
	list := []pipeline.Measure{verdict("steps", float64(end.Step)), near("loss", end.Total, 0.25)}
	for i, x := range end.Values {
		list = append(list, near(loss.Term(i).String(), x, 0.25))
	}
	return list, nil
}

func ratemapsMeasures(outputs map[string]arrow.Record) ([]pipeline.Measure, error) {
	maps, err := table[ratemapstable.Map](outputs, "maps", 1)
	if err != nil {
		return nil, err
	}
	occupancy, err := table[ratemapstable.Occupancy](outputs, "occupancy", 1)
	if err != nil {
		return nil, err
	}
	return []pipeline.Measure{verdict("units", float64(len(maps))), {Name: "variance explained", Value: occupancy[0].Explained, Within: 0.05}}, nil
}

func spectraMeasures(outputs map[string]arrow.Record) ([]pipeline.Measure, error) {
	summary, err := table[spectratable.Summary](outputs, "summary", 1)
	if err != nil {
		return nil, err
	}
	modules, err := table[spectratable.Module](outputs, "modules", 0)
	if err != nil {
		return nil, err
	}
	s := summary[0]
	list := []pipeline.Measure{
		{Name: "active units", Value: float64(s.Active), Within: 0.1 * float64(s.Units)}, {Name: "median grid score", Value: s.Score, Within: 0.15},
		{Name: "share above 0.3", Value: s.Above, Within: 0.15}, verdict("modules", float64(s.Modules)),
	}
	for _, m := range modules {
		name := fmt.Sprintf("module %d", m.Module+1)
		hexagonal := 0.0
		if m.Hexagonal {
			hexagonal = 1
		}
		list = append(list, near(name+" period (m)", m.Period, 0.05), verdict(name+" hexagonal", hexagonal))
	}
	return list, nil
}

func embedMeasures(outputs map[string]arrow.Record) ([]pipeline.Measure, error) {
	topology, err := table[embedtable.Topology](outputs, "topology", 1)
	if err != nil {
		return nil, err
	}
	t := topology[0]
	return []pipeline.Measure{
		verdict("Betti 0", float64(t.Betti0)), verdict("Betti 1", float64(t.Betti1)), verdict("Betti 2", float64(t.Betti2)),
		{Name: "Isomap residual", Value: t.Isomap, Within: 0.05},
	}, nil
}

func distancesMeasures(outputs map[string]arrow.Record) ([]pipeline.Measure, error) {
	summary, err := table[distancestable.Summary](outputs, "summary", 1)
	if err != nil {
		return nil, err
	}
	s := summary[0]
	return []pipeline.Measure{near("plateau", s.Plateau, 0.1), near("reach of 90 % (m)", s.Reach90, 0.1), near("same place", s.Same, 0.1)}, nil
}

func batchMeasures(outputs map[string]arrow.Record) ([]pipeline.Measure, error) {
	summary, err := table[batchtable.Summary](outputs, "summary", 1)
	if err != nil {
		return nil, err
	}
	s := summary[0]
	return []pipeline.Measure{
		verdict("trajectories", float64(s.Trajectories)), verdict("length", float64(s.Length)),
		near("near pairs", float64(s.Near), 0.01), near("far pairs", float64(s.Far), 0.01),
	}, nil
}

func idealMeasures(outputs map[string]arrow.Record) ([]pipeline.Measure, error) {
	maps, err := table[ratemapstable.Map](outputs, "maps", 1)
	if err != nil {
		return nil, err
	}
	occupancy, err := table[ratemapstable.Variance](outputs, "occupancy", 1)
	if err != nil {
		return nil, err
	}
	return []pipeline.Measure{verdict("cells", float64(len(maps))), {Name: "variance explained", Value: occupancy[0].Explained, Within: 0.01}}, nil
}
