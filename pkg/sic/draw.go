package sic

// Draw is the random content of one micro-batch.
type Draw struct {
	Velocity [][2]float32 // [D] m
	Order    []int32      // [B*T]: trajectory b takes velocity Order[b*T+t] at its step t
	Sampled  []int32      // [S] states b*T+t in the pair losses; sorted is not promised
	Position [][2]float32 // [B*T] m, after step t of trajectory b; running sums from 0 in float32
}

// NewDraw allocates a Draw for batches of this shape.
func NewDraw(b Batch) *Draw {
	return &Draw{
		Velocity: make([][2]float32, b.Distinct()),
		Order:    make([]int32, b.States()),
		Sampled:  make([]int32, b.States()),
		Position: make([][2]float32, b.States()),
	}
}

// Fill draws micro-batch number moment of the run with this seed into d. It allocates nothing.
func (d *Draw) Fill(b Batch, seed, moment uint64) {
	velocities := newSource(seed, streamVelocity, moment)
	for k := range d.Velocity {
		d.Velocity[k] = [2]float32{velocities.symmetric(b.VelocityMax), velocities.symmetric(b.VelocityMax)}
	}
	orders := newSource(seed, streamOrder, moment)
	for i := range b.Trajectories {
		order := d.Order[i*b.Length : (i+1)*b.Length]
		for t := range order {
			if b.Permute {
				order[t] = int32(t)
			} else {
				order[t] = int32(i*b.Length + t)
			}
		}
		if b.Permute {
			for t := len(order) - 1; t > 0; t-- {
				j := orders.below(t + 1)
				order[t], order[j] = order[j], order[t]
			}
		}
		var x, y float32
		for t, k := range order {
			x += d.Velocity[k][0]
			y += d.Velocity[k][1]
			d.Position[i*b.Length+t] = [2]float32{x, y}
		}
	}
	all := d.Sampled[:b.States()]
	for i := range all {
		all[i] = int32(i)
	}
	d.Sampled = all[:b.Sampled()]
	if len(d.Sampled) < len(all) {
		pairs := newSource(seed, streamPairs, moment)
		for i := range d.Sampled {
			j := i + pairs.below(len(all)-i)
			all[i], all[j] = all[j], all[i]
		}
	}
}
