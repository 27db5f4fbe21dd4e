package parquetpages

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const (
	mostFooter   = 256 << 20 // bytes of memory that a footer may take
	footerItem   = 256       // bytes of the largest item of a list in it, about
	mostElements = 100_000   // of one list: of the schema, which is walked by recursion, or of row groups
)

// ErrNoParquet says that a file does not end as Parquet files do.
var ErrNoParquet = errors.New("is no Parquet file: it does not end with PAR1")

// CheckFooter looks whether the footer of the Parquet file of this size is one that can be decoded:
// it is within the file, and its lists are not longer than it.
func CheckFooter(r io.ReaderAt, size int64) error {
	tail := make([]byte, 8)
	if size < 12 {
		return ErrNoParquet
	}
	if _, err := r.ReadAt(tail, size-8); err != nil && err != io.EOF {
		return err
	}
	if string(tail[4:]) != "PAR1" {
		return ErrNoParquet
	}
	n := int64(binary.LittleEndian.Uint32(tail))
	if n > size-12 {
		return errors.New("is no Parquet file: its footer is longer than the file")
	}
	if n > mostFooter {
		return fmt.Errorf("its footer of %d MiB is larger than the %d that are read", n>>20, mostFooter>>20)
	}
	footer := make([]byte, n)
	if _, err := r.ReadAt(footer, size-8-n); err != nil && err != io.EOF {
		return err
	}
	s, err := scanStruct(footer)
	switch {
	case err != nil:
		return fmt.Errorf("is no Parquet file: its footer is damaged: %w", err)
	case s.longest > mostElements:
		return fmt.Errorf("a list of %d items in its footer is longer than the %d that are read", s.longest, mostElements)
	case n+footerItem*s.elements > mostFooter:
		return fmt.Errorf("its footer of %d items would take %d MiB, more than the %d that are read", s.elements, (n+footerItem*s.elements)>>20, mostFooter>>20)
	}
	return nil
}
