package slurm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"sicgrid/pkg/pipeline"
)

// visibleWithin is how long a network file system may take to show what another node has written.
const visibleWithin = time.Minute

// Stage is the process of one task of an array, as Slurm starts it: it makes the task's node, with
// all that it needs already made, and keeps the node's record. open gives the graph whose one
// target the node is, and the options of its run.
//
// A process that is asked to stop while Slurm has nothing against its job (its time is nearly up,
// or somebody wants the machine) puts the job back into the queue; what it was doing goes on from
// its checkpoint.
func Stage(ctx context.Context, dir string, number int, open func(node string) (*pipeline.Graph, pipeline.Options, error)) error {
	task, err := strconv.Atoi(os.Getenv("SLURM_ARRAY_TASK_ID"))
	if err != nil {
		return fmt.Errorf("this is the process of a Slurm job and runs within one: SLURM_ARRAY_TASK_ID is not set")
	}
	f := folder(dir)
	a, err := f.array(number)
	if err != nil {
		return err
	}
	node, err := a.node(task)
	if err != nil {
		return err
	}
	cancelled := func() bool { return f.cancellation() != a.After }
	if cancelled() {
		return errors.New("this job was cancelled: a controller that has forgotten it started it all the same")
	}
	host, _ := os.Hostname() // only shown
	if name := os.Getenv("SLURMD_NODENAME"); name != "" {
		host = name
	}
	before := f.record(node)
	if before == nil {
		before = &record{}
	}
	p := &process{folder: f, cancelled: cancelled, before: before, record: record{
		Node: node, State: running, Job: os.Getenv("SLURM_JOB_ID"), Host: host,
		Done: before.Done, Total: before.Total, Note: before.Note, InVain: before.InVain,
	}}
	if err := p.write(); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	beating := p.keepBeating(time.Duration(a.BeatMS)*time.Millisecond, stop)
	report, err := p.make(ctx, open)
	beating()
	return p.end(ctx, report, err)
}

// process is a stage process.
type process struct {
	folder    folder
	cancelled func() bool // whether the submission that it is of was
	before    *record     // of the process before it
	mu        sync.Mutex
	record    record
}

func (p *process) write() error {
	p.mu.Lock()
	r := p.record
	p.record.Beat++
	p.mu.Unlock()
	return p.folder.write(&r)
}

// keepBeating writes the record all the time, for the submitter to see that the process lives and
// how far it is. It calls cancel when the run is being cancelled: a controller that was restarted
// just then ends the job in its own books alone.
func (p *process) keepBeating(every time.Duration, cancel func()) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(max(every, 100*time.Millisecond))
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				if p.cancelled() {
					cancel()
				}
				_ = p.write() // one that is missed does no harm
			}
		}
	}()
	return func() { close(done); <-ended }
}

func (p *process) make(ctx context.Context, open func(node string) (*pipeline.Graph, pipeline.Options, error)) (*pipeline.NodeReport, error) {
	g, opt, err := open(p.record.Node)
	if err != nil {
		return nil, err
	}
	if cores, err := strconv.Atoi(os.Getenv("SLURM_CPUS_PER_TASK")); err == nil && cores > 0 {
		runtime.GOMAXPROCS(cores)
		opt.Cores = cores
	}
	if err := waitForInputs(ctx, g, opt, p.record.Node); err != nil {
		return nil, err
	}
	shown := opt.Observer
	opt.Observer = func(e pipeline.Event) {
		p.observe(e)
		if shown != nil {
			shown(e)
		}
	}
	report, err := pipeline.Run(ctx, g, opt)
	return report.Of(p.record.Node), err
}

