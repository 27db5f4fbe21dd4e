package analysis

import "context"

// unlessInterrupted computes, and returns when that is done or the context is. What is computed then
// goes on and is of no use: the program is about to end, and a large map takes minutes.
func unlessInterrupted[T any](ctx context.Context, compute func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		value, err := compute()
		done <- outcome{value, err}
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}
