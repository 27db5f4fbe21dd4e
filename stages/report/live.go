package report

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// Server serves a page that is made anew for whoever opens it, and tells it what has become of the
// trainings since. It answers on loopback names alone, so that no page of somebody else's, whose
// name was made to mean this machine, can ask it.
type Server struct {
	collect func(context.Context) (*Page, error)
	mu      sync.Mutex // one page is made at a time
	page    *Page
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
		s.serveNews(w)
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

func (s *Server) serveNews(w http.ResponseWriter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.page == nil {
		http.Error(w, "no page has been opened yet", http.StatusConflict)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(s.page.news())
}

// news reads the checkpoints of the trainings that had not ended. It is asked every few seconds
// beside a training, and looks at nothing else but the time of a folder.
func (p *Page) news() news {
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
		n.Networks = append(n.Networks, d)
	}
	return n
}
