package artifact_test

import (
	"bytes"
	"fmt"
	"log"

	"sicgrid/pkg/artifact"
)

// A table is written as Parquet and read back by a view that wants one of its columns.
func Example() {
	type unit struct {
		Unit   int32   `col:"unit"`
		Period float64 `col:"period" unit:"m"`
	}
	table, err := artifact.FromRows([]unit{{0, 0.5}, {1, 0.7}}, map[string]string{"box_m": "2"})
	if err != nil {
		log.Fatal(err)
	}
	var file bytes.Buffer
	if err := artifact.Write(&file, table); err != nil {
		log.Fatal(err)
	}
	read, err := artifact.Read(file.Bytes())
	if err != nil {
		log.Fatal(err)
	}
	periods, err := artifact.Rows[struct {
		Period float64 `col:"period"`
	}](read)
	fmt.Println(periods, err)
	fmt.Println(artifact.LogicalDigest(table) == artifact.LogicalDigest(read))
	// Output:
	// [{0.5} {0.7}] <nil>
	// true
}
