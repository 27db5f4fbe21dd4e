// Embed computes the code digests of a program's stages and writes them as JSON, for the program to
// embed:
//
//	go run ./pkg/pipeline/codedigest/embed -stages train=stages/train,figures=stages/figures/* -o stages/codedigest/digests.json
//
// A folder that ends in "/*" stands for every package in it: figures/figure1, figures/figure2, ...
// It is run in the module, before go build.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sicgrid/pkg/pipeline/codedigest"
)

// infrastructure carries results and does not decide them; the format version stands for it in
// every key.
var infrastructure = []string{"pkg/pipeline", "pkg/store", "pkg/artifact"}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "embed:", err)
		os.Exit(1)
	}
}

func run() error {
	stages := flag.String("stages", "", "`name=folder[+folder],...` of every stage's package and what it is given to run on")
	exclude := flag.String("exclude", "", "`folder,...` of further packages, or import paths, that decide no results")
	output := flag.String("o", "", "JSON `file` to write")
	flag.Parse()
	if *stages == "" || *output == "" || flag.NArg() > 0 {
		return fmt.Errorf("want -stages name=folder,... and -o file")
	}
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	folders := map[string]string{}
	for _, s := range strings.Split(*stages, ",") {
		name, folder, ok := strings.Cut(s, "=")
		if !ok || name == "" || folder == "" || folders[name] != "" {
			return fmt.Errorf("-stages %s: want each stage once, as name=folder", s)
		}
		parent, every := strings.CutSuffix(folder, "/*")
		if !every {
			folders[name] = folder
			continue
		}
		files, err := filepath.Glob(filepath.Join(root, parent, "*", "*.go"))
		if err != nil {
			return err
		}
		for _, file := range files {
			base := filepath.Base(filepath.Dir(file))
			folders[name+"/"+base] = parent + "/" + base
		}
	}
	excluded := infrastructure
	if *exclude != "" {
		excluded = append(excluded, strings.Split(*exclude, ",")...)
	}
	digests, err := codedigest.Compute(root, folders, excluded)
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(digests, "", "  ")
	if err != nil {
		return err
	}
	data = append(data, '\n')
	if old, err := os.ReadFile(*output); err == nil && bytes.Equal(old, data) {
		return nil // keeps its time, so that nothing is built again
	}
	if err := os.MkdirAll(filepath.Dir(*output), 0o755); err != nil {
		return err
	}
	return os.WriteFile(*output, data, 0o644)
}

// moduleRoot is the nearest folder above that has a go.mod.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("no go.mod here or above")
		}
		dir = parent
	}
}
