// Package clustertest runs the program on a real Slurm of four nodes, one for each test, which it
// starts on this machine and whose parts it kills. It needs Debian's slurm-wlm, munge and faketime,
// root, and bin/sicgrid as `go tool task build` makes it; `go tool task test-slurm` sees to that.
package clustertest
