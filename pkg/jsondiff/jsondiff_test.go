package jsondiff_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"sicgrid/pkg/jsondiff"
)

func ExampleCompare() {
	here := json.RawMessage(`{"modules": [{"period_m": 0.51}, {"period_m": 0.83}], "hexagonal": true}`)
	there := json.RawMessage(`{"modules": [{"period_m": 0.50}, {"period_m": 0.60}], "hexagonal": true}`)
	within, _ := jsondiff.ReadTolerances([]string{"5%"})
	fields, differences := jsondiff.Compare(here, there, within)
	fmt.Println(fields, "fields")
	for _, d := range differences {
		fmt.Println(d)
	}
	// Output:
	// 3 fields
	// "modules[1].period_m" is 0.83, the file has 0.60: off by 0.23, 38.3 %
}

func TestEveryFieldOfEitherIsCompared(t *testing.T) {
	list := func(n int) json.RawMessage {
		values := make([]int, n)
		data, _ := json.Marshal(map[string]any{"x": values, "empty": []int{}})
		return data
	}
	fields, differences := jsondiff.Compare(list(12), list(9), nil)
	if fields != 13 {
		t.Errorf("%d fields, want 12 numbers and an empty list", fields)
	}
	var names []string
	for _, d := range differences {
		if d.There != "" || d.Off != nil {
			t.Errorf("%+v, want a field that the second has not", d)
		}
		names = append(names, d.Field)
	}
	if want := []string{"x[9]", "x[10]", "x[11]"}; !slices.Equal(names, want) { // as people count
		t.Errorf("%v, want %v", names, want)
	}
}

func TestTolerancesAreAlternatives(t *testing.T) {
	within, err := jsondiff.ReadTolerances([]string{"10%", "0.02"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		here, there string
		equal       bool
	}{
		{"1.09", "1", true}, {"1.11", "1", false}, {"0.01", "0.0", true}, {"0.03", "0", false},
		{"1", `"1"`, false}, {"true", "true", true}, {"null", "0", false}, {"1e3", "1000.0", true},
	} {
		if _, differences := jsondiff.Compare(json.RawMessage(c.here), json.RawMessage(c.there), within); (len(differences) == 0) != c.equal {
			t.Errorf("%s and %s: %v", c.here, c.there, differences)
		}
	}
	for _, text := range []string{"", "x", "-1%", "NaN", "Inf"} {
		if _, err := jsondiff.ReadTolerances([]string{text}); err == nil {
			t.Errorf("%q was taken as a tolerance", text)
		}
	}
}
