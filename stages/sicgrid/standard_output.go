package main

import (
	"fmt"
	"io"
	"os"
	"sync"
)

// standardOutput remembers whether something could not be written, which most commands that print
// line by line do not look at: a list that ends in the middle must not pass for a whole one.
type standardOutput struct {
	io.Writer
	mu  sync.Mutex
	err error // the first
}

func (o *standardOutput) Write(p []byte) (int, error) {
	n, err := o.Writer.Write(p)
	if err != nil {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.err == nil {
			o.err = err
		}
	}
	return n, err
}

// File is the file that it is, or nil.
func (o *standardOutput) File() *os.File {
	f, _ := o.Writer.(*os.File)
	return f
}

// failure says what was not written.
func (o *standardOutput) failure() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		return nil
	}
	return fmt.Errorf("standard output is not complete: %w", o.err)
}
