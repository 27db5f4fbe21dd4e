package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sicgrid/pkg/progress"
	"sicgrid/pkg/usage"
	"sicgrid/stages/session"
	"sicgrid/stages/watch"
)

func newWatchCommand() *cobra.Command {
	var flags watchFlags
	cmd := &cobra.Command{
		Use:   "watch [TARGET...]",
		Short: "Show trainings under way: losses, speed, time left, ratemaps as they form",
		Long: "Show trainings under way: loss terms, learning rate, speed, time left, how much of the states' variance position\n" +
			"explains, and ratemaps of the units that place modulates most. Without a target those of sweeps are found too. It\n" +
			"reads what trainings save anyway, their checkpoints (`sicgrid run --checkpoint-every 2s` saves more often), so that\n" +
			"they do nothing more than without it.\n" +
			"Beside a training on a GPU name the target and the profile as for its run. It ends when there is nothing left to\n" +
			"train, or with Ctrl-C. sicgrid export NAME:history gives the losses so far, while a training goes on, as a table.",
		Example: "  sicgrid watch --once\n" +
			"  sicgrid watch figure-6 --once --maps 0\n" +
			"  sicgrid watch sweep-copies --once\n" +
			"  sicgrid watch train/full --once --json",
		RunE: func(cmd *cobra.Command, targets []string) error {
			if flags.every < 200*time.Millisecond || flags.maps < 0 || flags.maps > 12 {
				return usage.Errorf("--every %s, --maps %d: must be at least 200ms, and from 0 to 12 maps", flags.every, flags.maps)
			}
			return flags.run(cmd, targets)
		},
	}
	flags.graphFlags.add(cmd)
	f := cmd.Flags()
	f.DurationVar(&flags.every, "every", 2*time.Second, "look again after this `TIME`")
	f.IntVar(&flags.maps, "maps", 2, "ratemaps of `N` units; 0 looks at losses alone")
	f.BoolVar(&flags.once, "once", false, "show what there is now, and end")
	f.BoolVar(&flags.json, "json", false, "print a JSON object every time, one a line")
	return cmd
}

type watchFlags struct {
	graphFlags
	every time.Duration
	maps  int
	once  bool
	json  bool
}

// planEvery is how often the store is asked which trainings there are.
const planEvery = 10 * time.Second

func (f *watchFlags) run(cmd *cobra.Command, targets []string) error {
	s, err := f.Look(targets)
	if err != nil {
		return err
	}
	here := lookout{sessions: []*session.Session{s}}
	w := watch.Watcher{Motion: s.Parameters.Evaluation.Motion, BoxM: slices.Min(s.Parameters.Evaluation.BoxesM), Maps: f.maps}
	var now underWay
	planned := time.Time{}
	for {
		if time.Since(planned) > planEvery {
			if now, err = here.see(); err != nil {
				return err
			}
			planned = time.Now()
		}
		views := []watch.View{}
		for i, t := range now.trainings {
			if v, ok := w.Look(t, i == 0 || f.once); ok {
				views = append(views, v)
			}
		}
		slices.SortStableFunc(views, func(a, b watch.View) int { return b.Saved.Compare(a.Saved) })
		if len(views) < len(now.trainings) {
			planned = time.Time{} // one has ended
		}
		if err := f.show(cmd, views, now); err != nil {
			return err
		}
		if f.once || now.left+now.strange == 0 {
			return nil
		}
		if !pause(cmd.Context(), f.every) {
			return nil
		}
	}
}

// pause reports whether the time went by.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// show writes what is seen: a terminal is wiped first.
func (f *watchFlags) show(cmd *cobra.Command, views []watch.View, u underWay) error {
	out := cmd.OutOrStdout()
	if f.json {
		line, err := json.Marshal(struct {
			Trainings []watch.View `json:"trainings"`
			Left      int          `json:"left"`
			Strange   int          `json:"strange"` // under way in the store, of what is not known
		}{views, u.left, u.strange})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s\n", line)
		return err
	}
	var b strings.Builder
	live := progress.IsTerminal(out)
	if live && !f.once {
		b.WriteString("\x1b[H\x1b[2J")
	}
	now := time.Now()
	for i, v := range views {
		fmt.Fprintln(&b, v.Line(now))
		if i == 0 {
			b.WriteString(v.Draw(live && os.Getenv("NO_COLOR") == ""))
		}
	}
	switch more := u.left - len(views); {
	case u.left == 0 && u.strange == 0:
		fmt.Fprintln(&b, "nothing is left to train")
	case more > 0:
		fmt.Fprintf(&b, "%d more to train have no checkpoint yet, or are not under way\n", more)
	}
	if u.strange > 0 {
		fmt.Fprintf(&b, "%d under way in %s of another profile, other settings, other code or a GPU: name target, --params and --set as for that run\n", u.strange, f.Store)
	}
	_, err := fmt.Fprint(out, b.String())
	return err
}
