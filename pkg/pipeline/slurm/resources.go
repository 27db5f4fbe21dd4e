package slurm

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"sicgrid/pkg/params"
)

// Resources are what a job of one stage asks Slurm for.
type Resources struct {
	Cores     int    `json:"cores" range:"[1, 4096]" default:"1" doc:"of the processor"`
	MemoryMiB int    `json:"memory_mib" range:">= 1" default:"2000" unit:"MiB" doc:"of a job; more and Slurm kills it"`
	Minutes   int    `json:"minutes" range:">= 1" default:"60" unit:"min" doc:"after which a job is stopped; a training saves, and goes on in a new job"`
	GPUs      int    `json:"gpus" range:"[0, 64]" default:"0" doc:"of a job"`
	Partition string `json:"partition" default:"" doc:"of the cluster; empty is its default"`
	Options   string `json:"options" default:"" doc:"of sbatch besides, such as --account=lab --qos=long"`
}

// Cluster is how a cluster is used: what the jobs of each stage ask for, and how they are watched.
type Cluster struct {
	Resources
	WarnSeconds  int `json:"warn_seconds" range:"[1, 3600]" default:"60" unit:"s" doc:"before its time is up a job is asked to save"`
	PollSeconds  int `json:"poll_seconds" range:"[1, 3600]" default:"5" unit:"s" doc:"between two questions to Slurm"`
	PatienceSecs int `json:"patience_seconds" range:"[5, 86400]" default:"180" unit:"s" doc:"a job that gives no sign of life for so long counts as lost"`
	Resubmit     int `json:"resubmit" range:"[0, 100]" default:"3" doc:"how often a lost job is submitted again"`

	Stages map[string]any `json:"stages" doc:"stages that ask for something else, by name"`

	of map[string]Resources
}

var resourceKeys = []string{"cores", "memory_mib", "minutes", "gpus", "partition", "options"}

// ReadCluster reads the file; stages are those that it may name.
func ReadCluster(path string, stages []string) (*Cluster, error) {
	doc, err := params.Read(path)
	if err != nil {
		return nil, err
	}
	c := &Cluster{of: map[string]Resources{}}
	if err := doc.Decode(c); err != nil {
		return nil, err
	}
	for _, stage := range doc.Keys("stages") {
		key := "stages." + stage
		if !slices.Contains(stages, stage) {
			return nil, doc.Errorf(key, "found a stage that there is not, must be one of %s", strings.Join(stages, ", "))
		}
		var r Resources
		if err := doc.Overlay(key, resourceKeys).Decode(&r); err != nil {
			return nil, err
		}
		if err := c.checkTime(doc, key+".minutes", r); err != nil {
			return nil, err
		}
		c.of[stage] = r
	}
	return c, c.checkTime(doc, "minutes", c.Resources)
}

func (c *Cluster) checkTime(doc *params.Document, key string, r Resources) error {
	if time.Duration(r.Minutes)*time.Minute <= time.Duration(c.WarnSeconds)*time.Second {
		return doc.Errorf(key, "found %d, must be longer than warn_seconds, %d s", r.Minutes, c.WarnSeconds)
	}
	return nil
}

// Of is what a job of the stage asks for.
func (c *Cluster) Of(stage string) Resources {
	if r, own := c.of[stage]; own {
		return r
	}
	return c.Resources
}

// options are those of sbatch.
func (r Resources) options() []string {
	o := []string{fmt.Sprintf("--cpus-per-task=%d", r.Cores), fmt.Sprintf("--mem=%dM", r.MemoryMiB), fmt.Sprintf("--time=%d", r.Minutes)}
	if r.GPUs > 0 {
		o = append(o, fmt.Sprintf("--gres=gpu:%d", r.GPUs))
	}
	if r.Partition != "" {
		o = append(o, "--partition="+r.Partition)
	}
	return append(o, strings.Fields(r.Options)...)
}
