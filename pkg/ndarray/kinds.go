package ndarray

import (
	"encoding/binary"
	"fmt"
	"math"
)

// kind is a type of number as it lies in a file.
type kind struct {
	width int // bytes
	value func([]byte) float64
}

// kindOf returns NumPy's type of a name such as "<f4": byte order, then kind, then width. An
// integer beyond 2^53 is rounded to a float64.
func kindOf(descr string) (kind, error) {
	refused := fmt.Errorf("holds values of type %.20q, must be booleans, integers, float16, float32 or float64: save a.astype('float32')", descr)
	if len(descr) != 3 {
		return kind{}, refused
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch descr[0] {
	case '<', '|':
	case '>':
		order = binary.BigEndian
	default:
		return kind{}, refused
	}
	switch descr[1:] {
	case "b1", "u1":
		return kind{1, func(b []byte) float64 { return float64(b[0]) }}, nil
	case "i1":
		return kind{1, func(b []byte) float64 { return float64(int8(b[0])) }}, nil
	case "u2":
		return kind{2, func(b []byte) float64 { return float64(order.Uint16(b)) }}, nil
	case "i2":
		return kind{2, func(b []byte) float64 { return float64(int16(order.Uint16(b))) }}, nil
	case "u4":
		return kind{4, func(b []byte) float64 { return float64(order.Uint32(b)) }}, nil
	case "i4":
		return kind{4, func(b []byte) float64 { return float64(int32(order.Uint32(b))) }}, nil
	case "u8":
		return kind{8, func(b []byte) float64 { return float64(order.Uint64(b)) }}, nil
	case "i8":
		return kind{8, func(b []byte) float64 { return float64(int64(order.Uint64(b))) }}, nil
	case "f2":
		return kind{2, func(b []byte) float64 { return float16(order.Uint16(b)) }}, nil
	case "f4":
		return kind{4, func(b []byte) float64 { return float64(math.Float32frombits(order.Uint32(b))) }}, nil
	case "f8":
		return kind{8, func(b []byte) float64 { return math.Float64frombits(order.Uint64(b)) }}, nil
	}
	return kind{}, refused
}

// float16 is the value of an IEEE 754 binary16 number: a sign, 5 bits of exponent, 10 of fraction.
func float16(bits uint16) float64 {
	exponent, fraction := int(bits>>10&0x1f), float64(bits&0x3ff)
	var v float64
	switch exponent {
	case 0:
		v = math.Ldexp(fraction, -24)
	case 0x1f:
		if v = math.Inf(1); fraction != 0 {
			v = math.NaN()
		}
	default:
		v = math.Ldexp(fraction+1024, exponent-25)
	}
	if bits>>15 == 1 {
		v = -v
	}
	return v
}
