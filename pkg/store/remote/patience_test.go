package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sicgrid/pkg/printable"
	"sicgrid/pkg/store"
)

// quick is a patience that a test can wait for.
var quick = patience{connect: time.Second, silence: time.Second, rate: 4 << 10, names: 5000}

// longest is what a request may take whose remote tries to make it last, retries included.
const longest = 30 * time.Second

// misbehaviour is a server that does not do what it should.
type misbehaviour struct {
	serve http.HandlerFunc
	want  string // in the error; "" = any
	put   bool   // met in sending, else in listing
}

// dialect is how the listings of a service look.
type dialect struct {
	at       func(server string) string // the URL of a remote
	head     string
	contents string // a name, for Sprintf
	between  string
	end      string // of a listing that ends
	goesOn   string // of one that goes on, for Sprintf with a token
	nameless string // names without anything else
	refusal  string // that moves the cursor
}

var dialects = map[string]dialect{
	"s3": {
		at:       s3At,
		head:     `<?xml version="1.0"?><ListBucketResult><Name>shared</Name>`,
		contents: "<Contents><Key>a/prefix/actions/%s</Key><Size>1</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>",
		end:      "</ListBucketResult>",
		goesOn:   "<IsTruncated>true</IsTruncated><NextContinuationToken>%d</NextContinuationToken></ListBucketResult>",
		nameless: "<Contents></Contents><Contents><Key>x</Key></Contents>",
		refusal:  "<Error><Code>\u009b2J\n\x7f</Code><Message>no\u202e\nsicgrid: all is well\r</Message></Error>",
	},
	"gs": {
		at:       googleAt,
		head:     `{"kind":"storage#objects","items":[`,
		contents: `{"name":"a/prefix/actions/%s","size":"1"}`,
		between:  ",",
		end:      "]}",
		goesOn:   `],"nextPageToken":"%d"}`,
		nameless: `{},{"name":"x"},null`,
		refusal:  `{"error":{"message":"\u009b2J\n\u007fno\u202e\nsicgrid: all is well\r"}}`,
	},
	"azblob": {
		at:       azureAt,
		head:     azureHead,
		contents: "<Blob><Name>a/prefix/actions/%s</Name><Properties><Content-Length>1</Content-Length></Properties></Blob>",
		end:      "</Blobs></EnumerationResults>",
		goesOn:   "</Blobs><NextMarker>%d</NextMarker></EnumerationResults>",
		nameless: "<Blob></Blob><Blob><Name>x</Name></Blob><Blob><Name>y</Name><Properties></Properties></Blob>",
		refusal:  "<Error><Code>\u009b2J\n\x7f</Code><Message>no\u202e\nsicgrid: all is well\r</Message></Error>",
	},
}

