package store

import "syscall"

// onNetwork reports whether dir may be shared between machines: whether it is not on one of this
// machine's disks.
func onNetwork(dir string) bool {
	const local = 0x1000 // MNT_LOCAL of sys/mount.h
	var s syscall.Statfs_t
	return syscall.Statfs(dir, &s) == nil && s.Flags&local == 0
}
