package completion

import (
	"slices"
	"testing"

	"github.com/spf13/cobra"
)

// A profile is completed from whether it is given by its file or by its name.
func TestTargetsAreThoseOfTheProfileThatIsNamed(t *testing.T) {
	t.Chdir("../..")
	for _, profile := range []string{"smoke", "params/smoke.yaml"} {
		cmd := &cobra.Command{}
		cmd.Flags().String("params", "", "")
		cmd.Flags().StringArray("set", nil, "")
		if err := cmd.Flags().Set("params", profile); err != nil {
			t.Fatal(err)
		}
		if p := profileOf(cmd); p == nil || p.Name != "smoke" {
			t.Errorf("--params %s: profile %v", profile, p)
		}
		if names := completeTargets(cmd); !slices.Contains(names, "figure-6") || !slices.Contains(names, "smoke-robustness") {
			t.Errorf("--params %s: targets %v", profile, names)
		}
	}
}
