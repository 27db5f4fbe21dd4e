package slurm

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"sicgrid/pkg/pipeline"
)

func node(stage, name string, inputs ...*pipeline.Node) *pipeline.Node {
	n := &pipeline.Node{Name: stage + "/" + name, Stage: stage, Outputs: []string{"out"}, Inputs: map[string]pipeline.Ref{}, Run: func(context.Context, *pipeline.Task) error { return nil }}
	for i, in := range inputs {
		n.Inputs[fmt.Sprint(i)] = in.Ref("out")
	}
	return n
}

func ordered(t *testing.T, targets ...*pipeline.Node) []*pipeline.Node {
	t.Helper()
	g, err := pipeline.NewGraph(targets...)
	if err != nil {
		t.Fatal(err)
	}
	return g.Nodes()
}

func nothing(*pipeline.Node) (place, bool) { return place{}, false }

// waitsFor lists what Slurm lets a task wait for, as the array's dependency says it.
func waitsFor(t *testing.T, a *array, task int, arrays []*array) map[*pipeline.Node]bool {
	t.Helper()
	ids, byID := map[*array]string{}, map[string]*array{}
	for i, b := range arrays {
		ids[b] = fmt.Sprint(100 + i)
		byID[ids[b]] = b
	}
	all := map[*pipeline.Node]bool{}
	text := a.dependency(ids)
	if text == "" {
		return all
	}
	for part := range strings.SplitSeq(text, ",") {
		kind, of, _ := strings.Cut(part, ":")
		job, one, single := strings.Cut(of, "_")
		b := byID[job]
		switch {
		case b == nil:
			t.Fatalf("%q names no array", part)
		case kind == "aftercorr":
			if b.nodes[task] == nil {
				t.Fatalf("%q: array %s has no task %d", part, job, task)
			}
			all[b.nodes[task]] = true
		case single:
			var n int
			fmt.Sscan(one, &n)
			all[b.nodes[n]] = true
		default:
			for _, n := range b.nodes {
				all[n] = true
			}
		}
	}
	return all
}

// checkArranged checks that every node is in one array, behind those that it waits for, and waits
// for what it reads, no less and, but for whole arrays of which it reads all, no more.
func checkArranged(t *testing.T, nodes []*pipeline.Node, arrays []*array, mostTasks int) {
	t.Helper()
	placed := map[*pipeline.Node]int{}
	for i, a := range arrays {
		for task, n := range a.nodes {
			if _, twice := placed[n]; twice || task >= mostTasks || n.Stage != a.stage {
				t.Fatalf("%s is task %d of array %d of %s, most %d", n.Name, task, i, a.stage, mostTasks)
			}
			placed[n] = i
		}
	}
	if len(placed) != len(nodes) {
		t.Fatalf("%d of %d nodes are in an array", len(placed), len(nodes))
	}
	for i, a := range arrays {
		for task, n := range a.nodes {
			reads := map[*pipeline.Node]bool{}
			for _, ref := range n.Inputs {
				reads[ref.Node] = true
				if placed[ref.Node] >= i {
					t.Fatalf("%s is submitted before %s, which it reads", n.Name, ref.Node.Name)
				}
			}
			if waits := waitsFor(t, a, task, arrays); !maps.Equal(waits, reads) {
				t.Fatalf("%s waits for %d nodes and reads %d", n.Name, len(waits), len(reads))
			}
		}
	}
}

// A sweep of 200 points, each the best of eight trainings measured in two boxes over shared walks,
// is submitted in as many arrays as one point has kinds of stage.
func TestASweepOfManyPointsIsAFewSubmissions(t *testing.T) {
	walks := []*pipeline.Node{node("trajectories", "2m"), node("trajectories", "4m")}
	var outcomes []*pipeline.Node
	for p := range 200 {
		var trained []*pipeline.Node
		for k := range 8 {
			trained = append(trained, node("train", fmt.Sprint(p, "/", k)))
		}
		best := node("select", fmt.Sprint(p), trained...)
		var analysed []*pipeline.Node
		for i, w := range walks {
			maps := node("ratemaps", fmt.Sprint(p, "/", i), best, w)
			analysed = append(analysed, node("spectra", fmt.Sprint(p, "/", i), maps))
		}
		outcomes = append(outcomes, node("outcome", fmt.Sprint(p), append(analysed, best)...))
	}
	table := node("sweep", "table", outcomes...)
	nodes := ordered(t, node("figures", "overview", table))
	arrays := arrange(nodes, nothing, 1001)
	checkArranged(t, nodes, arrays, 1001)
	if want := 8 + 1 + 1 + 2 + 2 + 1 + 1 + 1; len(arrays) > want {
		t.Errorf("%d arrays, want %d", len(arrays), want)
	}
}

// Whatever the graph and however small the arrays, every node waits for exactly what it reads.
func TestEveryNodeWaitsForWhatItReads(t *testing.T) {
	for seed := range uint64(300) {
		draw := rand.New(rand.NewPCG(seed, 0))
		var all []*pipeline.Node
		for i := range 1 + draw.IntN(40) {
			var in []*pipeline.Node
			for range draw.IntN(4) {
				if len(all) > 0 {
					in = append(in, all[draw.IntN(len(all))])
				}
			}
			all = append(all, node(fmt.Sprint("stage", draw.IntN(4)), fmt.Sprint(i), in...))
		}
		nodes := ordered(t, all...)
		most := 1 + draw.IntN(50)
		checkArranged(t, nodes, arrange(nodes, nothing, most), most)
	}
}

// What is under way already is waited for by its own job; what is done is not waited for.
func TestLostNodesWaitForTheJobsOfOthers(t *testing.T) {
	done, under := node("train", "done"), node("train", "under way")
	lost := node("ratemaps", "lost", done, under)
	arrays := arrange([]*pipeline.Node{lost}, func(n *pipeline.Node) (place, bool) {
		return place{job: "12", task: 3}, n == under
	}, 1001)
	if len(arrays) != 1 || arrays[0].dependency(nil) != "afterok:12_3" {
		t.Errorf("%d arrays, of which the first waits for %q, want afterok:12_3", len(arrays), arrays[0].dependency(nil))
	}
}

func TestTasksAreWrittenAsRanges(t *testing.T) {
	a := &array{nodes: map[int]*pipeline.Node{}}
	for _, i := range []int{7, 0, 1, 2, 9, 10} {
		a.nodes[i] = &pipeline.Node{}
	}
	if got := a.tasks(); got != "0-2,7,9-10" {
		t.Errorf("tasks %s, want 0-2,7,9-10", got)
	}
}
