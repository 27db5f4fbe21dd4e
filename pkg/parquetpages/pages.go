package parquetpages

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

const (
	headerWindow = 4 << 10  // bytes that are read at first to find a page's header in
	mostHeader   = 16 << 20 // bytes of a header, which may hold the bounds of a page
)

// Limit is how many bytes a file of so many may take when it is decoded. Measurements compress to a
// half or a tenth, and empty maps to a thousandth; what is far from that is made to exhaust the
// memory.
func Limit(fileSize int64) int64 { return 1<<30 + 200*fileSize }

// Size returns how many bytes the values of leaf i of a file take once they are decoded, levels
// included. More than most bytes are an error, and so is whatever a decoder cannot be held to.
// Pages may be of both versions, uncompressed or compressed by snappy, gzip or zstd; plain, or, of
// numbers, by a dictionary or split into streams of bytes. Those that package artifact writes need
// not be decompressed; others are once, to no more than their headers say.
func Size(r io.ReaderAt, file *parquet.File, i int, most int64) (int64, error) {
	read := func(at, n int64) ([]byte, error) {
		data := make([]byte, n)
		if _, err := r.ReadAt(data, at); err != nil && err != io.EOF {
			return nil, err
		}
		return data, nil
	}
	return size(read, file, i, most)
}

// SizeIn is Size for a file in memory.
func SizeIn(data []byte, file *parquet.File, i int, most int64) (int64, error) {
	return size(func(at, n int64) ([]byte, error) { return data[at : at+n], nil }, file, i, most)
}

// part returns n bytes of a file from a place on, which are in it.
type part func(at, n int64) ([]byte, error)

// column is one leaf in one row group.
type column struct {
	leaf   *parquet.Column
	codec  format.CompressionCodec
	values int64 // in the pages so far
	rows   int64 // in the pages of version 2 so far
	bytes  int64 // decoded
	most   int64 // that bytes may be
}

// page is a header and what follows it in the file.
type page struct {
	format.PageHeader
	payload []byte
}

func size(read part, file *parquet.File, i int, most int64) (int64, error) {
	leaf := leaves(file.Root(), nil)[i]
	total := int64(0)
	for g, group := range file.Metadata().RowGroups {
		meta := &group.Columns[i].MetaData
		c := &column{leaf: leaf, codec: meta.Codec, most: most - total}
		if err := c.walk(read, file.Size(), meta); err != nil {
			return 0, fmt.Errorf("row group %d: %w", g, err)
		}
		switch {
		case c.values != meta.NumValues:
			return 0, fmt.Errorf("row group %d: its pages have %d values, its footer says %d", g, c.values, meta.NumValues)
		case leaf.MaxRepetitionLevel() == 0 && c.values != group.NumRows:
			return 0, fmt.Errorf("row group %d: %d values in %d rows", g, c.values, group.NumRows)
		case c.rows > group.NumRows:
			return 0, fmt.Errorf("row group %d: its pages have %d rows, its footer says %d", g, c.rows, group.NumRows)
		}
		total += c.bytes
	}
	return total, nil
}

// ErrTooLarge says that a column would take more memory than there shall be for it.
var ErrTooLarge = errors.New("would take more memory than it may")

func leaves(c *parquet.Column, out []*parquet.Column) []*parquet.Column {
	if c.Leaf() {
		return append(out, c)
	}
	for _, child := range c.Columns() {
		out = leaves(child, out)
	}
	return out
}

// walk checks every page of a column chunk.
func (c *column) walk(read part, fileSize int64, meta *format.ColumnMetaData) error {
	at := meta.DataPageOffset
	if meta.DictionaryPageOffset != 0 {
		at = meta.DictionaryPageOffset
	}
	end := at + meta.TotalCompressedSize
	if at < 4 || meta.TotalCompressedSize < 0 || end < at || end > fileSize {
		return errors.New("its pages are not in the file")
	}
	for at < end {
		p, n, err := readHeader(read, at, end)
		if err != nil {
			return fmt.Errorf("page header at byte %d: %w", at, err)
		}
		at += n
		if p.CompressedPageSize < 0 || p.UncompressedPageSize < 0 || int64(p.CompressedPageSize) > end-at {
			return fmt.Errorf("page at byte %d: is not in the file", at)
		}
		if int64(p.UncompressedPageSize) > c.most-c.bytes {
			return ErrTooLarge
		}
		if p.payload, err = read(at, int64(p.CompressedPageSize)); err != nil {
			return err
		}
		if err := c.check(p); err != nil {
			return fmt.Errorf("page at byte %d: %w", at, err)
		}
		if c.bytes > c.most {
			return ErrTooLarge
		}
		at += int64(p.CompressedPageSize)
	}
	return nil
}

