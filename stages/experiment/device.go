package experiment

import "sicgrid/pkg/compute"

// Device is what trains the networks.
type Device struct {
	compute.Backend
	Code      string   // name of the train stage's code digest with this device
	OtherCode []string // and with the others, whose results serve as well
	Close     func()
}
