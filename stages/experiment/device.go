package experiment

import (
	"time"

	"sicgrid/pkg/compute"
)

// Device is what trains the networks.
type Device struct {
	compute.Backend
	Code      string   // name of the train stage's code digest with this device
	OtherCode []string // and with the others, whose results serve as well
	Close     func()

	CheckpointEvery time.Duration // between the checkpoints of a training
}
