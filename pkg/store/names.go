package store

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// What a store may remove it tells by the name: only names that it could have written itself. All
// of them are strict, for they become paths.

const tempPrefix = ".tmp-"

// isTemp reports whether a temporary file of a store, or of a writer beside it, can have this name:
// .tmp-<owner>-<number>.
func isTemp(name string) bool {
	owner, number, _ := strings.Cut(strings.TrimPrefix(name, tempPrefix), "-")
	return strings.HasPrefix(name, tempPrefix) && isOwner(owner) && isDigits(number) && len(number) <= 20
}

// tempOwner is the owner that a temporary file's name carries.
func tempOwner(name string) string {
	owner, _, _ := strings.Cut(strings.TrimPrefix(name, tempPrefix), "-")
	return owner
}

// isOwner reports whether this is a process's name (thisProcess): 16 hexadecimal digits.
func isOwner(name string) bool { return len(name) == 16 && isHex(name) }

func isHex(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

func isHex256(s string) bool { return len(s) == 64 && isHex(s) }

// A run's number has at least runDigits digits; runs are numbered, not dated, for a clock may jump
// back. No store comes to a number of more than mostRunDigits by counting.
const (
	runDigits     = 8
	mostRunDigits = 15
)

func runName(n int) string { return fmt.Sprintf("%0*d", runDigits, n) }

// runNumber is the number of the run whose list has this name.
func runNumber(name string) (n int, ok bool) {
	if !isDigits(name) || len(name) > mostRunDigits {
		return 0, false
	}
	n, err := strconv.Atoi(name)
	return n, err == nil && n > 0 && runName(n) == name
}

// isNameFile reports whether the record of a name can be called so.
func isNameFile(name string) bool {
	return strings.HasSuffix(name, ".key") && name[0] != '.'
}

// couldWrite reports whether a store could have written the file or folder at this path below it
// (slash-separated). What is in a scratch directory is its computation's.
func couldWrite(path string, e fs.DirEntry) bool {
	table, rest, below := strings.Cut(path, "/")
	if !below {
		return ownTop(table, e)
	}
	inScratch, _, deep := strings.Cut(rest, "/")
	switch {
	case table == "scratch":
		return isHex256(inScratch) && (deep || e.IsDir())
	case table == "names":
		return e.Name()[0] != '.' && e.IsDir() || e.Type().IsRegular() && (isNameFile(e.Name()) || isTemp(e.Name()))
	case deep || !e.Type().IsRegular():
		return false
	}
	return isTemp(rest) || ownFile(table, rest)
}

// ownTop is couldWrite of what is in the store's directory itself.
func ownTop(name string, e fs.DirEntry) bool {
	if e.Type().IsRegular() {
		return name == FormatFile || name == collectLock || name == indexFile || isTemp(name)
	}
	for _, table := range append(subdirectories, leaseFolder) {
		if name == table {
			return e.IsDir()
		}
	}
	return false
}

// ownFile reports whether a table holds files of this name, temporary ones apart.
func ownFile(table, name string) bool {
	switch table {
	case "objects":
		return isHex256(name)
	case "actions":
		return IsActionName(name)
	case "locks":
		_, ok := leftBy(name, true)
		return ok
	case "runs":
		_, ok := runNumber(name)
		return ok
	case leaseFolder:
		_, ok := leftBy(name, false)
		return ok || name == patienceFile
	}
	return false
}
