// Package walk draws evaluation walks: smooth paths of an animal that forages in a square box and
// avoids its walls.
//
//   - A step is the displacement between two time steps, in metres. The networks are told nothing but
//     steps.
//   - The heading is the direction of a step; the turn is its change from one step to the next, in
//     radians.
//   - The box is a square of side BoxM with the origin at its centre; a wall is one of its four sides.
//
// Turns follow an Ornstein-Uhlenbeck process (a rotational one, as in RatInABox), step lengths a
// stationary process with a Rayleigh distribution (as in Sorscher et al. and RatInABox) that is
// clipped to the range of the training steps. Near a wall the animal is turned away from it and,
// where it approaches, slows down; the turn also acts along the wall, which keeps the animal from
// following it and the samples close to uniform up to the walls.
package walk

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Motion says how the animal moves. Lengths are in metres, times in steps, angles in radians.
type Motion struct {
	StepMinM     float64 `json:"step_min_m" unit:"m" range:"> 0" default:"0.02" doc:"shortest step"`
	StepMaxM     float64 `json:"step_max_m" unit:"m" range:"> 0" default:"0.1" doc:"longest step"`
	StepScaleM   float64 `json:"step_scale_m" unit:"m" range:"> 0" default:"0.045" doc:"mode of the Rayleigh distribution of step lengths"`
	StepMemory   float64 `json:"step_memory" unit:"steps" range:"> 0" default:"10" doc:"correlation time of the step length"`
	TurnSD       float64 `json:"turn_sd" unit:"rad" range:">= 0" default:"0.2" doc:"standard deviation of the turn at a step"`
	TurnMemory   float64 `json:"turn_memory" unit:"steps" range:"> 0" default:"2" doc:"correlation time of the turn"`
	VelocityMaxM float64 `json:"velocity_max_m" unit:"m" range:"> 0" default:"0.15" doc:"bound on each component of a step, as batch.velocity_max"`
	WallM        float64 `json:"wall_m" unit:"m" range:">= 0" default:"0.15" doc:"distance at which a wall begins to act"`
	WallTurn     float64 `json:"wall_turn" unit:"rad" range:"[0, pi/2]" default:"0.7" doc:"turn at the wall itself"`
	WallSlow     float64 `json:"wall_slow" range:"(0, 1]" default:"0.5" doc:"share of the step length that is left at the wall, met head-on"`
}

// DefaultMotion has steps of 0.02-0.1 m within training components of 0.15 m, headings that persist
// for about 0.7 m and walls that act from 0.15 m on. With it the samples are close to uniform up to
// the walls.
func DefaultMotion() Motion {
	return Motion{
		StepMinM: 0.02, StepMaxM: 0.1, StepScaleM: 0.045, StepMemory: 10,
		TurnSD: 0.2, TurnMemory: 2, VelocityMaxM: 0.15,
		WallM: 0.15, WallTurn: 0.7, WallSlow: 0.5,
	}
}

// Impossible is an error that names a parameter of a motion, or its box, and what it must be.
type Impossible struct {
	Parameter string // as in JSON, "box_m" for the box
	Reason    string // "found 0.2, must be at most 0.15, the bound on its components"
}

func (e *Impossible) Error() string { return "walk: " + e.Parameter + ": " + e.Reason }

// Check returns an *Impossible of the first parameter that does not fit the others, or the box of
// side boxM metres. The range of each by itself is that of its tag.
func (m Motion) Check(boxM float64) error {
	switch narrowest := minStepsAcross * m.StepMaxM; {
	case !(m.StepMaxM > m.StepMinM):
		return &Impossible{"step_max_m", fmt.Sprintf("found %v, must be greater than %v, the shortest step", m.StepMaxM, m.StepMinM)}
	case !(m.StepMaxM <= m.VelocityMaxM):
		return &Impossible{"step_max_m", fmt.Sprintf("found %v, must be at most %v, the bound on its components", m.StepMaxM, m.VelocityMaxM)}
	case !(boxM >= narrowest) || math.IsInf(boxM, 0):
		return &Impossible{"box_m", fmt.Sprintf("found %v m, must be at least %v m, %d of the longest steps", boxM, narrowest, minStepsAcross)}
	case !(boxM > 2*m.WallM):
		return &Impossible{"box_m", fmt.Sprintf("found %v m, must be more than %v m, twice the reach of a wall", boxM, 2*m.WallM)}
	}
	return nil
}

const (
	// minStepsAcross is the width of the narrowest box in longest steps; below it the walls decide
	// every step.
	minStepsAcross = 4
	// marginM keeps positions off the walls by more than the rounding to float32.
	marginM = 1e-4
	// stepMargin keeps step lengths inside their range after the components are rounded to float32.
	stepMargin = 1e-6
	// deflection is the unit, in radians, by which a step that would leave the box is turned.
	deflection = math.Pi / halfTurn
	halfTurn   = 180
)

// Walk is one path of n steps from the centre of the box.
type Walk struct {
	Velocity []float32 // [n,2] steps, m
	Position []float32 // [n,2] after each step, m from the centre: running float64 sums of Velocity, rounded
}

