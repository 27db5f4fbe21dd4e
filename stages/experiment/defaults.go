package experiment

import (
	"fmt"
	"io"

	"sicgrid/pkg/params"
)

// defaultsFile is what WriteDefaults writes, beside the profiles.
const defaultsFile = "defaults.yaml"

// defaultsHead is the head of params/defaults.yaml.
const defaultsHead = `# Every parameter with its default, which is the paper's where the paper says it: Table 1, equations and
# figures are those of Schaeffer, Khona et al. (NeurIPS 2023). Generated from the declarations in the code by
# ` + "`sicgrid params --yaml`" + `; a profile names this file as its base and says what differs.

`

// defaultNetworks are the networks of a profile that names none itself.
const defaultNetworks = `variants:
  full: {}                   # all four losses (figure 4)
  no-capacity:               # without the capacity loss (figure 6)
    loss: {capacity: 0, capacity_start: 0, capacity_warmup: 0}

ablate:
  sigma-g-02:                # half the neural length scale
    loss: {sigma_g: 0.2}
  sigma-g-01:                # a quarter of it
    loss: {sigma_g: 0.1}
  no-separation:
    loss: {separation: 0}
  no-invariance:
    loss: {invariance: 0}
  no-permutations:           # every trajectory has velocities of its own: as many steps, each dearer
    batch: {permute: false}
  no-isometry:               # also in figure 8
    loss: {conformal_isometry: 0}
`

// YAML is the value of a parameter, in one line; WriteYAML writes the whole profile, annotated as
// the defaults are.
func (p *Parameters) YAML(key string) string { return p.doc.YAML(key) }

func (p *Parameters) WriteYAML(w io.Writer) error { return p.doc.WriteYAML(w, Profile{}) }

// WriteDefaults writes the annotated profile that all others are based on.
func WriteDefaults(w io.Writer) error {
	defaults, err := params.Defaults(Profile{})
	if err != nil {
		return err
	}
	networks, err := params.Parse("networks", []byte(defaultNetworks))
	if err != nil {
		return err
	}
	if _, err := fmt.Fprint(w, defaultsHead); err != nil {
		return err
	}
	return defaults.Merge(networks).WriteYAML(w, Profile{})
}
