// Package slurm executes the stages of a graph as jobs of a cluster that Slurm schedules. It knows
// nothing of what the stages compute.
//
// The nouns: a run is a folder that submitter and nodes see, in the store that they share. It holds
//
//	arrays/<number>.json   what was submitted: the nodes of a job array, by task; the number is the
//	                       time in milliseconds, and the comment of its job
//	arrays/<number>.job    the job that Slurm made of it
//	records/<node>.json    what became of a node, written by the process that makes it
//	logs/<number>.<task>   what that process printed
//	cancelled              the mark of the last cancellation, which an array that was submitted
//	                       before it does not have: its processes stop when they see that
//
// An array is a set of nodes that differ in nothing that Slurm cares for: the same stage, the same
// resources, the same place in the graph. Node i of one waits for node i of those before it, so
// that a sweep of two hundred points is a handful of submissions and a point that fails takes along
// only its own rest.
//
// A task of an array is one stage process (Stage), which brings one node up to date by
// pipeline.Run, as the local executor does for all. Locks, leases and atomic publishing are the
// pipeline's: a task that Slurm runs twice makes its result once.
//
// What became of a node is read from its record, never from Slurm's accounting, which may be off.
// Slurm is asked one question a poll: which jobs of the run it still has. A node without a result
// that is not among them is lost, and submitted again up to a limit. So whatever dies (a node,
// slurmd, slurmctld with all its state, the submitter) costs time alone.
//
// An array is recorded before Slurm hears of it. So of a submitter that dies before it is told the
// job's number the next one finds the job, by the run's own names and the number in its comment;
// and a job that waits and of which the records say that nobody needs it (it was submitted again
// meanwhile, or cancelled) is taken out of the queue.
package slurm
