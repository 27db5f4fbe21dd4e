package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"

	"sicgrid/pkg/printable"
	"sicgrid/pkg/store"
)

// serveRegistry starts a registry and returns the address of a tag in it. through may stand in its
// way.
func serveRegistry(t *testing.T, through func(http.Handler) http.Handler) string {
	t.Helper()
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	server := serve(t, registry.New(registry.Logger(log.New(io.Discard, "", 0))), through)
	return imageAt(server)
}

func imageAt(server string) string {
	return "oci://" + strings.TrimPrefix(server, "http://") + "/lab/grid-cells:v1"
}

// publication is of results, as package publication makes one.
func publicationOf(t *testing.T, actions []*store.Action) []File {
	t.Helper()
	files := []File{{Name: "README.md", Data: []byte("# Results\n")}}
	for _, a := range actions {
		files = append(files, File{Name: path.Join(ResultsFolder, "actions", store.ActionName(a.Key, a.Numerics)), Data: checksummed(t, a)})
		for _, o := range a.Outputs {
			files = append(files, File{Name: path.Join(ResultsFolder, "objects", string(o.Object)), Object: o.Object, Bytes: o.Bytes})
		}
	}
	return files
}

func TestWhatIsPublishedIsFetched(t *testing.T) {
	ctx := context.Background()
	var sent atomic.Int64
	url := serveRegistry(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if req.Method == http.MethodPut && strings.Contains(req.URL.Path, "/blobs/") {
				sent.Add(1)
			}
			next.ServeHTTP(w, req)
		})
	})
	ours, theirs := openStore(t), openStore(t)
	files := publicationOf(t, results(t, ours, 5))
	digest, err := Publish(ctx, url, ours, files, map[string]string{"a": "b"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	before := sent.Load()
	again, err := Publish(ctx, url, ours, files, map[string]string{"a": "b"}, nil)
	if err != nil || again != digest || sent.Load() != before {
		t.Errorf("once more: digest %s, before %s, %d files sent, %v", again, digest, sent.Load()-before, err)
	}
	for _, at := range []string{url, strings.Replace(url, ":v1", "@"+digest, 1)} {
		r, err := Open(ctx, at)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := r.Pull(ctx, theirs, nil, nil); err != nil || got.Records+got.Present != 5 || len(got.Problems) > 0 {
			t.Errorf("%s: %+v, %v", at, got, err)
		}
	}
	if !sameContents(contents(t, ours), contents(t, theirs)) {
		t.Error("what was fetched is not what was published")
	}
	missing, err := Open(ctx, strings.Replace(url, ":v1", ":v2", 1))
	if err != nil {
		t.Fatal(err)
	}
	if err := missing.Present(ctx); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a tag that there is not: %v", err)
	}
}

// damaged serves a registry that changes what it answers to what the path contains.
func damaged(what string, answer func(w http.ResponseWriter, req *http.Request)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if req.Method == http.MethodGet && strings.Contains(req.URL.Path, what) {
				answer(w, req)
				return
			}
			next.ServeHTTP(w, req)
		})
	}
}

const manifestType = "application/vnd.oci.image.manifest.v1+json"

func TestARegistryThatMisbehavesEndsInOneLine(t *testing.T) {
	var reached atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer elsewhere.Close()
	manifest := func(text string) func(w http.ResponseWriter, req *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", manifestType)
			fmt.Fprint(w, text)
		}
	}
	for name, c := range map[string]struct {
		at    string
		serve func(w http.ResponseWriter, req *http.Request)
		want  string
	}{
		"it never answers": {"/manifests/", stall, errSlow.Error()},
		"a manifest without end": {"/manifests/", func(w http.ResponseWriter, req *http.Request) {
			w.Header().Set("Content-Type", manifestType)
			endlessly(w, req)
		}, ""},
		"no manifest":                {"/manifests/", manifest("<html>Sign in to the hotel's network</html>"), ""},
		"an image of something else": {"/manifests/", manifest(`{"schemaVersion":2,"mediaType":"` + manifestType + `","layers":[]}`), "no publication"},
		"it refuses":                 {"/manifests/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }, "docker login"},
		"a redirect elsewhere": {"/manifests/", func(w http.ResponseWriter, req *http.Request) {
			http.Redirect(w, req, elsewhere.URL, http.StatusTemporaryRedirect)
		}, "not followed"},
		"a redirect to itself": {"/manifests/", func(w http.ResponseWriter, req *http.Request) {
			http.Redirect(w, req, req.URL.Path, http.StatusTemporaryRedirect)
		}, "without end"},
		"it asks for a password": {"/manifests/", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(401)
		}, "docker login"},
		"it always fails": {"/manifests/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, ""},
		"an error that moves the cursor": {"/manifests/", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(400)
			fmt.Fprint(w, `{"errors":[{"code":"X","message":"\u009b2J\nno\u202e\nsicgrid: all is well\r"}]}`)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			url := serveRegistry(t, damaged(c.at, c.serve))
			r, err := open(context.Background(), url, false, quick)
			if err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			_, err = r.Pull(context.Background(), openStore(t), nil, nil)
			if err == nil || !strings.Contains(err.Error(), c.want) && !errors.Is(err, errSlow) || err.Error() != printable.Line(err.Error()) || len(err.Error()) > 2*mostText {
				t.Errorf("found %v, want one line with %q", err, c.want)
			}
			if took := time.Since(begun); took > longest {
				t.Errorf("lasted %v", took)
			}
		})
	}
	if n := reached.Load(); n > 0 {
		t.Errorf("%d requests went to another host", n)
	}
}

