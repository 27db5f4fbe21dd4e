package main

import (
	"fmt"
	"regexp"
	"strings"

	"sicgrid/stages/session"

	"github.com/spf13/pflag"
)

// storeFolder is the value of the flag --store, a folder of this machine.
type storeFolder string

func addStoreFlag(flags *pflag.FlagSet, dir *string) {
	*dir = session.DefaultStore
	flags.Var((*storeFolder)(dir), "store", "`DIR` that holds the artifacts")
}

var address = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://`)

// Set refuses what would make a folder called s3: or ~.
func (d *storeFolder) Set(text string) error {
	switch {
	case strings.HasPrefix(text, "file://"):
		return fmt.Errorf("must be a folder, not an address: leave out file://")
	case address.MatchString(text):
		return fmt.Errorf("must be a folder of this machine; what is at an address is taken by --remote %s or `sicgrid pull %s`", text, text)
	case text == "~" || strings.HasPrefix(text, "~/"):
		return fmt.Errorf("the shell has left the ~ as it is: write --store \"$HOME%s\"", text[1:])
	}
	*d = storeFolder(text)
	return nil
}

func (d *storeFolder) String() string { return string(*d) }

// Type is what pflag calls strings.
func (d *storeFolder) Type() string { return "string" }
