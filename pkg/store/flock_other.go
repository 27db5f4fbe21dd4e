//go:build !linux && !darwin

package store

// The store needs flock, which is available here for Linux and macOS only.
var _ = this_platform_lacks_flock_sicgrid_runs_on_linux_and_macos
