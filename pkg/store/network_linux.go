package store

import "syscall"

// networkFileSystems are the numbers by which statfs names those that are shared between machines,
// from linux/magic.h and the file systems' own sources. FUSE is among them: what is behind it
// (sshfs, rclone, a virtual machine's host) cannot be told.
var networkFileSystems = map[uint32]bool{
	0x6969:     true, // NFS
	0x517B:     true, // SMB
	0xFF534D42: true, // CIFS
	0xFE534D42: true, // SMB 2
	0x65735546: true, // FUSE
	0x0BD00BD0: true, // Lustre
	0x00C36400: true, // Ceph
	0x47504653: true, // GPFS
	0x19830326: true, // BeeGFS
	0x5346414F: true, // AFS
	0x6B414653: true, // kAFS
	0x73757245: true, // Coda
	0x01021997: true, // 9P
	0x01161970: true, // GFS 2
	0x7461636F: true, // OCFS 2
	0x20030528: true, // OrangeFS
	0xAAD7AAEA: true, // PanFS
}

// onNetwork reports whether dir may be shared between machines.
func onNetwork(dir string) bool {
	var s syscall.Statfs_t
	return syscall.Statfs(dir, &s) == nil && networkFileSystems[uint32(s.Type)]
}
