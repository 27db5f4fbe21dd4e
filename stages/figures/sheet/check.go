package sheet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/figure"
	"sicgrid/pkg/printable"
)

// NumbersFile holds the numbers that a figure shows.
const NumbersFile = "numbers.json"

// further are the files that some figures have beside their drawings, by the name of the figure.
var further = map[string][]string{"table-1": {".md"}, "results": {".md", ".parquet"}}

// CheckTable is Check of the files in a figure's table.
func CheckTable(name string, rec arrow.Record) error {
	files, err := artifact.Rows[File](rec)
	if err != nil {
		return err
	}
	return Check(name, files)
}

// CheckAny is CheckTable of a figure whose name is not known but from its drawing.
func CheckAny(rec arrow.Record) error {
	files, err := artifact.Rows[File](rec)
	if err != nil {
		return err
	}
	for _, f := range files {
		if name, ok := strings.CutSuffix(f.Name, ".svg"); ok {
			return Check(name, files)
		}
	}
	return errors.New("has no drawing")
}

// Check says why files are not those of the figure of this name: each of its files once and no
// other, none of them empty, and nothing in them that does more than to be looked at.
func Check(name string, files []File) error {
	want := []string{name + ".svg", name + ".png", NumbersFile, CaptionFile}
	for _, ending := range further[name] {
		want = append(want, name+ending)
	}
	for _, f := range files {
		i := slices.Index(want, f.Name)
		if i < 0 {
			return fmt.Errorf("a file %q is none of the figure's, or there twice", f.Name)
		}
		want = slices.Delete(want, i, i+1)
		if err := f.check(); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	if len(want) > 0 {
		return fmt.Errorf("lacks %s", strings.Join(want, ", "))
	}
	return nil
}

func (f File) check() error {
	switch f.Name[strings.LastIndex(f.Name, "."):] {
	case ".svg":
		return figure.CheckSVG(f.Data)
	case ".png":
		return figure.CheckPNG(f.Data)
	case ".json":
		if f.Name == CaptionFile {
			_, err := readLegend(f.Data)
			return err
		}
		if !json.Valid(f.Data) {
			return errors.New("no JSON")
		}
	case ".md":
		return checkMarkdown(f.Data)
	case ".parquet":
		rec, err := artifact.Read(f.Data)
		if err != nil {
			return err
		}
		rec.Release()
	}
	return nil
}

func checkMarkdown(data []byte) error {
	text := string(data)
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return errors.New("is empty")
	case !utf8.Valid(data) || printable.Lines(text) != text:
		return errors.New("has characters that are not shown")
	case printable.HasMarkup(text):
		return errors.New("has HTML in it")
	}
	return nil
}
