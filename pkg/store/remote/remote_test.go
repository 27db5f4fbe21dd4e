package remote

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"sicgrid/pkg/store"
)

func openStore(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.Open(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func key(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// record puts a result of two objects, one of which all results share.
func record(t testing.TB, s *store.Store, name, data string) *store.Action {
	t.Helper()
	a := &store.Action{Format: 1, Key: key(name), Numerics: "here", Provenance: json.RawMessage(`{}`)}
	for _, text := range []string{data, "shared by all"} {
		d, n, err := s.Put(func(w io.Writer) error { _, err := io.WriteString(w, text); return err })
		if err != nil {
			t.Fatal(err)
		}
		a.Outputs = append(a.Outputs, store.Output{Name: "o" + string(d[:4]), Object: d, Logical: key(text), Bytes: n, Rows: 1})
	}
	if err := s.PutAction(a); err != nil {
		t.Fatal(err)
	}
	return a
}

// results are n results in a store.
func results(t testing.TB, s *store.Store, n int) []*store.Action {
	t.Helper()
	var all []*store.Action
	for i := range n {
		all = append(all, record(t, s, fmt.Sprint("result ", i), fmt.Sprint("data of ", i)))
	}
	return all
}

// serveS3 starts an S3 server with an empty bucket and returns the URL of a prefix in it. through
// may stand in the server's way.
func serveS3(t *testing.T, through func(http.Handler) http.Handler) string {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("shared"); err != nil {
		t.Fatal(err)
	}
	server := serve(t, gofakes3.New(backend).Server(), through)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAOFTHETEST")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-test")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	return s3At(server)
}

func openRemote(t testing.TB, url string) *Remote {
	t.Helper()
	r, err := Make(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// contents lists the files of a store's two tables with what is in them.
func contents(t testing.TB, s *store.Store) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, table := range []string{"objects", "actions"} {
		dir := filepath.Join(s.Dir(), table)
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			if a, err := store.DecodeAction(data, e.Name()); err == nil { // wherever it came from
				a.Provenance = nil
				data = checksummed(t, a)
			}
			files[table+"/"+e.Name()] = string(data)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func sameContents(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}

func TestWhatIsPushedIsPulled(t *testing.T) {
	for kind, url := range remotes(t) {
		t.Run(kind, func(t *testing.T) {
			ctx := context.Background()
			ours, theirs := openStore(t), openStore(t)
			actions := append(results(t, ours, 5), record(t, ours, "large", strings.Repeat("more than one part of an upload", 1<<19)))
			r := openRemote(t, url)
			sent, err := r.Push(ctx, ours, actions, nil)
			if err != nil || sent.Records != 6 || sent.Objects != 7 || len(sent.Problems) > 0 {
				t.Fatalf("push: %+v, %v", sent, err)
			}
			again, err := r.Push(ctx, ours, actions, nil)
			if err != nil || again.Records != 0 || again.Objects != 0 || again.Present != 6 || len(again.Problems) > 0 {
				t.Errorf("second push: %+v, %v", again, err)
			}
			got, err := r.Pull(ctx, theirs, nil, nil)
			if err != nil || got.Records != 6 || got.Objects < 7 || len(got.Problems) > 0 {
				t.Fatalf("pull: %+v, %v", got, err)
			}
			if !sameContents(contents(t, ours), contents(t, theirs)) {
				t.Error("the pulled store is another")
			}
			for _, a := range actions {
				if b, err := theirs.Action(store.ActionName(a.Key, a.Numerics)); err != nil || b.From() != r.String() || a.From() != "" {
					t.Errorf("comes from %q, %v; want %s", b.From(), err, r)
				}
			}
			if got, err = r.Pull(ctx, theirs, nil, nil); err != nil || got.Records != 0 || got.Objects != 0 || got.Present != 6 {
				t.Errorf("second pull: %+v, %v", got, err)
			}
			one := openStore(t)
			a, err := r.Fetch(ctx, one, actions[2].Key, "here", true, nil)
			if err != nil || a.Key != actions[2].Key || len(contents(t, one)) != 3 {
				t.Errorf("fetch: %+v, %v", a, err)
			}
			if a, err := r.Fetch(ctx, openStore(t), actions[2].Key, "elsewhere", false, nil); err != nil || a.Numerics != "here" {
				t.Errorf("fetch for other numerics: %+v, %v", a, err)
			}
			for _, exact := range []bool{true, false} {
				k, numerics := actions[2].Key, "elsewhere"
				if !exact {
					k, numerics = key("nothing"), "here"
				}
				if _, err := r.Fetch(ctx, openStore(t), k, numerics, exact, nil); !errors.Is(err, store.ErrMissing) {
					t.Errorf("fetch of what is not there: %v", err)
				}
			}
		})
	}
}

func TestOfTwoRacingPushersTheFirstDecides(t *testing.T) {
	for kind, url := range remotes(t) {
		t.Run(kind, func(t *testing.T) {
			const pushers = 8
			var wait sync.WaitGroup
			var won atomic.Int32
			var told atomic.Int32
			for i := range pushers {
				s := openStore(t)
				a := record(t, s, "contested", fmt.Sprint("the value of ", i)) // a stage that does not repeat itself
				r := openRemote(t, url)
				wait.Go(func() {
					sent, err := r.Push(context.Background(), s, []*store.Action{a}, nil)
					if err != nil {
						t.Error(err)
					}
					won.Add(int32(sent.Records))
					told.Add(int32(len(sent.Problems)))
				})
			}
			wait.Wait()
			if won.Load() != 1 || told.Load() != pushers-1 {
				t.Errorf("%d won and %d were told, want 1 and %d", won.Load(), told.Load(), pushers-1)
			}
			if got, err := openRemote(t, url).Pull(context.Background(), openStore(t), nil, nil); err != nil || got.Records != 1 {
				t.Errorf("what they agree on: %+v, %v", got, err)
			}
		})
	}
}

// put writes into a remote what no honest one holds.
func put(t *testing.T, r *Remote, name string, data []byte) {
	t.Helper()
	if err := r.write(context.Background(), name, true, bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
}

// checksummed is a record as a liar would write it, in the form that the store's own encoder gives.
func checksummed(t testing.TB, a *store.Action) []byte {
	t.Helper()
	data, err := store.EncodeAction(a)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// lies are what a remote may do to a result that was pushed to it.
func lies() map[string]func(t *testing.T, r *Remote, a *store.Action) {
	object := func(a *store.Action) string { return "objects/" + string(a.Outputs[0].Object) }
	name := func(a *store.Action) string { return "actions/" + store.ActionName(a.Key, a.Numerics) }
	return map[string]func(t *testing.T, r *Remote, a *store.Action){
		"other bytes": func(t *testing.T, r *Remote, a *store.Action) { put(t, r, object(a), []byte("what was computee")) },
		"fewer bytes": func(t *testing.T, r *Remote, a *store.Action) { put(t, r, object(a), []byte("what was")) },
		"more bytes": func(t *testing.T, r *Remote, a *store.Action) {
			put(t, r, object(a), []byte("what was computed, and more"))
		},
		"no bytes":           func(t *testing.T, r *Remote, a *store.Action) { put(t, r, object(a), nil) },
		"a damaged record":   func(t *testing.T, r *Remote, a *store.Action) { put(t, r, name(a), []byte(`{"format":1}`)) },
		"an empty record":    func(t *testing.T, r *Remote, a *store.Action) { put(t, r, name(a), nil) },
		"a very long record": func(t *testing.T, r *Remote, a *store.Action) { put(t, r, name(a), make([]byte, store.MostRecord+10)) },
		"a record's neighbor": func(t *testing.T, r *Remote, a *store.Action) {
			b := *a
			b.Numerics = "elsewhere"
			put(t, r, name(a), checksummed(t, &b))
		},
		"no object": func(t *testing.T, r *Remote, a *store.Action) {
			b := *a
			b.Outputs = slices.Clone(a.Outputs)
			b.Outputs[0].Object = store.Digest(key("never computed"))
			put(t, r, name(a), checksummed(t, &b))
		},
		"an object of 1 TB": func(t *testing.T, r *Remote, a *store.Action) {
			b := *a
			b.Outputs = slices.Clone(a.Outputs)
			b.Outputs[0].Bytes = 1 << 40
			put(t, r, name(a), checksummed(t, &b))
		},
		"an object outside of the store": func(t *testing.T, r *Remote, a *store.Action) {
			b := *a
			b.Outputs = slices.Clone(a.Outputs)
			b.Outputs[0].Object = "../../../outside"
			text, err := json.Marshal(b)
			if err != nil {
				t.Fatal(err)
			}
			put(t, r, name(a), text)
		},
		"another size": func(t *testing.T, r *Remote, a *store.Action) {
			b := *a
			b.Outputs = slices.Clone(a.Outputs)
			b.Outputs[0].Bytes--
			put(t, r, name(a), checksummed(t, &b))
		},
	}
}

func TestARemoteThatLiesGivesNothing(t *testing.T) {
	for what, lie := range lies() {
		for kind, url := range remotes(t) {
			t.Run(what+" "+kind, func(t *testing.T) {
				ctx := context.Background()
				ours, theirs := openStore(t), openStore(t)
				r := openRemote(t, url)
				a := record(t, ours, "result", "what was computed")
				honest := record(t, ours, "another", "an honest result")
				if _, err := r.Push(ctx, ours, []*store.Action{a, honest}, nil); err != nil {
					t.Fatal(err)
				}
				lie(t, r, a)
				before := treeOf(t, filepath.Dir(theirs.Dir()))
				got, err := r.Pull(ctx, theirs, nil, nil)
				if err != nil || len(got.Problems) != 1 || strings.Contains(got.Problems[0], "\n") || got.Records != 1 {
					t.Errorf("pull: %+v, %v; want the honest result and one problem", got, err)
				}
				if b, err := r.Fetch(ctx, theirs, a.Key, a.Numerics, false, nil); b != nil || !errors.Is(err, store.ErrMissing) {
					t.Errorf("fetch: %+v, %v", b, err)
				}
				for path := range contents(t, theirs) {
					if strings.HasPrefix(path, "actions/"+a.Key) {
						t.Errorf("%s is visible", path)
					}
				}
				unsound(t, theirs)
				for _, path := range treeOf(t, filepath.Dir(theirs.Dir())) {
					if !slices.Contains(before, path) && !strings.HasPrefix(path, "store"+string(filepath.Separator)) {
						t.Errorf("a file outside the store: %s", path)
					}
				}
			})
		}
	}
}

// unsound reports whatever is visible in a store and not sound.
func unsound(t testing.TB, s *store.Store) {
	t.Helper()
	say := func(err error) error {
		if err != nil {
			t.Errorf("visible and not sound: %v", err)
		}
		return nil
	}
	err := s.Walk(func(_ store.Digest, _ string, err error) error { return say(err) }, func(_ *store.Action, _ string, err error) error { return say(err) })
	if err != nil {
		t.Fatal(err)
	}
}

func treeOf(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			files = append(files, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// A server that lists names which lead out of the store, and never ends an object.
func TestNamesThatLeadElsewhereAndObjectsWithoutEnd(t *testing.T) {
	for kind, serve := range buckets {
		t.Run(kind, func(t *testing.T) {
			endless := atomic.Bool{}
			var asked sync.Map
			url := serve(t, func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
					asked.Store(req.URL.Path, true)
					switch {
					case endless.Load() && req.Method == http.MethodGet && strings.Contains(req.URL.Path, "/objects/"):
						block := bytes.Repeat([]byte("x"), 1<<16)
						for req.Context().Err() == nil {
							if _, err := w.Write(block); err != nil {
								return
							}
						}
					case endless.Load() && req.URL.Query().Get("prefix") == "a/prefix/actions/":
						d := dialects[kind]
						var all []string
						for _, n := range []string{"../../evil.json", "..%2f..%2fevil", key("result") + ".0123456789abcdef.json/../../../evil", store.ActionName(key("result"), "here"), "", "."} {
							all = append(all, fmt.Sprintf(d.contents, n))
						}
						fmt.Fprint(w, d.head, strings.Join(all, d.between), d.end)
					default:
						next.ServeHTTP(w, req)
					}
				})
			})
			ours, theirs := openStore(t), openStore(t)
			r := openRemote(t, url)
			a := record(t, ours, "result", "what was computed")
			if _, err := r.Push(context.Background(), ours, []*store.Action{a}, nil); err != nil {
				t.Fatal(err)
			}
			endless.Store(true)
			got, err := r.Pull(context.Background(), theirs, nil, nil)
			if err != nil || got.Records != 0 || len(got.Problems) != 1 {
				t.Errorf("pull: %+v, %v", got, err)
			}
			if n := len(contents(t, theirs)); n != 0 {
				t.Errorf("%d files are visible", n)
			}
			asked.Range(func(path, _ any) bool {
				if strings.Contains(path.(string), "evil") {
					t.Errorf("asked for %s", path)
				}
				return true
			})
		})
	}
}

// status remembers with what a request was answered.
type status struct {
	http.ResponseWriter
	code int
}

func (s *status) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

func (s *status) Write(p []byte) (int, error) {
	if s.code == 0 {
		s.code = http.StatusOK
	}
	return s.ResponseWriter.Write(p)
}

func TestAPushThatBreaksOffGoesOn(t *testing.T) {
	for kind, serve := range buckets {
		t.Run(kind, func(t *testing.T) {
			var left atomic.Int64
			left.Store(1 << 40)
			var objects sync.Map
			var atWork sync.WaitGroup
			url := serve(t, func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
					atWork.Add(1)
					defer atWork.Done()
					if left.Add(-1) < 0 {
						http.Error(w, "no", http.StatusForbidden)
						return
					}
					told := &status{ResponseWriter: w}
					next.ServeHTTP(told, req)
					if name := req.URL.Path + req.URL.Query().Get("name"); req.Method != http.MethodGet && strings.Contains(name, "/objects/") && told.code < 300 {
						n, _ := objects.LoadOrStore(name, new(atomic.Int64))
						n.(*atomic.Int64).Add(1)
					}
				})
			})
			ours, theirs := openStore(t), openStore(t)
			actions := results(t, ours, 11)
			r := openRemote(t, url)
			left.Store(6) // one listing and five of eleven objects
			if sent, err := r.Push(context.Background(), ours, actions, nil); err == nil || sent.Records != 0 {
				t.Fatalf("the server refused, and push said %+v, %v", sent, err)
			}
			atWork.Wait()
			// One that was on its way when the push broke off may arrive later, and is sent again.
			arrived := map[any]bool{}
			objects.Range(func(path, _ any) bool {
				arrived[path] = true
				return true
			})
			left.Store(1 << 40)
			if sent, err := r.Push(context.Background(), ours, actions, nil); err != nil || sent.Records != 11 || sent.Objects > 8 {
				t.Errorf("the second push: %+v, %v", sent, err)
			}
			objects.Range(func(path, n any) bool {
				if c := n.(*atomic.Int64).Load(); c != 1 && arrived[path] {
					t.Errorf("%s had arrived, and was sent again: %d times", path, c)
				}
				return true
			})
			if got, err := r.Pull(context.Background(), theirs, nil, nil); err != nil || got.Records != 11 {
				t.Errorf("pull: %+v, %v", got, err)
			}
		})
	}
}

func TestTheKeyOfAzureAppearsNowhere(t *testing.T) {
	var refusing atomic.Bool
	url := serveAzure(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			w.Header().Set("x-ms-error-code", "Key"+os.Getenv("AZURE_STORAGE_KEY"))
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, "<Error><Code>AuthenticationFailed</Code><Message>of %s with %s</Message></Error>", req.Header.Get("Authorization"), os.Getenv("AZURE_STORAGE_KEY"))
			refusing.Store(true)
		})
	})
	ours := openStore(t)
	_, err := openRemote(t, url).Push(context.Background(), ours, results(t, ours, 1), nil)
	if err == nil || !refusing.Load() || strings.Contains(err.Error(), os.Getenv("AZURE_STORAGE_KEY")) || strings.Contains(err.Error(), "\n") {
		t.Errorf("push to one that refuses: %v", err)
	}
}

