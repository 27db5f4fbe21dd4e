package compute

// Backend makes trainers on one device.
type Backend struct {
	Device   string // "cpu", or the name of a GPU with its driver
	Numerics string // names what decides the last bit of its results
	New      func(Spec) (Trainer, error)
}
