package slurm

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sicgrid/pkg/pipeline"
)

// array is a job array as it is submitted: nodes of one stage, and what each waits for.
type array struct {
	stage string
	nodes map[int]*pipeline.Node // by task
	corr  []*array               // task i waits for task i of these
	after []place                // every task waits for these
}

// place is a task that is waited for: of an array that is submitted along with it, or of a job that
// Slurm has already.
type place struct {
	array *array // nil of a job
	job   string
	task  int
}

// mostSources is from how many inputs on that come from nowhere (a network's trainings) a node is
// taken for the table of all rather than for the choice among a few.
const mostSources = 64

// arrange puts the nodes, in topological order, into as few arrays as may be, in an order in which
// they can be submitted. job is where a node is that is under way already, of which ok is false for
// those that are done. mostTasks is one more than the largest task number that the cluster allows.
func arrange(nodes []*pipeline.Node, job func(*pipeline.Node) (at place, ok bool), mostTasks int) []*array {
	chains := chainsOf(nodes)
	at := map[*pipeline.Node]place{}
	known := map[string]*array{}
	var arrays []*array
	for _, n := range nodes {
		chain := chains[n]
		corr, after := map[*array]bool{}, map[place]bool{}
		for _, ref := range n.Inputs {
			p, here := at[ref.Node]
			switch {
			case here && chains[ref.Node] == chain:
				corr[p.array] = true
			case here:
				after[p] = true
			default:
				if p, ok := job(ref.Node); ok {
					after[p] = true
				}
			}
		}
		// What Slurm is told of the node, but for the number of its task.
		var waits []string
		for a := range corr {
			waits = append(waits, fmt.Sprintf("=%d", slices.Index(arrays, a)))
		}
		for p := range after {
			waits = append(waits, fmt.Sprintf("%d %s", slices.Index(arrays, p.array), taskName(p.job, p.task)))
		}
		slices.Sort(waits)
		task := chain % mostTasks
		for twin := 0; ; twin++ { // two nodes of one chain that look the same are in two arrays
			like := fmt.Sprintf("%s %d %d %q", n.Stage, chain/mostTasks, twin, waits)
			a := known[like]
			if a == nil {
				a = &array{stage: n.Stage, nodes: map[int]*pipeline.Node{}, corr: slices.Collect(maps.Keys(corr)), after: slices.Collect(maps.Keys(after))}
				known[like] = a
				arrays = append(arrays, a)
			}
			if a.nodes[task] == nil {
				a.nodes[task] = n
				at[n] = place{array: a, task: task}
				break
			}
		}
	}
	return arrays
}

// chainsOf numbers the chains that a graph falls into: a node goes on with the chain that it alone
// reads from, and a node that reads from none or several begins one. What comes from nowhere (a
// training from random initialisation) belongs to the chain of all its readers, if that is one.
func chainsOf(nodes []*pipeline.Node) map[*pipeline.Node]int {
	chain, count := map[*pipeline.Node]int{}, 0
	here := map[*pipeline.Node]bool{}
	for _, n := range nodes {
		here[n] = true
	}
	readers := map[*pipeline.Node]map[*pipeline.Node]bool{}
	source := map[*pipeline.Node]bool{}
	for _, n := range nodes {
		from, sources := map[int]bool{}, map[*pipeline.Node]bool{}
		for _, ref := range n.Inputs {
			u := ref.Node
			if !here[u] {
				continue
			}
			if readers[u] == nil {
				readers[u] = map[*pipeline.Node]bool{}
			}
			readers[u][n] = true
			if source[u] {
				sources[u] = true
			} else {
				from[chain[u]] = true
			}
		}
		switch {
		case len(from) == 0 && len(sources) == 0:
			source[n] = true
		case len(from) == 1 && len(sources) <= mostSources:
			for c := range from {
				chain[n] = c
			}
		default:
			chain[n] = count
			count++
		}
	}
	for _, n := range nodes {
		if !source[n] {
			continue
		}
		of := map[int]bool{}
		for r := range readers[n] {
			of[chain[r]] = true
		}
		if len(of) == 1 && len(readers[n]) > 0 {
			for c := range of {
				chain[n] = c
			}
			continue
		}
		chain[n] = count
		count++
	}
	return chain
}

// dependency is the value of sbatch's option; "" is none. ids are the jobs of arrays that have been
// submitted.
func (a *array) dependency(ids map[*array]string) string {
	var parts []string
	for _, c := range a.corr {
		parts = append(parts, "aftercorr:"+ids[c])
	}
	whole := map[*array]int{}
	for _, p := range a.after {
		if p.array != nil {
			whole[p.array]++
		}
	}
	for _, p := range a.after {
		job := p.job
		if p.array != nil {
			if job = ids[p.array]; whole[p.array] == len(p.array.nodes) {
				parts = append(parts, "afterok:"+job)
				continue
			}
		}
		parts = append(parts, "afterok:"+taskName(job, p.task))
	}
	slices.Sort(parts)
	return strings.Join(slices.Compact(parts), ",")
}

// tasks lists the numbers of the array's tasks as sbatch takes them: "0-3,7".
func (a *array) tasks() string {
	numbers := slices.Sorted(maps.Keys(a.nodes))
	var parts []string
	for i := 0; i < len(numbers); {
		j := i
		for j+1 < len(numbers) && numbers[j+1] == numbers[j]+1 {
			j++
		}
		if part := strconv.Itoa(numbers[i]); i == j {
			parts = append(parts, part)
		} else {
			parts = append(parts, part+"-"+strconv.Itoa(numbers[j]))
		}
		i = j + 1
	}
	return strings.Join(parts, ",")
}
