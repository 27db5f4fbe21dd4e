package report

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"

	"sicgrid/pkg/sic/loss"
	"sicgrid/stages/embed/embedtable"
	"sicgrid/stages/spectra/spectratable"
	"sicgrid/stages/train/traintable"
)

// What the page's script draws of: numbers as JSON, and arrays of bytes in base64.

// value is a number of five figures; null where it is not finite.
type value float64

// MarshalJSON writes it.
func (v value) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, float64(v), 'g', 5, 64), nil
}

type pageData struct {
	Networks []networkData `json:"networks"`
	Terms    []termData    `json:"terms"`
	Torus    string        `json:"torus"` // network whose states are shown first
	Live     bool          `json:"live"`
}

type termData struct {
	Short string `json:"short"`
	Paper bool   `json:"paper"` // whether the paper has it
}

type networkData struct {
	Name    string      `json:"name"`
	Title   string      `json:"title"`
	Variant bool        `json:"variant"`
	State   State       `json:"state"`
	Reason  string      `json:"reason"`
	Boxes   []boxData   `json:"boxes"`
	History [][]value   `json:"history"` // step, total, terms, gradient norm, learning rate
	Weights []value     `json:"weights"` // of the terms
	States  *statesData `json:"states"`

	Forming  *formingData `json:"forming"`  // null: none were made
	Unformed string       `json:"unformed"` // why not
	Form     []string     `json:"form"`     // commands that make them
}

type boxData struct {
	Name    string       `json:"name"`
	Side    value        `json:"side"`
	Bins    int          `json:"bins"`
	State   State        `json:"state"`
	Reason  string       `json:"reason"`
	Units   []unitData   `json:"units"`
	Modules []moduleData `json:"modules"`
	Maps    string       `json:"maps"` // identifier of the bytes; "" = none
	Lags    string       `json:"lags"`
}

type unitData struct {
	Unit         int32  `json:"unit"`
	Active       bool   `json:"active"`
	Peak         value  `json:"peak"`
	Score        value  `json:"score"`
	Corrected    value  `json:"corrected"`
	Square       value  `json:"square"`
	Ellipse      value  `json:"ellipse"`
	Period       value  `json:"period"`
	Orientation  value  `json:"orientation"`
	Module       int32  `json:"module"`
	Phi1         value  `json:"phi1"`
	Phi2         value  `json:"phi2"`
	Phi3         value  `json:"phi3"`
	Drift        value  `json:"drift"`
	Fields       int32  `json:"fields"`
	Modulation   value  `json:"modulation"`
	Superlattice int32  `json:"superlattice"`
	NoPeriod     string `json:"noPeriod,omitempty"`
}

type moduleData struct {
	Module      int32       `json:"module"`
	N           int32       `json:"n"`
	Period      value       `json:"period"`
	Orientation value       `json:"orientation"`
	Score       value       `json:"score"`
	Hexagonal   bool        `json:"hexagonal"`
	K           [3][2]value `json:"k"` // rad/m
}

// statesData are population states: eight 16-bit numbers each (place x, y; three principal
// components; three coordinates of the spectral embedding), scaled by the largest of their kind;
// -32768 where there is none.
type statesData struct {
	Box    string     `json:"box"`
	Side   value      `json:"side"`
	N      int        `json:"n"`
	Bytes  string     `json:"bytes"`
	Scales [3]value   `json:"scales"`
	Betti  []int32    `json:"betti"`
	State  State      `json:"state"`
	Reason string     `json:"reason"`
	K      [][2]value `json:"k"` // of the module whose units' states these are, rad/m; none = of all active units
	Of     string     `json:"of"`
	// Undetermined says why there are no Betti numbers.
	Undetermined string `json:"undetermined"`
}

// Blob is an array of bytes; a list of one, so that it is written as JSON without any escapes.
type Blob struct {
	ID     string
	Base64 []string
}

func (p *Page) addBlob(id string, data []byte) string {
	p.Blobs = append(p.Blobs, Blob{id, []string{base64.StdEncoding.EncodeToString(data)}})
	return id
}

// gather makes the data of every network that has any.
func (p *Page) gather() {
	for _, t := range loss.Table {
		p.Data.Terms = append(p.Data.Terms, termData{t.Short, t.Equation > 0})
	}
	p.Data.Torus = p.source.Parameters.Figures.Figure6.Variant
	for _, n := range p.networks {
		d := networkData{Name: n.name, Title: n.title, Variant: n.variant, History: history(n.history), Weights: []value{}}
		d.State, d.Reason = n.state()
		for _, w := range n.weights {
			d.Weights = append(d.Weights, value(w))
		}
		for _, b := range n.boxes {
			d.Boxes = append(d.Boxes, p.boxData(n, b))
		}
		if n.name == p.source.Parameters.Figures.Training.Variant {
			d.Forming = p.forming()
		}
		if d.Forming == nil {
			d.Unformed, d.Form = p.unformed(n)
		}
		for _, b := range slices.Backward(n.boxes) { // of the largest box where there are any
			if d.States == nil {
				d.States = p.statesData(n, b)
			}
		}
		p.Data.Networks = append(p.Data.Networks, d)
	}
}

