package parquetpages_test

import (
	"bytes"
	"fmt"

	"github.com/parquet-go/parquet-go"

	"sicgrid/pkg/parquetpages"
)

// Three numbers take 24 bytes, and may not be read into fewer.
func Example() {
	type row struct {
		X float64 `parquet:"x"`
	}
	var b bytes.Buffer
	if err := parquet.Write(&b, []row{{1}, {2}, {3}}); err != nil {
		fmt.Println(err)
		return
	}
	data := b.Bytes()
	if err := parquetpages.CheckFooter(bytes.NewReader(data), int64(len(data))); err != nil {
		fmt.Println(err)
		return
	}
	file, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(parquetpages.SizeIn(data, file, 0, parquetpages.Limit(int64(len(data)))))
	fmt.Println(parquetpages.SizeIn(data, file, 0, 23))
	// Output:
	// 24 <nil>
	// 0 row group 0: would take more memory than it may
}
