package analysis

import (
	"context"
	"errors"
	"testing"
	"time"
)

// A measurement that looks at nothing but its map ends at once when it is interrupted.
func TestAnInterruptDoesNotWaitForALargeMap(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	go cancel()
	never := make(chan int)
	start := time.Now()
	_, err := unlessInterrupted(ctx, func() (int, error) { return <-never, nil })
	if !errors.Is(err, context.Canceled) || time.Since(start) > time.Minute {
		t.Errorf("%v after %v, want the interrupt at once", err, time.Since(start))
	}
	if value, err := unlessInterrupted(t.Context(), func() (int, error) { return 7, nil }); value != 7 || err != nil {
		t.Errorf("%d, %v, want 7", value, err)
	}
}