func misbehaviours(d dialect, elsewhere string) map[string]misbehaviour {
	var n atomic.Int64
	contents := func() string {
		return fmt.Sprintf(d.contents, store.ActionName(key(fmt.Sprint(n.Add(1))), "here"))
	}
	list := func(contents func() string, truncated bool) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, d.head, contents())
			if truncated {
				fmt.Fprintf(w, d.goesOn, n.Add(1))
			} else {
				fmt.Fprint(w, d.end)
			}
		}
	}
	page := func() string {
		all := make([]string, 1000)
		for i := range all {
			all[i] = contents()
		}
		return strings.Join(all, d.between)
	}
	endless := func(head, piece string) http.HandlerFunc {
		return func(w http.ResponseWriter, req *http.Request) {
			fmt.Fprint(w, head)
			for piece := strings.Repeat(piece, 1000); req.Context().Err() == nil; {
				if _, err := io.WriteString(w, piece); err != nil {
					return
				}
			}
		}
	}
	redirect := func(code int, to string) http.HandlerFunc {
		return func(w http.ResponseWriter, req *http.Request) {
			w.Header().Set("Location", to+req.URL.Path)
			w.WriteHeader(code)
		}
	}
	return map[string]misbehaviour{
		"it never answers":                   {serve: stall, want: errSlow.Error()},
		"it begins to answer":                {serve: func(w http.ResponseWriter, req *http.Request) { fmt.Fprint(w, d.head); flush(w); stall(w, req) }, want: errSlow.Error()},
		"a byte at a time":                   {serve: trickle(d.head), want: errSlow.Error()},
		"a listing of one name on each page": {serve: list(contents, true), want: "does not end"},
		"an empty listing that goes on":      {serve: list(func() string { return "" }, true), want: "does not end"},
		"a listing without end":              {serve: list(page, true), want: "lists more than"},
		"a page without end":                 {serve: endless(d.head, contents()+d.between), want: "longer than"},
		"an error without end":               {serve: func(w http.ResponseWriter, req *http.Request) { w.WriteHeader(403); endless("", "no ")(w, req) }},
		"names without anything else":        {serve: list(func() string { return d.nameless }, false)},
		"no body":                            {serve: func(http.ResponseWriter, *http.Request) {}},
		"no listing": {serve: func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "<html>Sign in to the hotel's network</html>")
		}},
		"half a listing": {serve: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, d.head)
		}},
		"no HTTP":                    {serve: hijacked("220 mail ESMTP\r\n")},
		"headers without end":        {serve: hijackedEndless},
		"it hangs up":                {serve: hijacked("")},
		"it always fails":            {serve: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }},
		"a redirect elsewhere (301)": {serve: redirect(301, elsewhere), want: "not followed"},
		"a redirect elsewhere (302)": {serve: redirect(302, elsewhere), want: "not followed"},
		"a redirect elsewhere (307)": {serve: redirect(307, elsewhere), want: "not followed"},
		"a redirect elsewhere (308)": {serve: redirect(308, elsewhere), want: "not followed"},
		"a redirect to itself":       {serve: func(w http.ResponseWriter, req *http.Request) { redirect(307, "http://"+req.Host)(w, req) }, want: "without end"},
		"an error that moves the cursor": {serve: func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(403)
			fmt.Fprint(w, d.refusal)
		}},
		"it does not read what it is sent":       {put: true, serve: func(w http.ResponseWriter, req *http.Request) { deaf(w) }, want: errSlow.Error()},
		"it never says that it has what it got":  {put: true, serve: func(w http.ResponseWriter, req *http.Request) { _, _ = io.Copy(io.Discard, req.Body); stall(w, req) }, want: errSlow.Error()},
		"it refuses what it is sent":             {put: true, serve: func(w http.ResponseWriter, req *http.Request) { w.WriteHeader(507) }},
		"it redirects elsewhere what it is sent": {put: true, serve: redirect(307, elsewhere)},
		"it does not know what an upload is named": {put: true, serve: func(w http.ResponseWriter, req *http.Request) {
			_, _ = io.Copy(io.Discard, req.Body)
			w.WriteHeader(400)
		}},
	}
}

func flush(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }

func stall(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() }

func trickle(head string) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		fmt.Fprint(w, head)
		for req.Context().Err() == nil {
			fmt.Fprint(w, " ")
			flush(w)
			time.Sleep(20 * time.Millisecond)
		}
	}
}

// hijacked says something else than HTTP and hangs up.
func hijacked(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_, _ = io.WriteString(c, text)
			c.Close()
		}
	}
}

func hijackedEndless(w http.ResponseWriter, _ *http.Request) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer c.Close()
	_, err = io.WriteString(c, "HTTP/1.1 200 OK\r\n")
	for line := strings.Repeat("X-Padding: and so on\r\n", 1000); err == nil; {
		_, err = io.WriteString(c, line)
	}
}

// deaf keeps a connection open and reads nothing more of it.
func deaf(w http.ResponseWriter) {
	if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
		time.AfterFunc(longest, func() { c.Close() })
	}
}