// readHeader reads the page header at a place and returns its length.
func readHeader(read part, at, end int64) (p page, n int64, err error) {
	for window := int64(headerWindow); ; window *= 4 {
		data, err := read(at, min(window, end-at))
		if err != nil {
			return p, 0, err
		}
		s, err := scanStruct(data)
		if errors.Is(err, io.ErrUnexpectedEOF) && int64(len(data)) < end-at && window < mostHeader {
			continue
		}
		if err != nil {
			return p, 0, err
		}
		in := new(thrift.CompactProtocol).NewReaderFromBytes(data[:s.at])
		return p, int64(s.at), thrift.NewDecoder(in).Decode(&p.PageHeader)
	}
}

// width is how many bytes a value of the leaf takes, 0 where that depends on the value.
func (c *column) width() int64 {
	switch c.leaf.Type().Kind() {
	case parquet.Boolean:
		return 1
	case parquet.Int32, parquet.Float:
		return 4
	case parquet.Int64, parquet.Double:
		return 8
	case parquet.Int96:
		return 12
	case parquet.FixedLenByteArray:
		return int64(c.leaf.Type().Length())
	}
	return 0
}

// levels is how many levels stand beside each value, a byte each.
func (c *column) levels() int64 {
	n := int64(0)
	if c.leaf.MaxRepetitionLevel() > 0 {
		n++
	}
	if c.leaf.MaxDefinitionLevel() > 0 {
		n++
	}
	return n
}

// add counts the values of a page, of which size bytes are stored.
func (c *column) add(values, size int64) {
	c.values += values
	c.bytes += values*c.levels() + max(size, values*c.width())
	if c.width() == 0 {
		c.bytes += 4 * values // where each begins
	}
}

// check looks whether a page is what its header says.
func (c *column) check(p page) error {
	switch {
	case p.Type == format.DictionaryPage && p.DictionaryPageHeader.Valid:
		return c.dictionary(p)
	case p.Type == format.DataPage && p.DataPageHeader.Valid:
		return c.pageV1(p)
	case p.Type == format.DataPageV2 && p.DataPageHeaderV2.Valid:
		return c.pageV2(p)
	}
	return fmt.Errorf("is of type %s, must hold data or a dictionary", p.Type)
}

func (c *column) dictionary(p page) error {
	values := int64(p.DictionaryPageHeader.V.NumValues)
	if c.width() == 0 {
		return errors.New("is a dictionary of values of no fixed length, must be plain") // one page can name a long value often
	}
	if values < 0 || values*c.width() != int64(p.UncompressedPageSize) {
		return fmt.Errorf("a dictionary of %d values in %d bytes", values, p.UncompressedPageSize)
	}
	c.bytes += int64(p.UncompressedPageSize)
	return checkInflated(c.codec, p.payload, int(p.UncompressedPageSize))
}

