package remote

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// heap is what a bucket holds, by name.
type heap struct {
	mu    sync.Mutex
	named map[string][]byte
}

func newHeap() *heap { return &heap{named: map[string][]byte{}} }

func (h *heap) get(name string) ([]byte, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	data, found := h.named[name]
	return data, found
}

// put reports whether it has; what is there stays, unless it is to be replaced.
func (h *heap) put(name string, data []byte, replace bool) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, found := h.named[name]; found && !replace {
		return false
	}
	h.named[name] = data
	return true
}

// page is the first names with a prefix that come after one, and where to go on, "" at the end.
func (h *heap) page(prefix, after string) (names []string, next string) {
	const most = 7 // little, so that there are pages
	h.mu.Lock()
	defer h.mu.Unlock()
	for name := range h.named {
		if strings.HasPrefix(name, prefix) && name > after {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if len(names) > most {
		names = names[:most]
		next = names[most-1]
	}
	return names, next
}

// serveGoogle answers as Google Cloud Storage does, as far as its documentation says it of the
// requests that are made here: https://cloud.google.com/storage/docs/json_api/v1/objects
func serveGoogle(t *testing.T, through func(http.Handler) http.Handler) string {
	t.Helper()
	h := newHeap()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /storage/v1/b/shared/o", func(w http.ResponseWriter, req *http.Request) {
		names, next := h.page(req.FormValue("prefix"), req.FormValue("pageToken"))
		var items []string
		for _, name := range names {
			data, _ := h.get(name)
			items = append(items, fmt.Sprintf(`{"name":%q,"size":"%d"}`, name, len(data)))
		}
		fmt.Fprintf(w, `{"items":[%s]`, strings.Join(items, ","))
		if next != "" {
			fmt.Fprintf(w, `,"nextPageToken":%q`, next)
		}
		fmt.Fprint(w, "}")
	})
	mux.HandleFunc("GET /storage/v1/b/shared/o/{name}", func(w http.ResponseWriter, req *http.Request) {
		data, found := h.get(req.PathValue("name"))
		if !found || req.FormValue("alt") != "media" {
			http.Error(w, `{"error":{"code":404,"message":"No such object"}}`, http.StatusNotFound)
			return
		}
		_, _ = w.Write(data)
	})
	mux.HandleFunc("POST /upload/storage/v1/b/shared/o", func(w http.ResponseWriter, req *http.Request) {
		data, err := io.ReadAll(req.Body)
		if err != nil || req.URL.Query().Get("uploadType") != "media" {
			http.Error(w, "{}", http.StatusBadRequest)
			return
		}
		if !h.put(req.URL.Query().Get("name"), data, req.URL.Query().Get("ifGenerationMatch") != "0") {
			http.Error(w, `{"error":{"code":412,"message":"At least one of the pre-conditions you specified did not hold."}}`, http.StatusPreconditionFailed)
		}
	})
	t.Setenv("STORAGE_EMULATOR_HOST", "")
	return googleAt(serve(t, mux, through))
}

func googleAt(server string) string { return "gs://shared/a/prefix?anonymous=true&endpoint=" + server }