func s3At(server string) string {
	return "s3://shared/a/prefix?region=us-east-1&use_path_style=true&endpoint=" + server
}

func TestARemoteThatMisbehavesEndsInOneLine(t *testing.T) {
	for _, serve := range buckets { // for the credentials
		serve(t, nil)
	}
	var reached atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer elsewhere.Close()
	large := openStore(t)
	sent := record(t, large, "large", strings.Repeat("more than the sockets of both sides hold", 1<<19))
	var all sync.WaitGroup
	tried := map[string]misbehaviour{}
	at := map[string]func(server string) string{}
	for kind, d := range dialects {
		for name, m := range misbehaviours(d, elsewhere.URL) {
			tried[kind+": "+name], at[kind+": "+name] = m, d.at
		}
	}
	var worst atomic.Int64
	for name, m := range tried {
		all.Go(func() {
			server := httptest.NewServer(m.serve)
			defer server.CloseClientConnections()
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			r, err := open(ctx, at[name](server.URL), false, quick)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				return
			}
			begun := time.Now()
			if m.put {
				err = r.send(ctx, large, sent.Outputs[0].Object)
			} else {
				_, err = r.Pull(ctx, openStore(t), nil, nil)
				if err == nil && m.want == "" {
					err = r.Present(ctx)
				}
			}
			took := time.Since(begun)
			worst.Store(max(worst.Load(), int64(took)))
			asExpected := err != nil && (strings.Contains(err.Error(), m.want) || errors.Is(err, errSlow)) // a loaded machine is slow itself
			if !asExpected || err.Error() != printable.Line(err.Error()) || len(err.Error()) > 2*mostText {
				t.Errorf("%s: found %v, want one line with %q", name, err, m.want)
			}
			if errors.Is(err, context.Canceled) {
				t.Errorf("%s: looks as if the user had interrupted it: %v", name, err)
			}
			if took > longest {
				t.Errorf("%s: lasted %v", name, took)
			}
		})
	}
	all.Wait()
	if n := reached.Load(); n > 0 {
		t.Errorf("%d requests went to another host", n)
	}
	t.Logf("%d ways of a remote to stall, lie and list without end: each ends in one line, the longest after %.1f s: nothing lost",
		len(tried), time.Duration(worst.Load()).Seconds())
}

// An object whose bytes stop coming is given up, and what has come is not kept.
func TestAnObjectThatStopsComingIsGivenUp(t *testing.T) {
	for kind, serve := range buckets {
		t.Run(kind, func(t *testing.T) {
			var stopping atomic.Bool
			url := serve(t, func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
					if stopping.Load() && req.Method == http.MethodGet && strings.Contains(req.URL.Path, "/objects/") {
						w.Header().Set("Content-Length", "1000")
						fmt.Fprint(w, "what was")
						flush(w)
						stall(w, req)
					}
					next.ServeHTTP(w, req)
				})
			})
			ours, theirs := openStore(t), openStore(t)
			a := record(t, ours, "result", "what was computed")
			if _, err := openRemote(t, url).Push(context.Background(), ours, []*store.Action{a}, nil); err != nil {
				t.Fatal(err)
			}
			stopping.Store(true)
			r, err := open(context.Background(), url, false, quick)
			if err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			if _, err := r.Fetch(context.Background(), theirs, a.Key, "here", true, nil); !errors.Is(err, errSlow) || time.Since(begun) > longest {
				t.Errorf("after %v: %v", time.Since(begun), err)
			}
			if files := treeOf(t, filepath.Join(theirs.Dir(), "objects")); len(files) > 0 {
				t.Errorf("left behind: %q", files)
			}
		})
	}
}

