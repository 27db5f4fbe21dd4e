package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"sicgrid/pkg/progress"
)

// A meter says on standard error how far a work on bytes has come, if it takes more than two seconds: one line that is written over and over
// on a terminal, elsewhere a line every ten seconds.
type meter struct {
	out   io.Writer
	live  bool
	mu    sync.Mutex
	what  string
	begun time.Time
	said  time.Time
}

func newMeter(cmd *cobra.Command) *meter {
	m := &meter{out: cmd.ErrOrStderr()}
	m.live = progress.IsTerminal(m.out)
	if verbosityOf(cmd) < 0 {
		m.out, m.live = io.Discard, false
	}
	return m
}

// show is told that done of total bytes are done of this work.
func (m *meter) show(what string, done, total int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if m.what != what {
		m.what, m.begun, m.said = what, now, now
	}
	elapsed, pause := now.Sub(m.begun), 10*time.Second
	if m.live {
		pause = 200 * time.Millisecond
	}
	if elapsed < 2*time.Second || now.Sub(m.said) < pause || done <= 0 {
		return
	}
	m.said = now
	left := time.Duration(float64(elapsed) * float64(total-done) / float64(done))
	line := fmt.Sprintf("%s  %.0f of %.0f MB, %.0f MB/s, %v left", what, float64(done)/1e6, float64(total)/1e6, float64(done)/1e6/elapsed.Seconds(), left.Round(time.Second))
	if m.live {
		fmt.Fprintf(m.out, "\r\033[K%s", line)
	} else {
		fmt.Fprintln(m.out, line)
	}
}

// close removes the line.
func (m *meter) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.live && m.what != "" {
		fmt.Fprint(m.out, "\r\033[K")
	}
}
