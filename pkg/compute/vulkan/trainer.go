package vulkan

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/compute/vulkan/vk"
	"sicgrid/pkg/sic"
)

// Trainer is the training step on a GPU. It implements compute.Trainer.
type Trainer struct {
	*shape
	device *Device
	at     places // where everything lies on the device
	arena  *vk.Buffer
	host   *vk.Buffer // records, then room for a state
	record *recorder

	step    int
	plateau sic.Plateau
	burst   int           // steps of the next submission
	kept    compute.State // the last one that the host has seen
	lost    error

	// Parts, if not nil, is given the seconds that each shader takes on the device.
	Parts map[string]float64
}

// New returns a fresh run on the device.
func New(spec compute.Spec, d *Device) (*Trainer, error) {
	s, err := newShape(spec, d)
	if err != nil {
		return nil, err
	}
	t := &Trainer{shape: s, device: d, plateau: sic.NewPlateau(), burst: 1}
	d.mu.Lock()
	err = t.allocate()
	d.mu.Unlock()
	if err == nil {
		err = t.Restore(compute.State{Params: sic.InitialParameters(spec.Network, spec.Seed), Moments: sic.NewMoments[float32](s.size), Plateau: t.plateau})
	}
	if err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

func (t *Trainer) allocate() (err error) {
	var a arena
	t.at = t.lay(&a)
	if a.err != nil {
		return a.err
	}
	if t.arena, err = t.device.NewBuffer(a.size, vk.OnDevice); err != nil {
		return err
	}
	t.at.shift(t.arena.Address)
	if t.host, err = t.device.NewBuffer(t.stateAt()+4*uint64(3*t.size+len(t.mask)+len(t.shares))+256, vk.OnHost); err != nil {
		return err
	}
	if t.record, err = newRecorder(t); err == nil {
		t.record.pieces = true // until it is known how long a step takes
	}
	return err
}

// DeviceBytes is the memory that the run takes on the device.
func (t *Trainer) DeviceBytes() uint64 { return t.arena.Size }

// stateAt is where a state begins in the host's buffer; 256 zeros for the scalars follow it, the
// mask and the shares of gains.
func (t *Trainer) stateAt() uint64 { return uint64(t.steps * recordSize) }

// Close implements compute.Trainer.
func (t *Trainer) Close() {
	t.device.mu.Lock()
	defer t.device.mu.Unlock()
	if t.record != nil {
		t.record.Close()
	}
	t.host.Close()
	t.arena.Close()
	t.host, t.arena, t.record = nil, nil, nil
}

// SetThreads implements compute.Trainer; the GPU does not ask.
func (t *Trainer) SetThreads(int) {}

// target is how long a submission should last: short enough for a display that
// shares the GPU, and for an interrupt.
const target = 80 * time.Millisecond

// Train implements compute.Trainer.
func (t *Trainer) Train(n int, records []compute.Record) ([]compute.Record, error) {
	n = min(n, t.spec.Optimiser.Steps-t.step)
	for n > 0 {
		if t.lost != nil {
			return records, t.lost
		}
		k := min(n, t.burst, t.steps, t.untilObserved())
		if t.Parts != nil {
			k = min(k, timedSteps)
		}
		begun := time.Now()
		if err := t.run(k); err != nil {
			return records, t.fault(err)
		}
		perStep := time.Since(begun) / time.Duration(k)
		t.record.pieces = perStep > target
		t.burst = min(max(int(target/max(perStep, time.Microsecond)), 1), 4*t.burst)
		for i := range k {
			record, err := t.read(i)
			if err != nil {
				return records, err
			}
			t.spec.Optimiser.Observe(&t.plateau, record.Terms.Total)
			t.step = record.Step
			records = append(records, record)
		}
		n -= k
	}
	return records, nil
}

// untilObserved is how many steps have the present learning rate for certain.
func (t *Trainer) untilObserved() int {
	if t.spec.Optimiser.Schedule != sic.SchedulePlateau {
		return math.MaxInt
	}
	return max(t.spec.Optimiser.Window-t.plateau.Observed, 1)
}

// run submits k steps and waits for them.
func (t *Trainer) run(k int) error {
	t.device.mu.Lock()
	defer t.device.mu.Unlock()
	r := t.record
	if err := r.start(t.Parts); err != nil {
		return err
	}
	r.draw(t, k)
	for i := range k {
		r.optimiserStep(t, i)
	}
	r.Copy(t.host, 0, t.arena, uint64(t.at.records-t.arena.Address), uint64(k*recordSize))
	r.ToHost()
	return r.finish()
}

// read returns the record of step i of the last submission, or a *compute.NotFinite.
func (t *Trainer) read(i int) (compute.Record, error) {
	const far, near, short, dead, norm, stopped = mostTerms, mostTerms + 2, mostTerms + 4, mostTerms + 6, mostTerms + 8, mostTerms + 9
	at := uint64(i * recordSize)
	f, w := t.host.Floats(at, recordSize/4), t.host.Words(at, recordSize/4)
	count := func(i int) int { return int(uint64(w[i+1])<<32 | uint64(w[i])) }
	r := compute.Record{Step: t.step + 1, Rate: t.spec.Optimiser.Rate(t.step+1, t.plateau), GradientNorm: float64(f[norm])}
	r.Terms = sic.Terms{Far: count(far), Near: count(near), Short: count(short), Dead: count(dead)}
	for i := range r.Terms.Values {
		r.Terms.Values[i] = float64(f[i])
	}
	r.Terms.Weigh(t.spec.Loss.Weights(r.Step))
	if err := compute.CheckFinite(r.Step, r.Terms, r.GradientNorm); err != nil {
		return r, err
	}
	if w[stopped] != 0 {
		return r, &compute.NotFinite{Step: r.Step, Term: "gradient"}
	}
	return r, nil
}

// fault turns an error of the device into what the caller acts on.
func (t *Trainer) fault(err error) error {
	if errors.Is(err, vk.ErrDeviceLost) {
		t.lost = &compute.DeviceLost{Device: t.device.Name, Step: t.step, Cause: err}
		return t.lost
	}
	return err
}

// State implements compute.Trainer. Once the device is lost it is the last state
// that the host has seen.
func (t *Trainer) State() compute.State {
	if t.kept.Step != t.step && t.lost == nil {
		if err := t.fetch(); err != nil && t.fault(err) != t.lost {
			t.lost = fmt.Errorf("read the state: %w", err)
		}
	}
	return clone(t.kept)
}

func clone(s compute.State) compute.State {
	s.Params, s.Moments.First, s.Moments.Second = slices.Clone(s.Params), slices.Clone(s.Moments.First), slices.Clone(s.Moments.Second)
	return s
}

func (t *Trainer) vectors() []vk.Address { return []vk.Address{t.at.params, t.at.first, t.at.second} }

// fetch reads the state from the device.
func (t *Trainer) fetch() error {
	t.device.mu.Lock()
	defer t.device.mu.Unlock()
	r := t.record
	if err := r.Begin(); err != nil {
		return err
	}
	size := 4 * uint64(t.size)
	for i, v := range t.vectors() {
		r.Copy(t.host, t.stateAt()+uint64(i)*size, t.arena, uint64(v-t.arena.Address), size)
	}
	r.ToHost()
	if err := r.Submit(); err != nil {
		return err
	}
	vector := func(i uint64) []float32 { return slices.Clone(t.host.Floats(t.stateAt()+i*size, t.size)) }
	t.kept = compute.State{Step: t.step, Params: vector(0), Moments: sic.Moments[float32]{First: vector(1), Second: vector(2)}, Plateau: t.plateau}
	return nil
}

// Restore implements compute.Trainer.
func (t *Trainer) Restore(s compute.State) error {
	if err := s.Check(t.size); err != nil {
		return err
	}
	s = clone(s)
	sic.Apply(t.mask, s.Params)
	if err := t.send(s); err != nil {
		return t.fault(err)
	}
	t.step, t.plateau, t.kept = s.Step, s.Plateau, s
	return nil
}

// send writes a state, mask and shares to the device, and clears the scalars.
func (t *Trainer) send(s compute.State) error {
	t.device.mu.Lock()
	defer t.device.mu.Unlock()
	r := t.record
	if err := r.Begin(); err != nil {
		return err
	}
	size := 4 * uint64(t.size)
	for i, v := range [][]float32{s.Params, s.Moments.First, s.Moments.Second} {
		from := t.stateAt() + uint64(i)*size
		copy(t.host.Floats(from, t.size), v)
		r.Copy(t.arena, uint64(t.vectors()[i]-t.arena.Address), t.host, from, size)
	}
	clear(t.host.Words(t.stateAt()+3*size, 64))
	r.Copy(t.arena, uint64(t.at.scalars-t.arena.Address), t.host, t.stateAt()+3*size, 256)
	from := t.stateAt() + 3*size + 256
	for _, v := range []struct {
		values []float32
		to     vk.Address
	}{{t.mask, t.at.mask}, {t.shares, t.at.shares}} {
		if bytes := 4 * uint64(len(v.values)); bytes > 0 {
			copy(t.host.Floats(from, len(v.values)), v.values)
			r.Copy(t.arena, uint64(v.to-t.arena.Address), t.host, from, bytes)
			from += bytes
		}
	}
	r.Barrier()
	return r.Submit()
}
