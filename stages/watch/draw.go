package watch

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"sicgrid/pkg/figure"
	"sicgrid/pkg/printable"
	"sicgrid/pkg/sic/loss"
)

// Asleep is how long after its last checkpoint a training is said to stand still: checkpoints are
// at most half a minute apart.
const Asleep = 90 * time.Second

// Line is a training in one line.
func (v View) Line(now time.Time) string {
	text := fmt.Sprintf("%s  step %d of %d, %.0f %%", printable.Line(v.Name), v.Step, v.Of, 100*float64(v.Step)/float64(max(1, v.Of)))
	if v.StepsPerSecond > 0 {
		text += fmt.Sprintf(", %.3g steps/s, %s left", v.StepsPerSecond, duration(v.SecondsLeft))
	}
	switch age := now.Sub(v.Saved).Round(time.Second); {
	case age > Asleep:
		text += fmt.Sprintf("; stands still: its last checkpoint is %s old", duration(age.Seconds()))
	case age > 0:
		text += fmt.Sprintf("; as of %s ago", duration(age.Seconds()))
	}
	return text
}

// duration is a time as people are shown it.
func duration(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%d min %02d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
}

// Draw is a training in as many lines as it takes, without its first, which is Line. With colour
// maps are drawn in half blocks of two bins each, without in shades.
func (v View) Draw(colour bool) string {
	var b strings.Builder
	if v.Losses != nil {
		fmt.Fprintf(&b, "  loss %.4g", v.Losses["total"])
		for _, term := range loss.Table {
			if x, ok := v.Losses[term.Key]; ok && x != 0 {
				fmt.Fprintf(&b, ", %s %.3g", strings.ReplaceAll(term.Key, "_", " "), x)
			}
		}
		fmt.Fprintf(&b, "\n  rate %.2g, gradient %.2g", v.LearningRate, v.GradientNorm)
		if v.Dead > 0 {
			fmt.Fprintf(&b, ", %.1f %% of the states dead", 100*v.Dead)
		}
		fmt.Fprintf(&b, "\n  total loss so far %s\n", Spark(v.Totals))
	}
	if v.Explained != nil {
		fmt.Fprintf(&b, "  position explains %.0f %% of the states' variance in a box of %g m, on a few walks\n", 100**v.Explained, v.BoxM)
	}
	b.WriteString(drawMaps(v.Maps, colour))
	return b.String()
}

// Spark draws values as a line of blocks, the least lowest.
func Spark(values []float64) string {
	if len(values) == 0 {
		return ""
	}
	blocks := []rune("▁▂▃▄▅▆▇█")
	least, most := slices.Min(values), slices.Max(values)
	var b strings.Builder
	for _, x := range values {
		i := 0
		if most > least {
			i = int(math.Round((x - least) / (most - least) * float64(len(blocks)-1)))
		}
		b.WriteRune(blocks[i])
	}
	return b.String()
}

// gap is between two maps that stand side by side.
const gap = "   "

// drawMaps draws maps side by side, y upwards.
func drawMaps(maps []Map, colour bool) string {
	if len(maps) == 0 {
		return ""
	}
	var b strings.Builder
	for _, m := range maps {
		fmt.Fprintf(&b, "  %-*s%s", Bins, fmt.Sprintf("unit %d", m.Unit), gap[2:])
	}
	text := strings.TrimRight(b.String(), " ") + "\n"
	for row := Bins - 2; row >= 0; row -= 2 {
		b.Reset()
		for _, m := range maps {
			b.WriteString("  ")
			_, most := m.Rates()
			for x := range Bins {
				b.WriteString(block(m.Values[(row+1)*Bins+x], m.Values[row*Bins+x], most, colour))
			}
			if colour {
				b.WriteString("\x1b[0m")
			}
			b.WriteString(gap[2:])
		}
		text += strings.TrimRight(b.String(), " ") + "\n"
	}
	return text
}

// block is one character of two bins, one above the other.
func block(upper, lower *float64, most float64, colour bool) string {
	share := func(v *float64) float64 {
		if v == nil || most == 0 {
			return 0
		}
		return *v / most
	}
	if !colour {
		shades := []rune(" ░▒▓█")
		return string(shades[int(math.Round((share(upper)+share(lower))/2*float64(len(shades)-1)))])
	}
	paint := func(v *float64) string {
		if v == nil {
			return "128;128;128"
		}
		c := figure.Viridis(share(v))
		return fmt.Sprintf("%d;%d;%d", c.R, c.G, c.B)
	}
	return fmt.Sprintf("\x1b[38;2;%sm\x1b[48;2;%sm▀", paint(upper), paint(lower))
}