func (c *column) pageV1(p page) error {
	h, size := p.DataPageHeader.V, int(p.UncompressedPageSize)
	values := int64(h.NumValues)
	if values < 0 {
		return fmt.Errorf("%d values", values)
	}
	if c.levels() == 0 && !indexed(h.Encoding) {
		if err := checkInflated(c.codec, p.payload, size); err != nil {
			return err
		}
		return c.plain(h.Encoding, int64(size), values, values)
	}
	body, err := inflate(c.codec, p.payload, size)
	if err != nil {
		return err
	}
	for _, l := range []struct {
		encoding format.Encoding
		most     int
	}{{h.RepetitionLevelEncoding, c.leaf.MaxRepetitionLevel()}, {h.DefinitionLevelEncoding, c.leaf.MaxDefinitionLevel()}} {
		if l.most == 0 {
			continue
		}
		if l.encoding != format.RLE {
			return fmt.Errorf("its levels are encoded by %s, must be RLE", l.encoding)
		}
		if len(body) < 4 || int64(binary.LittleEndian.Uint32(body)) > int64(len(body)-4) {
			return errLevels
		}
		n := binary.LittleEndian.Uint32(body)
		if err := checkRuns(body[4:4+n], bitsOf(l.most), values); err != nil {
			return err
		}
		body = body[4+n:]
	}
	if indexed(h.Encoding) {
		return c.indices(body, values)
	}
	return c.plain(h.Encoding, int64(len(body)), values, 0)
}

func (c *column) pageV2(p page) error {
	h := p.DataPageHeaderV2.V
	body, err := c.levelsV2(p)
	if err != nil {
		return err
	}
	codec := c.codec
	if h.IsCompressed.Valid && !h.IsCompressed.V {
		codec = format.Uncompressed
	}
	c.rows += int64(h.NumRows)
	size := int(p.UncompressedPageSize) - int(h.RepetitionLevelsByteLength) - int(h.DefinitionLevelsByteLength)
	if !indexed(h.Encoding) {
		if err := checkInflated(codec, body, size); err != nil {
			return err
		}
		return c.plain(h.Encoding, int64(size), int64(h.NumValues), int64(h.NumValues-h.NumNulls))
	}
	if body, err = inflate(codec, body, size); err != nil {
		return err
	}
	return c.indices(body, int64(h.NumValues))
}

var errLevels = errors.New("its levels are longer than it")

// levelsV2 checks the runs of levels at the beginning of a page of version 2, and returns what
// follows them.
func (c *column) levelsV2(p page) ([]byte, error) {
	h, body := p.DataPageHeaderV2.V, p.payload
	if h.NumValues < 0 || h.NumNulls < 0 || h.NumNulls > h.NumValues || h.NumRows < 0 || h.NumRows > h.NumValues {
		return nil, fmt.Errorf("%d values, %d of them missing, in %d rows", h.NumValues, h.NumNulls, h.NumRows)
	}
	for _, l := range []struct {
		bytes int32
		most  int
	}{{h.RepetitionLevelsByteLength, c.leaf.MaxRepetitionLevel()}, {h.DefinitionLevelsByteLength, c.leaf.MaxDefinitionLevel()}} {
		if l.bytes < 0 || int(l.bytes) > len(body) {
			return nil, errLevels
		}
		if err := checkRuns(body[:l.bytes], bitsOf(l.most), int64(h.NumValues)); err != nil {
			return nil, err
		}
		body = body[l.bytes:]
	}
	return body, nil
}

// oldDictionary is what older writers call the encoding by a dictionary.
const oldDictionary format.Encoding = 2

func indexed(e format.Encoding) bool { return e == oldDictionary || e == format.RLEDictionary }

// plain counts the values of a page that stores them in so many bytes, at least stored of them.
func (c *column) plain(e format.Encoding, size, values, stored int64) error {
	switch {
	case e != format.Plain && (e != format.ByteStreamSplit || c.width() == 0):
		return fmt.Errorf("is encoded by %s, must be plain or, of numbers, by a dictionary or split into streams of bytes", e)
	case c.width() == 0 && 4*stored > size, c.width() > 0 && size > values*c.width():
		return fmt.Errorf("%d values in %d bytes", values, size)
	}
	c.add(values, size)
	return nil
}

// indices counts the values of a page that stores their places in a dictionary.
func (c *column) indices(body []byte, values int64) error {
	if len(body) > 0 {
		if body[0] > 32 {
			return fmt.Errorf("indices of %d bits into its dictionary", body[0])
		}
		if err := checkRuns(body[1:], int(body[0]), values); err != nil {
			return err
		}
	}
	c.add(values, values*(c.width()+4))
	return nil
}
