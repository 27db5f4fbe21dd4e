package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"sicgrid/pkg/jsontext"
	"sicgrid/pkg/params"
	"sicgrid/pkg/usage"
	"sicgrid/stages/experiment"
)

func newParamsCommand() *cobra.Command {
	var asJSON, asYAML bool
	var file string
	var sets []string
	cmd := &cobra.Command{
		Use:   "params [KEY...]",
		Short: "List every parameter: unit, range, default, meaning",
		Long: "List every parameter that a profile sets, or those of the sections or keys that are named: its type, unit, range, default and\n" +
			"meaning. A profile under params/ says in what it differs; --set on the command line of run, status and others, for once.\n" +
			"With either of them the values that are not the defaults are listed too.",
		Example: "  sicgrid params\n" +
			"  sicgrid params loss optimiser.learning_rate\n" +
			"  sicgrid params loss --params params/laptop.yaml   # and what that profile has instead\n" +
			"  sicgrid params --json\n" +
			"  sicgrid params --yaml > defaults.yaml             # a whole profile to start from",
		RunE: func(cmd *cobra.Command, keys []string) error {
			if asJSON && asYAML {
				return usage.Errorf("--json and --yaml: must be one of them")
			}
			if asYAML && len(keys) > 0 {
				return usage.Errorf("--yaml with %s: writes a whole profile, must be given no key", keys[0])
			}
			list, err := parametersUnder(keys)
			if err != nil {
				return err
			}
			var profile *experiment.Parameters
			if len(sets) > 0 {
				file = cmp.Or(file, experiment.DefaultProfile)
			}
			if file != "" {
				if file, err = experiment.ProfilePath(file); err != nil {
					return err
				}
				if profile, err = experiment.ReadParameters(file, sets); err != nil {
					return err
				}
				for i := range list {
					if v := profile.YAML(list[i].Key); list[i].Type != "mapping" && v != list[i].Default {
						list[i].Value = v
					}
				}
			}
			switch w := cmd.OutOrStdout(); {
			case asYAML && profile != nil:
				return profile.WriteYAML(w)
			case asYAML:
				return experiment.WriteDefaults(w)
			case asJSON:
				return jsontext.Write(w, list)
			default:
				return printParameters(w, list)
			}
		},
	}
	cmd.Flags().StringVar(&file, "params", "", "parameter `FILE`, or the name of one in params/, whose values are listed where they are not the defaults")
	cmd.Flags().StringArrayVar(&sets, "set", nil, "set one parameter of it, `key=value` (repeatable)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the list as JSON")
	cmd.Flags().BoolVar(&asYAML, "yaml", false, "print the annotated profile that all others are based on, or the one of --params in full")
	return cmd
}

// listed is a parameter, and what a profile has where it is not the default.
type listed struct {
	params.Parameter
	Value string `json:"value,omitempty"`
}

// parametersUnder are the parameters whose key, or a section of it, is named; all without a name.
func parametersUnder(keys []string) ([]listed, error) {
	var all []listed
	for _, p := range params.List(experiment.Profile{}) {
		all = append(all, listed{Parameter: p})
	}
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
		near := params.NearestKeys(key, names)
		if len(near) > 0 {
			return nil, usage.Errorf("unknown parameter %q, did you mean %s?", key, strings.Join(near, " or "))
		}
		return nil, usage.Errorf("unknown parameter %q; `sicgrid params` lists all", key)
	}
	return slices.DeleteFunc(all, func(p listed) bool {
		return !slices.ContainsFunc(keys, func(key string) bool { return p.Key == key || strings.HasPrefix(p.Key, key+".") })
	}), nil
}

func printParameters(w io.Writer, list []listed) error {
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
		for _, more := range []struct{ before, text string }{{" in ", p.Unit}, {", ", p.Range}, {"; default ", p.Default}, {"; here ", p.Value}} {
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