// waitForInputs waits until what the node reads can be seen here. What is missing after that is
// lost, and is made again by this process.
func waitForInputs(ctx context.Context, g *pipeline.Graph, opt pipeline.Options, node string) error {
	opt.Force = nil
	var inputs []*pipeline.Node
	for _, ref := range g.Node(node).Inputs {
		inputs = append(inputs, ref.Node)
	}
	if len(inputs) == 0 {
		return nil
	}
	above, err := pipeline.NewGraph(inputs...)
	if err != nil {
		return err
	}
	for begun := time.Now(); time.Since(begun) < visibleWithin; {
		status, err := pipeline.Status(above, opt)
		if err != nil {
			return err
		}
		there := true
		for i := range status {
			there = there && status[i].Current()
		}
		if there {
			return nil
		}
		if sleep(ctx, time.Second); ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// observe keeps what the record tells of a node at work.
func (p *process) observe(e pipeline.Event) {
	if e.Node.Name != p.record.Node {
		return
	}
	if e.Kind == pipeline.Started {
		defer p.write() // at once; one that is missed does no harm
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e.Kind {
	case pipeline.Started:
		p.record.Reason = e.Reason
	case pipeline.Progress:
		p.record.Done, p.record.Total, p.record.Note = e.Done, e.Total, e.Note
	case pipeline.Waiting:
		p.record.Note = e.Note
	}
}

// end writes what became of the node.
func (p *process) end(ctx context.Context, report *pipeline.NodeReport, err error) error {
	p.mu.Lock()
	r := &p.record
	switch {
	case report != nil && report.Done():
		err = nil
		r.State, r.Reason, r.Seconds = string(report.State), report.Reason, report.Time.Seconds()
		r.Key, r.Numerics, r.Outputs, r.Defects = report.Key, report.Numerics, report.Outputs, report.Defects
	case ctx.Err() != nil && p.stands():
		err = fmt.Errorf("asked to stop %d times in a row without getting any further: give jobs of this stage more minutes", r.InVain)
		r.State, r.Error = string(pipeline.Failed), err.Error()
	case ctx.Err() != nil:
		err = ctx.Err()
		r.State = left
	default:
		if err == nil {
			err = errors.New("the stage was not reached")
		}
		r.State, r.Error = string(pipeline.Failed), line(err.Error())
		if report != nil {
			r.Reason, r.Seconds, r.Key, r.Numerics = report.Reason, report.Time.Seconds(), report.Key, report.Numerics
		}
	}
	p.mu.Unlock()
	if written := p.write(); written != nil {
		return errors.Join(err, written)
	}
	if r.State == left && !p.cancelled() {
		return p.leave(err)
	}
	return err
}

// stands counts a process that is asked to stop, and reports whether the node is begun again and
// again and never gets further. One that is stopped as soon as it has begun is no proof of that.
func (p *process) stands() bool {
	const enough = 4
	if p.record.Done > p.before.Done {
		p.record.InVain = 0
		return false
	}
	p.record.Done = p.before.Done // which the next one must pass, wherever this one was stopped
	p.record.InVain = p.before.InVain + 1
	return p.record.InVain >= enough
}

// line is a text in one line that may be shown.
func line(text string) string {
	return strings.Map(func(c rune) rune {
		if !strconv.IsPrint(c) {
			return ' '
		}
		return c
	}, text)
}

// leave puts the job back into the queue, unless Slurm is ending it by its own will: then it is
// cancelled, or back in the queue already.
func (p *process) leave(err error) error {
	const left = 20 * time.Second // before Slurm kills us
	ctx, stop := context.WithTimeout(context.Background(), left)
	defer stop()
	back := false
	refused := insist(ctx, time.Second, left, func(text string) { fmt.Fprintln(os.Stderr, text) }, func() error {
		state, err := client{}.state(ctx, p.record.Job)
		if back = state == "RUNNING"; err != nil || !back {
			return err
		}
		return client{}.requeue(ctx, p.record.Job)
	})
	switch {
	case refused != nil:
		return fmt.Errorf("put the job back into the queue: %w", refused) // it counts as lost, and is submitted again
	case !back:
		return err
	}
	fmt.Fprintln(os.Stderr, "asked to stop: what was done is saved, and the job is back in the queue")
	<-ctx.Done() // an exit before Slurm ends it would be the job's end
	return err
}