func endlessly(w http.ResponseWriter, req *http.Request) {
	for block := bytes.Repeat([]byte(" "), 1<<16); req.Context().Err() == nil; {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

// What a registry has spoiled, or calls by names that lead elsewhere, does not get in.
func TestAPublicationThatLiesGivesNothing(t *testing.T) {
	ctx := context.Background()
	for name, answer := range map[string]func(w http.ResponseWriter, req *http.Request){
		"other bytes":     func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "what was computee") },
		"fewer bytes":     func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "what") },
		"bytes for ever":  endlessly,
		"nothing":         func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) },
		"an empty answer": func(http.ResponseWriter, *http.Request) {},
	} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := openStore(t), openStore(t)
			a, honest := record(t, ours, "result", "what was computed"), record(t, ours, "another", "an honest result")
			lying := atomic.Bool{}
			url := serveRegistry(t, func(next http.Handler) http.Handler {
				lie := damaged("/blobs/sha256:"+string(a.Outputs[0].Object), answer)(next)
				return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
					if lying.Load() {
						lie.ServeHTTP(w, req)
						return
					}
					next.ServeHTTP(w, req)
				})
			})
			files := publicationOf(t, []*store.Action{a, honest})
			for _, n := range []string{"results/objects/../../../evil", "results/actions/../evil.json", "/etc/evil", "results/actions/" + store.ActionName(key("x"), "here")} {
				files = append(files, File{Name: n, Data: []byte("evil")})
			}
			if _, err := Publish(ctx, url, ours, files, nil, nil); err != nil {
				t.Fatal(err)
			}
			lying.Store(true)
			r, err := open(ctx, url, false, quick)
			if err != nil {
				t.Fatal(err)
			}
			got, err := r.Pull(ctx, theirs, nil, nil)
			if err == nil && (got.Records != 1 || len(got.Problems) != 2) {
				t.Errorf("pull: %+v; want the honest result and two problems", got)
			}
			for path := range contents(t, theirs) {
				if strings.HasPrefix(path, "actions/"+a.Key) || strings.Contains(path, "evil") {
					t.Errorf("%s is visible", path)
				}
			}
			unsound(t, theirs)
		})
	}
}

func TestADamagedObjectIsNotPublished(t *testing.T) {
	s := openStore(t)
	a := record(t, s, "damaged", "what was computed")
	files := publicationOf(t, []*store.Action{a})
	object := s.ObjectPath(a.Outputs[0].Object)
	if err := errors.Join(os.Chmod(object, 0o644), os.WriteFile(object, []byte("what was computee"), 0o644)); err != nil {
		t.Fatal(err)
	}
	if _, err := Publish(context.Background(), serveRegistry(t, nil), s, files, nil, nil); !errors.Is(err, store.ErrMissing) {
		t.Errorf("publishing a damaged object: %v", err)
	}
}

func TestAnAddressThatIsNoImageIsOneClearError(t *testing.T) {
	for _, url := range []string{"oci://", "oci://host", "oci://host/name", "oci://host/Name:tag", "oci://host/name:tag?x=y", "oci://host/name:"} {
		if _, err := Open(context.Background(), url); err == nil || !strings.Contains(err.Error(), "must be oci://registry/name:tag") {
			t.Errorf("%s: %v", url, err)
		}
	}
	for url, want := range map[string]string{"gs://bucket?anonymous=true": "is no registry", "oci://localhost/name@sha256:" + key("x"): "is given a tag"} {
		if _, err := Publish(context.Background(), url, openStore(t), nil, nil, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", url, err, want)
		}
	}
}
