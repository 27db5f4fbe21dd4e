package parquetpages

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
)

// inflate decompresses a payload that must come to n bytes, and takes no more memory than that.
func inflate(codec format.CompressionCodec, payload []byte, n int) ([]byte, error) {
	if n < 0 {
		return nil, errLevels
	}
	switch codec {
	case format.Uncompressed:
		if len(payload) != n {
			return nil, otherSize(n)
		}
		return payload, nil
	case format.Snappy:
		if got, err := snappy.DecodedLen(payload); err != nil || got != n {
			return nil, errors.Join(err, otherSize(n))
		}
		return snappy.Decode(nil, payload)
	case format.Gzip:
		r, err := gzip.NewReader(bytes.NewReader(payload))
		if err != nil {
			return nil, err
		}
		return readExactly(r, n)
	case format.Zstd:
		out, err := zstdDecoder().DecodeAll(payload, make([]byte, 0, n))
		if err == nil && len(out) != n {
			err = otherSize(n)
		}
		return out, err
	}
	return nil, fmt.Errorf("is compressed by %s, must be uncompressed, snappy, gzip or zstd", codec)
}

func otherSize(n int) error {
	return fmt.Errorf("does not have the %d bytes that its header says", n)
}

// readExactly reads n bytes, behind which r must end. Room is made as they come: a header may claim
// much.
func readExactly(r io.Reader, n int) ([]byte, error) {
	var out bytes.Buffer
	got, err := io.Copy(&out, io.LimitReader(r, int64(n)+1))
	if err == nil && got != int64(n) {
		err = otherSize(n)
	}
	return out.Bytes(), err
}

// zstdDecoder makes no more of a payload than there is room for.
var zstdDecoder = sync.OnceValue(func() *zstd.Decoder {
	d, err := zstd.NewReader(nil, zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderLowmem(true))
	if err != nil {
		panic(err) // the options are none that can be wrong
	}
	return d
})

// checkInflated demands that a payload comes to n bytes when it is decompressed, which it does only
// if need be.
func checkInflated(codec format.CompressionCodec, payload []byte, n int) error {
	if n >= 0 && codec == format.Zstd && isZstdFrame(payload, uint64(n)) {
		return nil
	}
	_, err := inflate(codec, payload, n)
	return err
}

// isZstdFrame reports whether data is one frame that says that it comes to n bytes. Decoders hold
// it to that.
func isZstdFrame(data []byte, n uint64) bool {
	var h zstd.Header
	if h.Decode(data) != nil || h.Skippable || !h.HasFCS || h.FrameContentSize != n {
		return false
	}
	const raw, run, compressed = 0, 1, 2
	at := h.HeaderSize
	for last := false; !last; {
		if at+3 > len(data) {
			return false
		}
		head := int(data[at]) | int(data[at+1])<<8 | int(data[at+2])<<16
		at += 3
		last = head&1 == 1
		switch head >> 1 & 3 {
		case raw, compressed:
			at += head >> 3
		case run:
			at++
		default:
			return false
		}
	}
	if h.HasCheckSum {
		at += 4
	}
	return at == len(data)
}
