package experiment

import (
	"strings"
	"testing"
)

// What may be asked for is said in a line that can be read, however many seeds there are.
func TestAnUnknownTargetIsAnsweredInALine(t *testing.T) {
	p, err := ReadParameters("../../params/laptop.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Wire(p, Device{}).Find([]string{"outcome/from-scratch"})
	if err == nil || len(err.Error()) > 250 || !strings.Contains(err.Error(), "one of ablate, all, ") || strings.Contains(err.Error(), "seed-") {
		t.Errorf("found %v", err)
	}
}