func TestCredentialsAppearNowhere(t *testing.T) {
	url := serveS3(t, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { // S3 itself answers with the key id
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, `<?xml version="1.0"?><Error><Code>SignatureDoesNotMatch</Code><Message>of %s with secret-of-the-test</Message><AWSAccessKeyId>AKIAOFTHETEST</AWSAccessKeyId></Error>`,
				req.Header.Get("Authorization"))
		})
	})
	ours := openStore(t)
	r := openRemote(t, url)
	_, err := r.Push(context.Background(), ours, results(t, ours, 2), nil)
	if err == nil {
		t.Fatal("the server refused, and push did not say so")
	}
	texts := []string{err.Error(), r.String()}
	_, err = Open(context.Background(), "s3://AKIAOFTHETEST:secret-of-the-test@shared/x")
	texts = append(texts, fmt.Sprint(err))
	_, err = Open(context.Background(), "s3://AKIAOFTHETEST:secret-of-the-test\x7f@shared/x")
	texts = append(texts, fmt.Sprint(err))
	_, err = Open(context.Background(), "s3://shared/x?secret=secret-of-the-test")
	texts = append(texts, fmt.Sprint(err))
	for path, data := range contents(t, ours) {
		texts = append(texts, path, data)
	}
	for _, text := range texts {
		if strings.Contains(text, "secret-of-the-test") || strings.Contains(text, "AKIAOFTHETEST") || strings.Count(text, "\n") > 0 && strings.HasPrefix(text, "remote") {
			t.Errorf("holds credentials, or is not one line: %s", text)
		}
	}
}