// Draw returns walk number index of a box of side boxM metres. It depends on seed, boxM, index and
// the motion alone; a longer walk of the same index begins with the shorter one.
func (m Motion) Draw(seed uint64, boxM float64, index, steps int) (*Walk, error) {
	if err := m.Check(boxM); err != nil {
		return nil, err
	}
	if steps < 1 || index < 0 {
		return nil, fmt.Errorf("walk: %d steps of walk %d: there must be at least 1 step, and walks are counted from 0", steps, index)
	}
	random := rand.New(rand.NewPCG(seed, mix(mix(math.Float64bits(boxM))^uint64(index))))
	half := boxM/2 - marginM
	stepKeep, stepKick := memory(m.StepMemory)
	turnKeep, turnKick := memory(m.TurnMemory)

	heading := 2 * math.Pi * random.Float64()
	turn := m.TurnSD * random.NormFloat64()
	// The modulus of two independent Ornstein-Uhlenbeck processes is a smooth process with a
	// Rayleigh distribution.
	u, v := random.NormFloat64(), random.NormFloat64()
	w := &Walk{Velocity: make([]float32, 2*steps), Position: make([]float32, 2*steps)}
	var x, y float64
	for t := range steps {
		if t > 0 {
			turn = turnKeep*turn + turnKick*m.TurnSD*random.NormFloat64()
			u = stepKeep*u + stepKick*random.NormFloat64()
			v = stepKeep*v + stepKick*random.NormFloat64()
		}
		away, slow := m.wall(x, y, heading, boxM)
		length := slow * m.StepScaleM * math.Hypot(u, v)
		length = min(max(length, m.StepMinM*(1+stepMargin)), m.StepMaxM*(1-stepMargin))
		heading, length = m.inside(x, y, heading+turn+away, length, half)

		vx, vy := float32(length*math.Cos(heading)), float32(length*math.Sin(heading))
		x += float64(vx)
		y += float64(vy)
		w.Velocity[2*t], w.Velocity[2*t+1] = vx, vy
		w.Position[2*t], w.Position[2*t+1] = float32(x), float32(y)
	}
	return w, nil
}

// wall returns the turn by which the walls near (x, y) act on an animal with this heading, and the
// factor by which they slow it. A wall acts in proportion to its closeness (0 at WallM, 1 at the
// wall); two near walls act as the vector sum of their inward normals. The turn takes the shorter
// way to the normal and is WallTurn closeness sin^2(a/2), a the angle between heading and normal;
// only an animal that approaches is slowed.
func (m Motion) wall(x, y, heading, boxM float64) (turn, slow float64) {
	push := func(coordinate float64) float64 {
		gap := boxM/2 - math.Abs(coordinate)
		if gap >= m.WallM {
			return 0
		}
		return math.Copysign(1-gap/m.WallM, -coordinate)
	}
	px, py := push(x), push(y)
	closeness := math.Hypot(px, py)
	if closeness == 0 {
		return 0, 1
	}
	cos, sin := math.Cos(heading), math.Sin(heading)
	leaving := (cos*px + sin*py) / closeness // cos a
	closeness = min(closeness, 1)
	turn = math.Copysign(m.WallTurn*closeness*(1-leaving)/2, cos*py-sin*px)
	return turn, 1 - (1-m.WallSlow)*closeness*max(0, -leaving)
}

// inside returns the heading nearest to the given one whose shortest step stays in the box |x|, |y|
// <= half, and the longest step along it that stays, up to the given length.
func (m Motion) inside(x, y, heading, length, half float64) (float64, float64) {
	shortest := m.StepMinM * (1 + stepMargin)
	for k := range 2 * halfTurn {
		h := heading + deflection*float64((k+1)/2*(1-2*(k%2)))
		if room := min(reach(x, math.Cos(h), half), reach(y, math.Sin(h), half)); room >= shortest {
			return h, min(length, room)
		}
	}
	return math.Atan2(-y, -x), shortest // out of reach in a box that Check accepts
}

// reach returns how far an animal at the given coordinate can go before |coordinate| passes half;
// slope is the share of its way that goes along this axis.
func reach(coordinate, slope, half float64) float64 {
	if slope == 0 {
		return math.Inf(1)
	}
	return (half - math.Copysign(coordinate, coordinate*slope)) / math.Abs(slope)
}

// memory returns the factors of an Ornstein-Uhlenbeck step of unit variance: x' = keep x + kick
// noise.
func memory(steps float64) (keep, kick float64) {
	keep = math.Exp(-1 / steps)
	return keep, math.Sqrt(1 - keep*keep)
}

// mix is the finaliser of splitmix64; it spreads every input bit over the word.
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

// Count returns the number of walks of the given steps whose samples are on average samplesPerBin
// in each of the bins x bins of a map, rounded up.
func Count(samplesPerBin float64, bins, steps int) (int, error) {
	if !(samplesPerBin > 0) || math.IsInf(samplesPerBin, 0) || bins < 1 || steps < 1 {
		return 0, fmt.Errorf("walk: %g samples a bin of %d x %d bins by walks of %d steps: all must be above 0", samplesPerBin, bins, bins, steps)
	}
	count := math.Ceil(samplesPerBin * float64(bins) * float64(bins) / float64(steps))
	if count > math.MaxInt32 {
		return 0, fmt.Errorf("walk: %g walks are needed for %g samples a bin of %d x %d bins: ask for fewer", count, samplesPerBin, bins, bins)
	}
	return int(count), nil
}
