package report

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"sicgrid/stages/experiment"
	"sicgrid/stages/train"
	"sicgrid/stages/watch"
)

// Server serves a page that is made anew for whoever opens it, and tells it what has become of the
// trainings since. It answers on loopback names alone, so that no page of somebody else's, whose
// name was made to mean this machine, can ask it.
type Server struct {
	collect func(context.Context) (*Page, error)
	mu      sync.Mutex // one page is made at a time
	page    *Page
	follow  *follower
}

// NewServer serves pages as collect makes them.
func NewServer(collect func(context.Context) (*Page, error)) *Server {
	return &Server{collect: collect}
}

// newsPath is where a page asks what is new.
const newsPath = "/news"

// ServeHTTP answers a page or its questions.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	switch {
	case !loopback(r.Host):
		http.Error(w, "this page is served to this machine alone", http.StatusForbidden)
	case r.Method != http.MethodGet:
		http.Error(w, "there is nothing but pages to get", http.StatusMethodNotAllowed)
	case r.URL.Path == "/":
		s.servePage(w, r)
	case r.URL.Path == newsPath:
		s.serveNews(w, r.URL.Query().Get("network"))
	default:
		http.NotFound(w, r)
	}
}

// loopback says whether a host and its port are this machine by a name that nobody else gives.
func loopback(host string) bool {
	name, _, err := net.SplitHostPort(host)
	return err == nil && slices.Contains([]string{"127.0.0.1", "localhost", "::1"}, name)
}

func (s *Server) servePage(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	page, err := s.collect(r.Context())
	var text bytes.Buffer
	if err == nil {
		s.page = page
		if s.follow == nil {
			s.follow = newFollower(page.source.Parameters)
		}
		err = page.Write(&text)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(text.Bytes()) // whoever has gone away is told nothing
}

// news is what has become of trainings, and of the store, since the page was made.
type news struct {
	Made     time.Time     `json:"made"` // when the last record was written
	Networks []networkData `json:"networks"`
}

// serveNews says what is new, and looks at the network of this name, which the page shows.
func (s *Server) serveNews(w http.ResponseWriter, network string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.page == nil {
		http.Error(w, "no page has been opened yet", http.StatusConflict)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(s.page.news(s.follow, network))
}

// news reads the checkpoints of the trainings that had not ended. It is asked every few seconds
// beside a training, and looks at nothing else but the time of a folder and, now and then, at
// ratemaps of the network that the page shows.
func (p *Page) news(f *follower, shown string) news {
	n := news{Networks: []networkData{}}
	if info, err := os.Stat(filepath.Join(p.source.Options.Store.Dir(), "actions")); err == nil {
		n.Made = info.ModTime()
	}
	for _, one := range p.networks {
		if one.trained.There() {
			continue
		}
		p.results.follow(one)
		d := networkData{Name: one.name, History: history(one.history)}
		d.State, d.Reason = one.state()
		if one.underWay != nil && one.name == shown {
			f.look(one.underWay, p.results.source.Options.ScratchPath(one.underWay.status))
			d.Forming = f.forming(one.underWay.Node, p.source.Parameters.Figures.Training.Cells)
		}
		n.Networks = append(n.Networks, d)
	}
	return n
}

// mostFrames is how many looks at a training under way are shown.
const mostFrames = 8

// frame is one look at it.
type frame struct {
	step      int
	explained float64
	maps      []watch.Map // of all units, that which place modulates most first
}

// follower looks at the networks of trainings under way, at most as often as its watcher allows.
type follower struct {
	watcher watch.Watcher
	seen    map[string][]frame // by training
}

func newFollower(p *experiment.Parameters) *follower {
	return &follower{watch.Watcher{Motion: p.Evaluation.Motion, BoxM: slices.Min(p.Evaluation.BoxesM), Maps: math.MaxInt}, map[string][]frame{}}
}

// look takes another frame of a training if it may and there is a new checkpoint.
func (f *follower) look(one *Result, dir string) {
	p, ok := one.node.Params.(train.Params)
	if !ok {
		return
	}
	v, ok := f.watcher.Look(watch.Training{Name: one.Node, Network: p.Network, Steps: p.Optimiser.Steps, Dir: dir}, true)
	frames := f.seen[one.Node]
	if !ok || v.Explained == nil || len(frames) > 0 && frames[len(frames)-1].step == v.Step {
		return
	}
	frames = slices.DeleteFunc(frames, func(old frame) bool { return old.step > v.Step }) // of a training that was begun anew
	f.seen[one.Node] = thinned(append(frames, frame{v.Step, *v.Explained, v.Maps}))
}

// thinned leaves out, of too many frames, the one whose neighbours' steps are in the least ratio, so
// that those that are left are spread over powers of ten.
func thinned(frames []frame) []frame {
	if len(frames) <= mostFrames {
		return frames
	}
	ratio := func(i int) float64 { return float64(frames[i+1].step) / float64(max(frames[i-1].step, 1)) }
	least := 1
	for i := range len(frames) - 2 {
		if ratio(i+1) < ratio(least) {
			least = i + 1
		}
	}
	return slices.Delete(frames, least, least+1)
}

// forming is what has been seen of a training, nil if nothing: as many units that place modulates
// most now.
func (f *follower) forming(training string, cells int) *formingData {
	frames := f.seen[training]
	if len(frames) == 0 {
		return nil
	}
	d := &formingData{State: UnderWay, Reason: "ratemaps on a few walks, of checkpoints that this page has seen.", Of: "which place modulates most now", Side: value(f.watcher.BoxM), Bins: watch.Bins}
	last := frames[len(frames)-1].maps
	for _, m := range last[:min(len(last), cells)] {
		d.Units = append(d.Units, int32(m.Unit))
	}
	for _, one := range frames {
		step := formingStep{Step: one.step, Score: value(math.NaN()), Explained: value(one.explained), Finds: percent(one.explained) + " of the states’ variance explained by position, on a few walks"}
		for _, number := range d.Units {
			i := slices.IndexFunc(one.maps, func(m watch.Map) bool { return m.Unit == int(number) })
			if i < 0 {
				return nil
			}
			step.Units = append(step.Units, "")
			rates, peak := one.maps[i].Rates()
			d.Bytes = appendScaled(d.Bytes, rates, 0, peak)
		}
		d.Steps = append(d.Steps, step)
	}
	return d
}
