package parquetpages

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Types of Thrift's compact protocol.
const (
	thriftStop   = 0
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftInt64  = 6 // and 4 and 5: varints all
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12

	deepest = 32 // structs and lists in each other; Parquet's own go 7 deep
)

var errThrift = errors.New("its Thrift makes no sense")

// A scanner passes over one Thrift struct of the compact protocol without making anything of it.
// Decoders allocate a list or a string by the length that it claims before they read it.
type scanner struct {
	data     []byte
	at       int
	elements int64 // of lists, sets and maps
	longest  int64 // list, set or map
}

// scanStruct returns the length of the struct that data begins with, and the number of elements of
// all lists in it and of the longest. The error is io.ErrUnexpectedEOF if data ends before the
// struct does.
func scanStruct(data []byte) (s scanner, err error) {
	s = scanner{data: data}
	err = s.structure(0)
	return s, err
}

func (s *scanner) structure(depth int) error {
	if depth > deepest {
		return fmt.Errorf("%w: nested more than %d deep", errThrift, deepest)
	}
	for {
		head, err := s.byte()
		if err != nil || head == thriftStop {
			return err
		}
		if head>>4 == 0 { // the field's number follows
			if _, err := s.varint(); err != nil {
				return err
			}
		}
		if kind := head & 0xf; kind != thriftTrue && kind != thriftFalse { // a field's type is then its value
			if err := s.value(kind, depth); err != nil {
				return err
			}
		}
	}
}

func (s *scanner) value(kind byte, depth int) error {
	switch {
	case kind >= thriftTrue && kind <= thriftByte:
		return s.skip(1)
	case kind <= thriftInt64 && kind > thriftByte:
		_, err := s.varint()
		return err
	case kind == thriftDouble:
		return s.skip(8)
	case kind == thriftBinary:
		n, err := s.varint()
		if err != nil {
			return err
		}
		return s.skip(n)
	case kind == thriftList, kind == thriftSet:
		return s.list(depth + 1)
	case kind == thriftMap:
		return s.pairs(depth + 1)
	case kind == thriftStruct:
		return s.structure(depth + 1)
	}
	return fmt.Errorf("%w: type %d", errThrift, kind)
}

func (s *scanner) list(depth int) error {
	if depth > deepest {
		return fmt.Errorf("%w: nested more than %d deep", errThrift, deepest)
	}
	head, err := s.byte()
	if err != nil {
		return err
	}
	n := uint64(head >> 4)
	if n == 15 {
		if n, err = s.varint(); err != nil {
			return err
		}
	}
	return s.repeat(n, func() error { return s.value(head&0xf, depth) })
}

func (s *scanner) pairs(depth int) error {
	n, err := s.varint()
	if err != nil || n == 0 {
		return err
	}
	kinds, err := s.byte()
	if err != nil {
		return err
	}
	return s.repeat(n, func() error {
		if err := s.value(kinds>>4, depth); err != nil {
			return err
		}
		return s.value(kinds&0xf, depth)
	})
}

// repeat calls element n times. No element takes less than a byte.
func (s *scanner) repeat(n uint64, element func() error) error {
	if n > uint64(len(s.data)-s.at) {
		return io.ErrUnexpectedEOF
	}
	s.elements += int64(n)
	s.longest = max(s.longest, int64(n))
	for range n {
		if err := element(); err != nil {
			return err
		}
	}
	return nil
}

func (s *scanner) byte() (byte, error) {
	if s.at >= len(s.data) {
		return 0, io.ErrUnexpectedEOF
	}
	s.at++
	return s.data[s.at-1], nil
}

func (s *scanner) varint() (uint64, error) {
	v, n := binary.Uvarint(s.data[s.at:])
	switch {
	case n == 0:
		return 0, io.ErrUnexpectedEOF
	case n < 0:
		return 0, fmt.Errorf("%w: a number of more than 64 bits", errThrift)
	}
	s.at += n
	return v, nil
}

func (s *scanner) skip(n uint64) error {
	if n > uint64(len(s.data)-s.at) {
		return io.ErrUnexpectedEOF
	}
	s.at += int(n)
	return nil
}
