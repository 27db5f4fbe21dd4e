package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// The numbers of SPIR-V's instructions and operands that matrices takes part in.
const (
	opExtension     = 10
	opCapability    = 17
	opTypeInt       = 21
	opTypeFloat     = 22
	opConstant      = 43
	opConstantTrue  = 41
	opConstantFalse = 42
	opDecorate      = 71
	decorateSpecID  = 1

	typeNV, loadNV, storeNV, multiplyNV     = 5358, 5359, 5360, 5361
	typeKHR, loadKHR, storeKHR, multiplyKHR = 4456, 4457, 4458, 4459
	lengthNV                                = 5362
	capabilityNV, capabilityKHR             = 5357, 6022
)

// The roles of a matrix, and how one lies in memory, as SPV_KHR_cooperative_matrix numbers them.
const (
	useA = iota
	useB
	useSum
)

const (
	rowMajor = iota
	columnMajor
)

// The specialization constants of matrix.glsl.
const (
	constantM = 1
	constantN = 2
	constantK = 3
)

// toKHR turns a module that uses SPV_NV_cooperative_matrix, which the pinned glslang can write,
// into one that uses SPV_KHR_cooperative_matrix, which drivers offer (both specifications in the
// Khronos group's SPIR-V registry). The instructions correspond one to one. Two operands differ: a
// type also names the matrix's role, which follows from its component and from which of M, N and K
// its sizes are; and the layout is a number instead of a boolean.
func toKHR(spirv []byte) ([]byte, error) {
	words := make([]uint32, len(spirv)/4)
	if _, err := binary.Decode(spirv, binary.LittleEndian, words); err != nil || len(words) < 5 {
		return nil, errors.New("not SPIR-V")
	}
	r := rewriter{out: append([]uint32(nil), words[:5]...), constant: map[uint32]uint32{}, spec: map[uint32]uint32{}, layout: map[uint32]uint32{}, width: map[uint32]uint32{}}
	for at := 5; at < len(words); {
		n := int(words[at] >> 16)
		if n == 0 || at+n > len(words) {
			return nil, errors.New("a truncated instruction")
		}
		if err := r.rewrite(words[at]&0xffff, words[at+1:at+n]); err != nil {
			return nil, err
		}
		at += n
	}
	return binary.Append(nil, binary.LittleEndian, r.out)
}

type rewriter struct {
	out      []uint32
	constant map[uint32]uint32 // by value, what stands for roles and layouts
	spec     map[uint32]uint32 // of an id, the number of its specialization constant
	layout   map[uint32]uint32 // of the id of a boolean
	width    map[uint32]uint32 // bits of a type of floats
}

func (r *rewriter) emit(op uint32, operands ...uint32) {
	r.out = append(append(r.out, uint32(len(operands)+1)<<16|op), operands...)
}

func (r *rewriter) rewrite(op uint32, in []uint32) error {
	switch op {
	case opCapability:
		if in[0] == capabilityNV {
			in = []uint32{capabilityKHR}
		}
	case opExtension:
		if name, _ := binary.Append(nil, binary.LittleEndian, in); bytes.HasPrefix(name, []byte("SPV_NV_cooperative_matrix")) {
			in = text("SPV_KHR_cooperative_matrix")
		}
	case opDecorate:
		if in[1] == decorateSpecID {
			r.spec[in[0]] = in[2]
		}
	case opTypeFloat:
		r.width[in[0]] = in[1]
	case opConstantTrue:
		r.layout[in[1]] = columnMajor
	case opConstantFalse:
		r.layout[in[1]] = rowMajor
	case opTypeInt:
		r.emit(op, in...)
		if len(r.constant) == 0 && in[1] == 32 && in[2] == 0 {
			for value := range uint32(useSum + 1) {
				r.constant[value] = r.out[3] // the bound of all ids so far
				r.emit(opConstant, in[0], r.out[3], value)
				r.out[3]++
			}
		}
		return nil
	case typeNV: // result, component, scope, rows, columns
		use, err := r.use(r.width[in[1]], r.spec[in[3]], r.spec[in[4]])
		if err != nil {
			return err
		}
		op, in = typeKHR, append(in[:5:5], r.constant[use])
	case loadNV: // type, result, pointer, stride, whether by columns, memory operands
		op, in = loadKHR, append([]uint32{in[0], in[1], in[2], r.constant[r.layout[in[4]]], in[3]}, in[5:]...)
	case storeNV: // pointer, object, stride, whether by columns, memory operands
		op, in = storeKHR, append([]uint32{in[0], in[1], r.constant[r.layout[in[3]]], in[2]}, in[4:]...)
	case multiplyNV:
		op = multiplyKHR
	case lengthNV:
		return errors.New("the length of a cooperative matrix has no translation")
	}
	r.emit(op, in...)
	return nil
}

func (r *rewriter) use(width, rows, columns uint32) (uint32, error) {
	switch {
	case width == 16 && rows == constantM && columns == constantK:
		return useA, nil
	case width == 16 && rows == constantK && columns == constantN:
		return useB, nil
	case width == 32 && rows == constantM && columns == constantN:
		return useSum, nil
	}
	return 0, fmt.Errorf("a cooperative matrix of %d-bit numbers, with constants %d and %d for its sizes, has no role in a product", width, rows, columns)
}

// text is a string as SPIR-V writes it: ended by a zero, in whole words.
func text(s string) []uint32 {
	b := make([]byte, len(s)/4*4+4)
	copy(b, s)
	words := make([]uint32, len(b)/4)
	for i := range words {
		words[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	return words
}
