// Package bombs makes small Parquet files that would take gigabytes to read, for the tests of
// readers.
package bombs

import (
	"bytes"
	"encoding/binary"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// A Page is a page's header and what follows it.
type Page struct {
	format.PageHeader
	Payload []byte
}

// Forged is a file of one required column "x" of float64 with these pages, whose footer says that
// they have so many values.
func Forged(about []format.KeyValue, codec format.CompressionCodec, values int64, pages ...Page) []byte {
	var b bytes.Buffer
	b.WriteString("PAR1")
	for _, p := range pages {
		b.Write(must(thrift.Marshal(new(thrift.CompactProtocol), p.PageHeader)))
		b.Write(p.Payload)
	}
	type one struct {
		X float64 `parquet:"x"`
	}
	schema := parquet.SchemaOf(one{})
	var small bytes.Buffer
	must(0, parquet.Write(&small, []one{{1}}, schema))
	meta := *must(parquet.OpenFile(bytes.NewReader(small.Bytes()), int64(small.Len()))).Metadata()
	meta.KeyValueMetadata = about
	c := &meta.RowGroups[0].Columns[0].MetaData
	c.Codec, c.NumValues, c.DataPageOffset, c.TotalCompressedSize = codec, values, 4, int64(b.Len()-4)
	meta.NumRows, meta.RowGroups[0].NumRows = values, values
	return endingIn(b.Bytes(), must(thrift.Marshal(new(thrift.CompactProtocol), meta)))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func endingIn(body, foot []byte) []byte {
	out := append(bytes.Clone(body), foot...)
	return append(binary.LittleEndian.AppendUint32(out, uint32(len(foot))), "PAR1"...)
}

// PageOf is a page of version 2 of so many float64 whose header says that it comes to size bytes.
func PageOf(values, size int, payload []byte) Page {
	h := format.DataPageHeaderV2{NumValues: int32(values), NumRows: int32(values), Encoding: format.Plain}
	return Page{format.PageHeader{Type: format.DataPageV2, UncompressedPageSize: int32(size), CompressedPageSize: int32(len(payload)),
		DataPageHeaderV2: thrift.New(h)}, payload}
}

func indexPage(values int, payload []byte) Page {
	p := PageOf(values, len(payload), payload)
	p.DataPageHeaderV2.V.Encoding, p.DataPageHeaderV2.V.IsCompressed = format.RLEDictionary, thrift.New(false)
	return p
}

func dictionaryPage(payload []byte) Page {
	return Page{format.PageHeader{Type: format.DictionaryPage, UncompressedPageSize: int32(len(payload)), CompressedPageSize: int32(len(payload)),
		DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{NumValues: int32(len(payload) / 8)})}, payload}
}

// Zeros is n zeros compressed by zstd in one go, which says how many there are.
func Zeros(n int) []byte {
	return must(zstd.NewWriter(nil, zstd.WithEncoderCRC(false))).EncodeAll(make([]byte, n), nil)
}

// streamed is the same in a form that does not say how many.
func streamed(n int, to func(io.Writer) io.WriteCloser) []byte {
	var b bytes.Buffer
	w := to(&b)
	for block := make([]byte, 1<<20); n > 0; n -= len(block) {
		must(w.Write(block[:min(n, len(block))]))
	}
	must(0, w.Close())
	return b.Bytes()
}

// runs are so many runs of so many values each, as levels and indices are stored.
func runs(n, length int) []byte {
	out := []byte{1}
	for range n {
		out = append(binary.AppendUvarint(out, uint64(length)<<1), 0)
	}
	return out
}

func repeated(n int, p Page) []Page {
	list := make([]Page, n)
	for i := range list {
		list[i] = p
	}
	return list
}

// A Bomb is a small file that would take gigabytes.
type Bomb struct {
	Data []byte
	Want string // in the error of whoever looks first
}

// All are bombs of every kind; about is what their footers say beside.
func All(about []format.KeyValue) map[string]Bomb {
	const page16, large = 16 << 20, 256 << 20
	honest := Zeros(page16)
	forged := func(codec format.CompressionCodec, values int64, pages ...Page) []byte {
		return Forged(about, codec, values, pages...)
	}
	toZstd := func(w io.Writer) io.WriteCloser { return must(zstd.NewWriter(w)) }
	toGzip := func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }
	structs := func(n uint64) []byte { return binary.AppendUvarint([]byte{0xfc}, n) } // a list of them, in Thrift
	return map[string]Bomb{
		"values that are all there":                 {forged(format.Zstd, 256*page16/8, repeated(256, PageOf(page16/8, page16, honest))...), "more memory than it may"},
		"a page larger than its header says":        {forged(format.Zstd, 10, PageOf(10, 80, Zeros(large))), "decompress"},
		"a page that does not say its size":         {forged(format.Zstd, 10, PageOf(10, 80, streamed(large, toZstd))), "decompress"},
		"many frames in a page":                     {forged(format.Zstd, 10, PageOf(10, 80, bytes.Repeat(honest, 64))), "decompress"},
		"a gzip page larger than its header says":   {forged(format.Gzip, 10, PageOf(10, 80, streamed(large, toGzip))), "does not have the 80 bytes"},
		"a snappy page larger than its header says": {forged(format.Snappy, 10, PageOf(10, 80, binary.AppendUvarint(nil, large))), "does not have the 80 bytes"},
		"a header of more values than bytes":        {forged(format.Zstd, 1<<30, PageOf(1<<30, 80, Zeros(80))), "more memory than it may"},
		"more values than the footer says":          {forged(format.Zstd, 10, repeated(100, PageOf(page16/8, page16, honest))...), "more memory"},
		"indices in long runs":                      {forged(format.Uncompressed, 10, dictionaryPage(make([]byte, 8)), indexPage(10, runs(1000, 1<<22))), "runs of more than its 10 values"},
		"values in long runs":                       {forged(format.Uncompressed, 1<<30, dictionaryPage(make([]byte, 8)), indexPage(1<<30, runs(1, 1<<30))), "more memory"},
		"a footer of many row groups":               {endingIn([]byte("PAR1"), append([]byte{0x49}, structs(1<<31-1)...)), "unexpected EOF"},
		"a footer of many schema elements":          {endingIn([]byte("PAR1"), append([]byte{0x29}, structs(1<<31-1)...)), "unexpected EOF"},
		"a footer of empty row groups":              {endingIn([]byte("PAR1"), append(append([]byte{0x49}, structs(4<<20)...), make([]byte, 4<<20+1)...)), "longer than the"},
		"a footer of a long name":                   {endingIn([]byte("PAR1"), binary.AppendUvarint([]byte{0x68}, 1<<31-1)), "unexpected EOF"},
		"a footer nested without end":               {endingIn([]byte("PAR1"), bytes.Repeat([]byte{0x1c}, 1<<20)), "nested"},
	}
}
