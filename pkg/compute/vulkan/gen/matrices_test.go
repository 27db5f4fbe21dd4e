package main

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// instructions counts those of a module by their number.
func instructions(t *testing.T, spirv []byte) map[uint32]int {
	t.Helper()
	count := map[uint32]int{}
	for at := 20; at < len(spirv); {
		word := binary.LittleEndian.Uint32(spirv[at:])
		if word>>16 == 0 {
			t.Fatalf("no instruction at byte %d", at)
		}
		count[word&0xffff]++
		at += 4 * int(word>>16)
	}
	return count
}

// module is SPIR-V of these instructions, each a number and its operands.
func module(list ...[]uint32) []byte {
	words := []uint32{0x07230203, 0x00010500, 0, 100, 0}
	for _, in := range list {
		words = append(append(words, uint32(len(in))<<16|in[0]), in[1:]...)
	}
	b, _ := binary.Append(nil, binary.LittleEndian, words)
	return b
}

// What is checked in uses the Khronos group's matrices alone, with all three roles.
func TestShadersAreTranslated(t *testing.T) {
	files, err := filepath.Glob("../shaders/*" + mixed + ".spv")
	if err != nil || len(files) < 6 {
		t.Fatalf("%d shaders, %v", len(files), err)
	}
	for _, file := range files {
		spirv, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		n := instructions(t, spirv)
		if n[typeNV]+n[loadNV]+n[storeNV]+n[multiplyNV]+n[lengthNV] > 0 || strings.Contains(string(spirv), "SPV_NV_cooperative_matrix") {
			t.Errorf("%s has NVIDIA's matrices: %v", file, n)
		}
		if multiplies := !strings.Contains(file, "pack"); multiplies && (n[typeKHR] != 3 || n[multiplyKHR] == 0 || n[storeKHR] == 0 || !strings.Contains(string(spirv), "SPV_KHR_cooperative_matrix")) {
			t.Errorf("%s: %v", file, n)
		}
	}
}

// A load by columns gets its layout as a number, and its stride after it.
func TestALoadByColumns(t *testing.T) {
	half, uint32s, scope, stride, yes, m, k := uint32(1), uint32(2), uint32(3), uint32(4), uint32(5), uint32(6), uint32(7)
	got, err := toKHR(module(
		[]uint32{opDecorate, m, decorateSpecID, constantM}, []uint32{opDecorate, k, decorateSpecID, constantK},
		[]uint32{opTypeFloat, half, 16}, []uint32{opTypeInt, uint32s, 32, 0}, []uint32{opConstantTrue, 8, yes},
		[]uint32{typeNV, 9, half, scope, m, k}, []uint32{loadNV, 9, 10, 11, stride, yes, 2, 4},
	))
	if err != nil {
		t.Fatal(err)
	}
	want := module(
		[]uint32{opDecorate, m, decorateSpecID, constantM}, []uint32{opDecorate, k, decorateSpecID, constantK},
		[]uint32{opTypeFloat, half, 16}, []uint32{opTypeInt, uint32s, 32, 0},
		[]uint32{opConstant, uint32s, 100, 0}, []uint32{opConstant, uint32s, 101, 1}, []uint32{opConstant, uint32s, 102, 2},
		[]uint32{opConstantTrue, 8, yes},
		[]uint32{typeKHR, 9, half, scope, m, k, 100}, []uint32{loadKHR, 9, 10, 11, 101, stride, 2, 4},
	)
	want[12] = 103 // ids are now below this
	if string(got) != string(want) {
		t.Errorf("got\n% x, want\n% x", got, want)
	}
}

// What has no translation is an error, not another shader.
func TestWhatHasNoTranslation(t *testing.T) {
	for name, spirv := range map[string][]byte{
		"a matrix of other sizes": module([]uint32{opTypeFloat, 1, 16}, []uint32{typeNV, 9, 1, 3, 6, 7}),
		"a length":                module([]uint32{lengthNV, 1, 2, 3}),
		"a truncated module":      module([]uint32{opTypeFloat, 1, 16})[:28],
		"nothing":                 nil,
	} {
		if _, err := toKHR(spirv); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