func (p *Page) boxData(n *network, b *box) boxData {
	d := boxData{Name: b.name, Side: value(b.side), State: b.judged.State, Reason: b.judged.Reason, Units: []unitData{}, Modules: []moduleData{}}
	for _, u := range b.units {
		d.Units = append(d.Units, unitOf(u))
	}
	for _, m := range b.modules {
		d.Modules = append(d.Modules, moduleData{m.Module, m.N, value(m.Period), value(m.Orientation), value(m.Score), m.Hexagonal, waveVectors(m)})
	}
	if len(b.units) == 0 || len(b.maps) != len(b.units) {
		return d
	}
	d.Bins = int(math.Sqrt(float64(len(b.maps[0].Mean))))
	var maps, lags []byte
	for i, m := range b.maps {
		maps = appendScaled(maps, m.Mean, 0, b.units[i].Peak)
	}
	d.Maps = p.addBlob("maps-"+n.name+"-"+b.name, maps)
	if len(b.lags) != len(b.units) {
		return d
	}
	for _, a := range b.lags { // the second half is the first, turned round
		lags = appendScaled(lags, a.Values[:(len(a.Values)+1)/2], -1, 1)
	}
	d.Lags = p.addBlob("lags-"+n.name+"-"+b.name, lags)
	return d
}

func unitOf(u spectratable.Unit) unitData {
	return unitData{u.Unit, u.Active, value(u.Peak), value(u.Score), value(u.Corrected), value(u.Square), value(u.EllipseRatio), value(u.Period), value(u.Orientation), u.Module,
		value(u.Phi1), value(u.Phi2), value(u.Phi3), value(u.Drift), u.Fields, value(u.Modulation), u.Superlattice, u.NoPeriod}
}

func waveVectors(m spectratable.Module) [3][2]value {
	return [3][2]value{{value(m.K1X), value(m.K1Y)}, {value(m.K2X), value(m.K2Y)}, {value(m.K3X), value(m.K3Y)}}
}

// appendScaled writes low as 0, high as 254, and what is no number as 255.
func appendScaled(out []byte, values []float32, low, high float64) []byte {
	for _, v := range values {
		t := (float64(v) - low) / (high - low)
		switch {
		case math.IsNaN(float64(v)):
			out = append(out, 255)
		case math.IsNaN(t): // of a unit that is silent
			out = append(out, 0)
		default:
			out = append(out, byte(math.Round(254*min(max(t, 0), 1))))
		}
	}
	return out
}

// shownRows is how many rows of a history are drawn at most.
const shownRows = 400

// history has one row a recorded step, every second, third, ... where there are many.
func history(rows []traintable.Losses) (out [][]value) {
	every := (len(rows) + shownRows - 1) / shownRows
	for i, row := range rows {
		if i%max(every, 1) != 0 && i != len(rows)-1 {
			continue
		}
		line := []value{value(row.Step), value(row.Total), value(row.GradientNorm), value(row.LearningRate)}
		for _, v := range row.Values {
			line = append(line, value(v))
		}
		out = append(out, line)
	}
	return out
}

func (p *Page) statesData(n *network, b *box) *statesData {
	if len(b.points) == 0 {
		return nil
	}
	s := &statesData{Box: b.name, Side: value(b.side), N: len(b.points), State: b.embedded.State, Reason: b.embedded.Reason}
	parts := [3]func(embedtable.Point) []float32{
		func(p embedtable.Point) []float32 { return []float32{p.X, p.Y} },
		func(p embedtable.Point) []float32 { return three(p.PC) },
		func(p embedtable.Point) []float32 { return three(p.Embedding) },
	}
	var scales [3]float64
	for _, point := range b.points {
		for i, part := range parts {
			for _, v := range part(point) {
				if a := math.Abs(float64(v)); !math.IsNaN(a) && !math.IsInf(a, 0) {
					scales[i] = max(scales[i], a)
				}
			}
		}
	}
	var data []byte
	for _, point := range b.points {
		for i, part := range parts {
			for _, v := range part(point) {
				q := int16(math.MinInt16)
				if t := float64(v) / scales[i]; !math.IsNaN(t) && !math.IsInf(t, 0) {
					q = int16(math.Round(t * math.MaxInt16))
				}
				data = binary.LittleEndian.AppendUint16(data, uint16(q))
			}
		}
	}
	s.Bytes = p.addBlob("states-"+n.name, data)
	s.Scales = [3]value{value(scales[0]), value(scales[1]), value(scales[2])}
	if t := b.topology; t.Betti0 > 0 {
		s.Betti = []int32{t.Betti0, t.Betti1, t.Betti2}
	}
	s.Undetermined = b.undetermined
	if m := b.embeddedModule; m != nil {
		k := waveVectors(*m)
		s.K, s.Of = k[:], fmt.Sprintf("%d units of module %d, %s", m.N, m.Module+1, metres(m.Period))
	}
	return s
}

// three are the first three coordinates, with none in the place of those that there are not.
func three(values []float32) []float32 {
	nan := float32(math.NaN())
	out := []float32{nan, nan, nan}
	copy(out, values)
	return out
}
