package recording

import (
	"math"
	"math/rand/v2"
	"testing"
)

func BenchmarkShuffles(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	const frames = 30000
	t := Track{Times: make([]float64, frames), X: make([]float64, frames), Y: make([]float64, frames)}
	for i := range frames {
		f := float64(i) / 50
		t.Times[i], t.X[i], t.Y[i] = f, 0.49*math.Sin(0.61*f), 0.49*math.Sin(0.43*f+1+0.001*f*f)
	}
	s, err := NewSamples(t, Arena{Width: 1, Height: 1, NX: 64, NY: 64}, Rules{})
	if err != nil {
		b.Fatal(err)
	}
	session := NewSession(s)
	var spikes []float64
	for range 3000 {
		spikes = append(spikes, 600*r.Float64())
	}
	session.AddSpikes(spikes, 0.03)
	b.ResetTimer()
	if _, err := session.Shuffle(b.Context(), b.N, 1, 1, nil); err != nil {
		b.Fatal(err)
	}
}
