package report

import (
	"fmt"
	"math"
	"strings"
	"time"

	"sicgrid/pkg/figure"
	"sicgrid/pkg/printable"
	"sicgrid/stages/spectra/spectratable"
)

// Numbers and lists as sentences have them.

func metres(v float64) string { return unbroken(figure.Length(v)) }

func percent(share float64) string { return unbroken(figure.Percent(share, 0)) }

// unbroken keeps a number and its unit on one line.
func unbroken(s string) string { return strings.ReplaceAll(s, " ", "\u00a0") }

func number(v float64, decimals int) string { return figure.Number(v, decimals) }

// periods are those of modules: "0.51, 0.69 and 1.19 m".
func periods(modules []spectratable.Module) string {
	var list []string
	for _, m := range modules {
		list = append(list, number(m.Period, 2))
	}
	return printable.List(list) + "\u00a0m"
}

// root is the square root of a ratio of whole numbers, as it is written: √3, √7/2.
func root(square float64) string {
	for below := 1.0; below < 4; below++ {
		above := square * below * below
		if whole := math.Round(above); math.Abs(above-whole) < 1e-6 {
			text := "√" + number(whole, 0)
			if r := math.Sqrt(whole); r == math.Round(r) {
				text = number(r, 0)
			}
			if below > 1 {
				text += "/" + number(below, 0)
			}
			return text
		}
	}
	return number(math.Sqrt(square), 2)
}

// duration is a time as people say it: "0.4 s", "3 min 20 s", "1 h 5 min".
func duration(seconds float64) string {
	switch d := time.Duration(seconds * float64(time.Second)); {
	case math.IsNaN(seconds) || seconds < 0 || seconds > 1e9:
		return "–"
	case d < 10*time.Second:
		return number(seconds, 1) + " s"
	case d < time.Minute:
		return number(seconds, 0) + " s"
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	default:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	}
}

// bytesText is a size: "0.2 MB".
func bytesText(n int64) string {
	switch {
	case n < 1000:
		return printable.Count(int(n), "byte")
	case n < 1_000_000:
		return number(float64(n)/1e3, 0) + " kB"
	}
	return number(float64(n)/1e6, 1) + " MB"
}