// A transfer may last as long as it likes while something comes.
func TestASlowObjectIsWaitedFor(t *testing.T) {
	for kind, serve := range buckets {
		t.Run(kind, func(t *testing.T) {
			url := serve(t, func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
					if req.Method == http.MethodGet && strings.Contains(req.URL.Path, "/objects/") {
						next.ServeHTTP(&slowly{w}, req)
						return
					}
					next.ServeHTTP(w, req)
				})
			})
			ours, theirs := openStore(t), openStore(t)
			a := record(t, ours, "result", strings.Repeat("what was computed", 12<<10))
			if _, err := openRemote(t, url).Push(context.Background(), ours, []*store.Action{a}, nil); err != nil {
				t.Fatal(err)
			}
			unhurried := quick
			unhurried.silence = 3 * time.Second
			r, err := open(context.Background(), url, false, unhurried)
			if err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			if _, err := r.Fetch(context.Background(), theirs, a.Key, "here", true, nil); err != nil || time.Since(begun) < unhurried.silence {
				t.Errorf("after %v: %v", time.Since(begun), err)
			}
		})
	}
}

// slowly writes 4 KiB each 70 ms.
type slowly struct{ http.ResponseWriter }

func (s *slowly) Write(p []byte) (int, error) {
	for done := 0; done < len(p); done += 4 << 10 {
		if _, err := s.ResponseWriter.Write(p[done:min(len(p), done+4<<10)]); err != nil {
			return done, err
		}
		flush(s.ResponseWriter)
		time.Sleep(70 * time.Millisecond)
	}
	return len(p), nil
}

// A mistyped address makes nothing and is told apart from a remote that has not this result.
func TestWhereNothingIsNothingIsMade(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	for _, url := range []string{"file://" + dir + "/typo", "file://" + dir} {
		if _, err := Open(ctx, url); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "nothing is there") {
			t.Errorf("%s: %v", url, err)
		}
	}
	if files, _ := os.ReadDir(dir); len(files) > 0 {
		t.Errorf("made: %v", files)
	}
	url := serveS3(t, nil)
	for _, url := range []string{url, strings.Replace(url, "s3://shared", "s3://shred", 1)} {
		r := openRemote(t, url)
		if err := r.Present(ctx); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "nothing is there") {
			t.Errorf("%s: %v", url, err)
		}
		for _, exact := range []bool{true, false} {
			if _, err := r.Fetch(ctx, openStore(t), key("x"), "here", exact, nil); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: fetch: %v", url, err)
			}
		}
	}
	ours := openStore(t)
	r := openRemote(t, url)
	if _, err := r.Push(ctx, ours, results(t, ours, 1), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Fetch(ctx, openStore(t), key("x"), "here", false, nil); !errors.Is(err, store.ErrMissing) || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("fetch of what others have not made: %v", err)
	}
}

// In a remote folder may be what nobody can read to its end.
func TestAFolderOfOtherThingsIsNotWaitedFor(t *testing.T) {
	ctx := context.Background()
	ours := openStore(t)
	actions := results(t, ours, 3)
	dir := t.TempDir()
	r := openRemote(t, "file://"+dir)
	if _, err := r.Push(ctx, ours, actions, nil); err != nil {
		t.Fatal(err)
	}
	object := filepath.Join(dir, "objects", string(actions[0].Outputs[0].Object))
	action := filepath.Join(dir, "actions", store.ActionName(actions[1].Key, "here"))
	for _, path := range []string{object, action} {
		if err := errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "actions", store.ActionName(key("a folder"), "here")), 0o755); err != nil {
		t.Fatal(err)
	}
	done := make(chan string, 1)
	go func() {
		got, err := r.Pull(ctx, openStore(t), nil, nil)
		one, failed := r.Fetch(ctx, openStore(t), actions[0].Key, "here", true, nil)
		done <- fmt.Sprint(got.Records, len(got.Problems), err, one == nil, errors.Is(failed, store.ErrMissing))
	}()
	select {
	case got := <-done:
		if got != "1 1 <nil> true true" {
			t.Errorf("pull and fetch: %s", got)
		}
	case <-time.After(longest):
		t.Error("waits for a FIFO")
	}
}