func TestAURLThatIsNoRemoteIsOneClearError(t *testing.T) {
	for _, name := range []string{"AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_KEY", "STORAGE_EMULATOR_HOST"} {
		t.Setenv(name, "")
	}
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", filepath.Join(t.TempDir(), "none"))
	for _, c := range []struct{ url, want string }{
		{"", "must be file:///folder, s3://bucket/prefix, gs://bucket/prefix, azblob://container/prefix or oci://registry/name:tag"},
		{"ftp://host/x", "must be file:///folder, s3://bucket/prefix, gs://bucket/prefix, azblob://container/prefix or oci://registry/name:tag"},
		{"file://host/x", "must be file:///folder or file://./folder"},
		{"file:///x?metadata=skip", "must be file:///folder"},
		{"s3://bucket?colour=red", "colour"},
		{"gs://bucket?colour=red", "colour"},
		{"gs://bucket?endpoint=https://elsewhere", "credentials would be sent there"},
		{"gs://bucket", "gcloud auth application-default login"},
		{"azblob://container", "AZURE_STORAGE_ACCOUNT"},
		{"azblob://container?storage_account=a&colour=red", "colour"},
		{"azblob://container?storage_account=a&domain=elsewhere", "would be sent there"},
	} {
		_, err := Open(context.Background(), c.url)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %q", c.url, err, c.want)
		}
	}
}

func TestADamagedObjectIsNotPushed(t *testing.T) {
	for kind, url := range remotes(t) {
		t.Run(kind, func(t *testing.T) {
			s := openStore(t)
			a, b := record(t, s, "damaged", "what was computed"), record(t, s, "sound", "and this")
			path := s.ObjectPath(a.Outputs[0].Object)
			if err := errors.Join(os.Chmod(path, 0o644), os.WriteFile(path, []byte("what was computee"), 0o644)); err != nil {
				t.Fatal(err)
			}
			r := openRemote(t, url)
			sent, err := r.Push(context.Background(), s, []*store.Action{a, b}, nil)
			if err != nil || sent.Records != 1 || len(sent.Problems) != 1 || !strings.Contains(sent.Problems[0], path) {
				t.Errorf("push: %+v, %v", sent, err)
			}
			theirs := openStore(t)
			if got, err := r.Pull(context.Background(), theirs, nil, nil); err != nil || got.Records != 1 || len(contents(t, theirs)) != 3 {
				t.Errorf("pull: %+v, %v", got, err)
			}
		})
	}
}