// serveAzure answers as Azure's blob storage does, as far as its documentation says it of the
// requests that are made here: https://learn.microsoft.com/rest/api/storageservices
func serveAzure(t *testing.T, through func(http.Handler) http.Handler) string {
	t.Helper()
	h := newHeap()
	refuse := func(w http.ResponseWriter, status int, code string) {
		w.Header().Set("x-ms-error-code", code)
		w.WriteHeader(status)
		fmt.Fprintf(w, `<?xml version="1.0"?><Error><Code>%s</Code><Message>no</Message></Error>`, code)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ofthetest/shared", func(w http.ResponseWriter, req *http.Request) {
		names, next := h.page(req.FormValue("prefix"), req.FormValue("marker"))
		var b bytes.Buffer
		b.WriteString(azureHead)
		for _, name := range names {
			data, _ := h.get(name)
			fmt.Fprintf(&b, "<Blob><Name>%s</Name><Properties><Content-Length>%d</Content-Length></Properties></Blob>", name, len(data))
		}
		b.WriteString("</Blobs><NextMarker>")
		_ = xml.EscapeText(&b, []byte(next)) // into memory
		b.WriteString("</NextMarker></EnumerationResults>")
		w.Header().Set("Content-Type", "application/xml")
		_, _ = w.Write(b.Bytes())
	})
	mux.HandleFunc("GET /ofthetest/shared/{name...}", func(w http.ResponseWriter, req *http.Request) {
		data, found := h.get(req.PathValue("name"))
		if !found {
			refuse(w, http.StatusNotFound, "BlobNotFound")
			return
		}
		_, _ = w.Write(data)
	})
	mux.HandleFunc("PUT /ofthetest/shared/{name...}", func(w http.ResponseWriter, req *http.Request) {
		data, err := io.ReadAll(req.Body)
		if err != nil || req.Header.Get("x-ms-blob-type") != "BlockBlob" {
			refuse(w, http.StatusBadRequest, "InvalidHeaderValue")
			return
		}
		if !h.put(req.PathValue("name"), data, req.Header.Get("If-None-Match") != "*") {
			refuse(w, http.StatusConflict, "BlobAlreadyExists")
			return
		}
		w.WriteHeader(http.StatusCreated)
	})
	mux.HandleFunc("/ofthetest/", func(w http.ResponseWriter, req *http.Request) { refuse(w, http.StatusNotFound, "ContainerNotFound") })
	azureEnvironment(t)
	return azureAt(serve(t, mux, through))
}

const azureHead = `<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Blobs>`

func azureEnvironment(t *testing.T) {
	t.Helper()
	t.Setenv("AZURE_STORAGE_ACCOUNT", "ofthetest")
	t.Setenv("AZURE_STORAGE_KEY", "c2VjcmV0LW9mLXRoZS10ZXN0")
}

func azureAt(server string) string {
	u, err := url.Parse(server)
	if err != nil {
		panic(err)
	}
	return "azblob://shared/a/prefix?protocol=http&domain=" + u.Host
}

func serve(t *testing.T, handler http.Handler, through func(http.Handler) http.Handler) string {
	t.Helper()
	if through != nil {
		handler = through(handler)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// buckets are the services, each with an empty bucket; through may stand in a service's way.
var buckets = map[string]func(t *testing.T, through func(http.Handler) http.Handler) string{
	"s3": serveS3, "gs": serveGoogle, "azblob": serveAzure,
}

// remotes are one of each kind, empty.
func remotes(t *testing.T) map[string]string {
	all := map[string]string{"file": "file://" + filepath.Join(t.TempDir(), "remote")}
	for kind, serve := range buckets {
		all[kind] = serve(t, nil)
	}
	return all
}

// A request that comes to nothing once is sent again, with all of its body.
func TestAFailureThatPassesIsNoFailure(t *testing.T) {
	for kind, serve := range buckets {
		t.Run(kind, func(t *testing.T) {
			var failed sync.Map
			url := serve(t, func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
					if _, again := failed.LoadOrStore(req.Method+req.URL.String(), true); !again {
						_, _ = io.Copy(io.Discard, req.Body)
						w.WriteHeader(http.StatusServiceUnavailable)
						return
					}
					next.ServeHTTP(w, req)
				})
			})
			ours, theirs := openStore(t), openStore(t)
			if sent, err := openRemote(t, url).Push(context.Background(), ours, results(t, ours, 3), nil); err != nil || sent.Records != 3 {
				t.Fatalf("push: %+v, %v", sent, err)
			}
			if got, err := openRemote(t, url).Pull(context.Background(), theirs, nil, nil); err != nil || got.Records != 3 || len(got.Problems) > 0 {
				t.Errorf("pull: %+v, %v", got, err)
			}
		})
	}
}
