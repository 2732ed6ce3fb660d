package kernel

import (
	"errors"
	"fmt"
	"strings"
)

// Errors to be tested with errors.Is.
var (
	// ErrNotFound is that no such kernelspec is installed, or that it cannot be
	// used.
	ErrNotFound = errors.New("no such kernel")
	// ErrGone is that the kernel was shut down.
	ErrGone = errors.New("the kernel was shut down")
	// ErrQuit is that the kernel was shut down because its code asked to.
	ErrQuit = errors.New("the code quit the kernel")
	// ErrRestarted is what an execution ends with when the kernel was restarted.
	ErrRestarted = errors.New("the kernel was restarted")
	// ErrNoPrompt is that the running code asks nothing.
	ErrNoPrompt = errors.New("the kernel asks nothing")
	// ErrBusy is that the kernel runs something else and cannot answer now.
	ErrBusy = errors.New("the kernel is busy")
)

// DeathError says how a kernel ended that nobody asked to.
type DeathError struct {
	Status      string // "exit status 3", "signal: killed"
	LastWords   string // the end of what its process printed, at most 8 KiB
	Cause       string // what we know of the reason, or ""
	Interrupted bool   // an interrupt ended it
}

// Error tells it on one line, with the last words behind it.
func (e *DeathError) Error() string {
	text := "the kernel died (" + e.Status + ")"
	switch {
	case e.Interrupted:
		text = "the interrupt ended the kernel (" + e.Status + "), as it cannot be interrupted; start it again"
	case e.Cause != "":
		text = fmt.Sprintf("the kernel was ended: %s (%s)", e.Cause, e.Status)
	}
	if e.LastWords != "" {
		text += "; its last words: " + e.LastWords
	}
	return text
}

// StartError says why a kernel did not start.
type StartError struct {
	Spec      string
	Reason    string
	LastWords string // the end of what its process printed, at most 8 KiB
	err       error
}

// Error tells it on one line, with the last words behind it.
func (e *StartError) Error() string {
	text := fmt.Sprintf("start kernel %s: %s", e.Spec, strings.TrimSpace(e.Reason))
	if e.LastWords != "" {
		text += "; it printed: " + e.LastWords
	}
	return text
}

// Unwrap is what failed.
func (e *StartError) Unwrap() error { return e.err }
