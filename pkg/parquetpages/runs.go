package parquetpages

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// bitsOf is the width of levels up to most.
func bitsOf(most int) int { return bits.Len(uint(most)) }

// spareValues may stand behind those of a page: some writers fill the last group of a run.
const spareValues = 1024

// checkRuns passes over values in Parquet's hybrid of runs and bit-packed groups, and demands that
// they are no more than so many: decoders make room for each run before they have the next.
func checkRuns(data []byte, width int, values int64) error {
	seen := int64(0)
	for len(data) > 0 {
		head, n := binary.Uvarint(data)
		if n <= 0 {
			return errors.New("runs that make no sense")
		}
		data = data[n:]
		count, size := head>>1, uint64((width+7)/8)
		if head&1 == 1 { // groups of eight
			if count > uint64(values+spareValues) {
				return tooManyValues(values)
			}
			size = count * uint64(width)
			count *= 8
		}
		if count > uint64(values+spareValues-seen) {
			return tooManyValues(values)
		}
		seen += int64(count)
		if size > uint64(len(data)) {
			if head&1 == 1 { // the last group may be cut short
				return nil
			}
			return errors.New("runs that end too early")
		}
		data = data[size:]
	}
	return nil
}

func tooManyValues(values int64) error {
	return fmt.Errorf("runs of more than its %d values", values)
}
