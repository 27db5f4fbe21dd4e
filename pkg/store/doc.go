// Package store keeps what a computation made, so that it need not be made again. It knows nothing
// of what is computed.
//
// An object is a string of bytes, named by its sha256 (a Digest). Objects are read-only files and
// never change; one that does not hash to its name is damaged and counts as missing.
//
// A key (64 hex characters, a hash of everything that decides a result) names a computation. Its
// numerics names what decides the last bits of its floating-point results ("amd64-avx2"); the same
// key may have been computed under several numerics.
//
// An action record says which objects a computation made: (key, numerics) -> outputs. It is written
// after all of them and carries its own checksum. Whatever is wrong with it or its objects makes it
// a miss, reported as a Defect that names the file.
//
// A name ("laptop/train/full") remembers the last key of something, so that it can be told what
// changed since.
//
// A scratch directory belongs to a key and outlives interruptions: the place for checkpoints.
//
// A run lists the keys that it uses. Garbage collection keeps what its roots, living runs and the
// last few runs reach; whoever publishes or is about to use something holds it off with a shared
// lock (Share), so that it can work beside them.
//
// The directory of a store:
//
//	objects/<sha256>                       the bytes, mode 0444
//	actions/<key>.<hash of numerics>.json  action records, mode 0444
//	names/<name>.key                       one line: the key
//	locks/<key>                            only while the key is locked
//	scratch/<key>/                         checkpoints of unfinished computations
//	runs/<number>                          the keys that a run uses, one a line; locked while it lives
//	gc.lock                                held by collection, and shared by those whom it must not disturb
//	leases/                                heartbeats, where several machines share the store
//
// Every file is published whole: written to a temporary file in the same directory, flushed to the
// disk, made read-only, renamed, and the directory flushed too. Temporary files (.tmp-*) are locked
// by their writer, so that those of dead writers can be told and removed when a store is opened.
// All locks are flock: the kernel drops them when their process dies, however it dies. On a network
// file system, and in a store that has been used from one, they are leases with a heartbeat
// (lease.go).
package store
