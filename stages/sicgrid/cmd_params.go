package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"sicgrid/pkg/params"
	"sicgrid/stages/experiment"
)

func newParamsCommand() *cobra.Command {
	var asJSON, asYAML bool
	cmd := &cobra.Command{
		Use:   "params [KEY...]",
		Short: "List every parameter: unit, range, default, meaning",
		Long: "List every parameter that a profile sets, or those of the sections or keys that are named: its type, unit, range, default and\n" +
			"meaning. A profile under params/ says in what it differs; --set on the command line of run, status and others, for once.",
		Example: "  sicgrid params\n" +
			"  sicgrid params loss optimiser.learning_rate\n" +
			"  sicgrid params --json\n" +
			"  sicgrid params --yaml > defaults.yaml             # a whole profile to start from",
		RunE: func(cmd *cobra.Command, keys []string) error {
			if asJSON && asYAML {
				return usagef("--json and --yaml: must be one of them")
			}
			if asYAML {
				if len(keys) > 0 {
					return usagef("--yaml with %s: writes a whole profile, must be given no key", keys[0])
				}
				return experiment.WriteDefaults(cmd.OutOrStdout())
			}
			list, err := parametersUnder(keys)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), list)
			}
			return printParameters(cmd.OutOrStdout(), list)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the list as JSON")
	cmd.Flags().BoolVar(&asYAML, "yaml", false, "print the annotated profile that all others are based on")
	return cmd
}

// parametersUnder are the parameters whose key, or a section of it, is named; all without a name.
func parametersUnder(keys []string) ([]params.Parameter, error) {
	all := params.List(experiment.Profile{})
	if len(keys) == 0 {
		return all, nil
	}
	var names []string
	for _, p := range all {
		names = append(names, p.Key)
	}
	for _, key := range keys {
		if slices.Contains(names, key) {
			continue
		}
		if near := params.Nearest(key, names); len(near) > 0 {
			return nil, usagef("unknown parameter %q, did you mean %s?", key, strings.Join(near, " or "))
		}
		return nil, usagef("unknown parameter %q; `sicgrid params` lists all", key)
	}
	return slices.DeleteFunc(all, func(p params.Parameter) bool {
		return !slices.ContainsFunc(keys, func(key string) bool { return p.Key == key || strings.HasPrefix(p.Key, key+".") })
	}), nil
}

func printParameters(w io.Writer, list []params.Parameter) error {
	width := 0
	for _, p := range list {
		width = max(width, len(p.Key))
	}
	for _, p := range list {
		if p.Type == "mapping" {
			if _, err := fmt.Fprintf(w, "\n%s  %s\n", p.Key, p.Meaning); err != nil {
				return err
			}
			continue
		}
		about := p.Type
		for _, more := range []struct{ before, text string }{{" in ", p.Unit}, {", ", p.Range}, {"; default ", p.Default}} {
			if more.text != "" {
				about += more.before + more.text
			}
		}
		if _, err := fmt.Fprintf(w, "%-*s  %s\n%*s  %s\n", width, p.Key, about, width, "", p.Meaning); err != nil {
			return err
		}
	}
	return nil
}
