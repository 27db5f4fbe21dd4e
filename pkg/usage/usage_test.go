package usage_test

import (
	"fmt"
	"os/exec"
	"testing"

	"pgregory.net/rapid"

	"sicgrid/pkg/usage"
)

// A shell takes every word back as it was.
func TestAShellReadsTheWordsThatWereMeant(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching("[ -~äµ\t\n]{0,12}").Draw(t, "word")
		out, err := exec.Command(sh, "-c", "printf %s"+usage.Words(word)).Output()
		if err != nil || string(out) != word {
			t.Fatalf("%q came back as %q, %v", word, out, err)
		}
	})
}

func ExampleRepeated() {
	fmt.Println("sicgrid run figure-6" + usage.Repeated("--set", []string{"seed=2", "title=two words"}))
	// Output: sicgrid run figure-6 --set seed=2 --set 'title=two words'
}
