package pipeline

import (
	"fmt"
	"runtime"
	"slices"
	"time"

	"sicgrid/pkg/pipeline/codedigest"
	"sicgrid/pkg/store"
)

// Options of a run, and of the questions about one (Status, Why, Verify, Rerun).
type Options struct {
	Store *store.Store
	// DAG names the set of names records, so that profiles do not overwrite each other's last keys:
	// "laptop".
	DAG string
	// Code has the code digest of every stage of the graph, by stage name.
	Code map[string]codedigest.Stage
	// Numerics is the default of nodes that name none, e.g. "amd64-avx2".
	Numerics string
	// Exact forbids results of other numerics.
	Exact bool
	// Paranoid hashes every object that the run rests on, also those that have not been touched
	// since they last were.
	Paranoid bool
	// Adopt lets a stage go on from a checkpoint of other numerics (Task.Elsewhere).
	Adopt bool
	// Pins is the folder of pinned results; "" = none. Unpinned ignores them.
	Pins     string
	Unpinned bool
	// Remote is asked for results before they are computed; nil = none.
	Remote Remote
	// Force lists names of nodes or stages that are run even if cached.
	Force []string
	// Jobs is the greatest number of stages that run at once; 0 means as many as there are cores.
	Jobs int
	// KeepGoing makes everything that does not need a stage which failed; without it nothing new
	// starts after a failure.
	KeepGoing bool
	// Cores is what the running stages share; 0 means GOMAXPROCS.
	Cores int
	// Observer is told what happens; calls never overlap. nil is allowed.
	Observer func(Event)
	// Provenance says what is recorded beside what the pipeline measures itself: commit, device,
	// command line. A run that computes something asks once, before it does. nil is allowed.
	Provenance func() map[string]any

	listing *store.Listing // of what is only looked at, for a moment; nil = as the store is at each lookup
}

// atOnce is the options for many lookups that belong to one moment.
func (o *Options) atOnce() *Options {
	listed := *o
	listed.listing = o.Store.List()
	return &listed
}

// find looks a record up.
func (o *Options) find(key, numerics string, exact bool) (*store.Action, error) {
	if o.listing == nil {
		return o.Store.Lookup(key, numerics, exact)
	}
	return o.Store.LookupAmong(o.listing, key, numerics, exact)
}

// checkObject returns what is wrong with an object, or nil.
func (o *Options) checkObject(d store.Digest) error {
	if o.Paranoid {
		return o.Store.Check(d)
	}
	return o.Store.CheckChanged(d)
}

func (o *Options) cores() int {
	if o.Cores > 0 {
		return o.Cores
	}
	return runtime.GOMAXPROCS(0)
}

// Places is how many stages run at once.
func (o *Options) Places() int { return o.jobs() }

func (o *Options) jobs() int {
	if o.Jobs > 0 {
		return o.Jobs
	}
	return o.cores()
}

func (o *Options) numerics(n *Node) string {
	if n.Numerics != "" {
		return n.Numerics
	}
	return o.Numerics
}

func (o *Options) forced(n *Node) bool {
	return slices.Contains(o.Force, n.Name) || slices.Contains(o.Force, n.Stage)
}

// check finds what would make every node fail, before anything runs.
func (o *Options) check(g *Graph) error {
	if o.Store == nil {
		return fmt.Errorf("pipeline: no store given")
	}
	if o.DAG == "" {
		return fmt.Errorf("pipeline: the graph has no name (Options.DAG)")
	}
	for _, n := range g.nodes {
		if o.Code[n.code()].Digest == "" {
			return fmt.Errorf("pipeline: node %s: stage %s has no code digest; build the program again", n.Name, n.code())
		}
		if o.numerics(n) == "" {
			return fmt.Errorf("pipeline: node %s: no numerics given", n.Name)
		}
	}
	for _, f := range o.Force {
		if !slices.ContainsFunc(g.nodes, func(n *Node) bool { return n.Name == f || n.Stage == f }) {
			return fmt.Errorf("pipeline: cannot force %q: no such node or stage in this graph", f)
		}
	}
	return nil
}

// State is the outcome of a node, or what it would be.
type State string

const (
	Ran         State = "ran"
	Cached      State = "cached"
	Pinned      State = "pinned"  // a result of other code stands in for it, as somebody has asked for
	Fetched     State = "fetched" // from the remote
	Failed      State = "failed"
	Interrupted State = "interrupted" // the run was cancelled; only its scratch is kept
	NotReached  State = "not reached"

	WouldRun State = "run"     // Status: will run
	MayRun   State = "may run" // Status: runs unless an input that is remade has its old values
)

// NodeReport is the outcome of a node in a run.
type NodeReport struct {
	Node     *Node
	State    State
	Reason   string // in words: "params changed: loss.capacity 0.5 -> 0"
	Time     time.Duration
	Key      string   // "" if it was not reached; of a pinned result, its own
	Numerics string   // of the result, which may be another's
	Outputs  []Output // of a node that ran or was cached
	Err      error
	Stack    string   // of a panic
	Defects  []string // damage found on the way: "object ab12…: corrupt"
}

// Output is one published output of a node.
type Output = store.Output

// Report is the outcome of every node, in topological order.
type Report struct {
	Nodes []NodeReport
	Time  time.Duration
}

// Of returns the report of the node of this name, or nil.
func (r Report) Of(name string) *NodeReport {
	for i := range r.Nodes {
		if r.Nodes[i].Node.Name == name {
			return &r.Nodes[i]
		}
	}
	return nil
}

// Done reports whether the node's outputs are there.
func (r *NodeReport) Done() bool {
	return r.State == Ran || r.State == Cached || r.State == Pinned || r.State == Fetched
}

// Count returns how many nodes ended in this state.
func (r Report) Count(s State) int {
	n := 0
	for i := range r.Nodes {
		if r.Nodes[i].State == s {
			n++
		}
	}
	return n
}

// EventKind says what an Event tells.
type EventKind int

const (
	Started   EventKind = iota // a stage begins to run; Reason says why
	Waiting                    // another process holds the node's lock
	Progress                   // Done, Total, Note
	Finished                   // Report is set; also of nodes that were cached or not reached
	Defective                  // Note names a defect that was found and will be mended
)

// Event tells an observer about one node.
type Event struct {
	Kind        EventKind
	Node        *Node
	Done, Total int64 // Total 0: unknown
	Note        string
	Reason      string
	Report      *NodeReport
}
