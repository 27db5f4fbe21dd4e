package codedigest

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// module is what a go.mod says.
type module struct {
	path     string
	requires map[string]string // module -> version, with its replacement
	raw      string            // plain SHA-256 of the file
}

// readModule reads the module, require and replace lines of root's go.mod.
func readModule(root string) (*module, error) {
	file := filepath.Join(root, "go.mod")
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	m := &module{requires: map[string]string{}, raw: rawSum(data)}
	replaces := map[string]string{}
	block := ""
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		line, _, _ := strings.Cut(lines.Text(), "//")
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
			continue
		case block != "" && words[0] == ")":
			block = ""
			continue
		case block == "" && len(words) == 2 && words[1] == "(":
			block = words[0]
			continue
		}
		if block != "" {
			words = append([]string{block}, words...)
		}
		for i := range words {
			words[i] = strings.Trim(words[i], "\"`")
		}
		switch {
		case words[0] == "module" && len(words) == 2:
			m.path = words[1]
		case words[0] == "require" && len(words) == 3:
			m.requires[words[1]] = words[2]
		case words[0] == "replace":
			for i, w := range words {
				if w == "=>" {
					replaces[words[1]] = strings.Join(words[i:], " ")
				}
			}
		}
	}
	if m.path == "" {
		return nil, fmt.Errorf("%s: no module line", file)
	}
	for name, by := range replaces {
		if m.requires[name] != "" {
			m.requires[name] += " " + by
		}
	}
	return m, nil
}

// provides returns the required module that holds the package: the longest
// whose path is a prefix of the package's.
func (m *module) provides(pkg string) (string, error) {
	best := ""
	for name := range m.requires {
		if within(pkg, name) && len(name) > len(best) {
			best = name
		}
	}
	if best == "" {
		return "", fmt.Errorf("import %q: no module in go.mod has it", pkg)
	}
	return best, nil
}

// standard reports whether the package belongs to the standard library: the first
// element of every other module's path has a dot.
func standard(pkg string) bool {
	first, _, _ := strings.Cut(pkg, "/")
	return !strings.Contains(first, ".")
}

// FindRoot looks for the folder of this module's go.mod in dir and above.
func FindRoot(dir, modulePath string) (root string, found bool) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", false
	}
	for {
		if m, err := readModule(dir); err == nil && m.path == modulePath {
			return dir, true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", false
		}
		dir = parent
	}
}
