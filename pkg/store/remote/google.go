package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"

	"sicgrid/pkg/store"
)

// googleBucket is a prefix in a bucket of Google Cloud Storage, whose JSON API is spoken here:
// listing, reading and writing are three requests, and Google's own client would make the program
// by a quarter larger.
// https://cloud.google.com/storage/docs/json_api/v1/objects
type googleBucket struct {
	client *http.Client
	at     string // the service, "https://storage.googleapis.com"
	name   string
	prefix string // "" or ends in a slash
}

func openGoogle(ctx context.Context, u *url.URL, p patience) (*googleBucket, error) {
	g := &googleBucket{client: p.client(), at: "https://storage.googleapis.com", name: u.Host, prefix: prefixOf(u)}
	anonymous := false
	if emulator := os.Getenv("STORAGE_EMULATOR_HOST"); emulator != "" { // as Google's own client
		anonymous = true
		if g.at = emulator; !strings.Contains(emulator, "://") {
			g.at = "http://" + emulator
		}
	}
	for option, values := range u.Query() {
		var err error
		switch option {
		case "anonymous":
			anonymous, err = strconv.ParseBool(values[0])
		case "endpoint":
			g.at = values[0]
		default:
			err = fmt.Errorf("unknown option %q; there are anonymous and endpoint", option)
		}
		if err != nil {
			return nil, err
		}
	}
	g.at = strings.TrimSuffix(g.at, "/")
	switch {
	case anonymous:
	case u.Query().Has("endpoint"):
		return nil, errors.New("the option endpoint goes with anonymous=true alone: credentials would be sent there")
	default:
		if err := g.authenticate(ctx, p); err != nil {
			return nil, err
		}
	}
	g.client.Transport = retrying(g.client.Transport)
	return g, nil
}

// authenticate finds the credentials where Google's own tools do. That they look whether this is a
// machine of Google's, by a client of their own, no context ends.
func (g *googleBucket) authenticate(ctx context.Context, p patience) error {
	const scope = "https://www.googleapis.com/auth/devstorage.read_write"
	lasting := context.WithValue(context.WithoutCancel(ctx), oauth2.HTTPClient, p.client()) // tokens are renewed with it
	type answer struct {
		found *google.Credentials
		err   error
	}
	answered := make(chan answer, 1)
	go func() {
		found, err := google.FindDefaultCredentials(lasting, scope)
		answered <- answer{found, err}
	}()
	var tokens oauth2.TokenSource
	select {
	case a := <-answered:
		if a.err != nil {
			return fmt.Errorf("no credentials of Google's: `gcloud auth application-default login` makes some, GOOGLE_APPLICATION_CREDENTIALS names a file of them, and ?anonymous=true goes without")
		}
		tokens = a.found.TokenSource
	case <-time.After(p.connect):
		return fmt.Errorf("no credentials of Google's within %s: GOOGLE_APPLICATION_CREDENTIALS names a file of them, and ?anonymous=true goes without", p.connect)
	case <-ctx.Done():
		return ctx.Err()
	}
	g.client.Transport = &oauth2.Transport{Source: tokens, Base: g.client.Transport}
	return nil
}

func (g *googleBucket) objects() string { return "/b/" + url.PathEscape(g.name) + "/o" }

func (g *googleBucket) list(ctx context.Context, prefix string, found func(name string, size int64) error) error {
	ask := url.Values{"prefix": {g.prefix + prefix}, "fields": {"items(name,size),nextPageToken"}}
	l := listing{folder: g.prefix, prefix: prefix, found: found}
	for {
		in, err := g.ask(ctx, http.MethodGet, "/storage/v1"+g.objects()+"?"+ask.Encode(), nil)
		if err != nil {
			return err
		}
		var page struct {
			Items []struct {
				Name string
				Size int64 `json:",string"`
			}
			NextPageToken string
		}
		err = json.NewDecoder(in).Decode(&page)
		in.Close()
		if err != nil {
			return fmt.Errorf("its answer makes no sense: %w", err)
		}
		for _, o := range page.Items {
			if err := l.object(o.Name, o.Size); err != nil {
				return err
			}
		}
		if page.NextPageToken == "" {
			return nil
		}
		if err := l.page(); err != nil {
			return err
		}
		ask.Set("pageToken", page.NextPageToken)
	}
}

func (g *googleBucket) open(ctx context.Context, name string) (io.ReadCloser, error) {
	return g.ask(asksForObject(ctx), http.MethodGet, "/storage/v1"+g.objects()+"/"+url.PathEscape(g.prefix+name)+"?alt=media", nil)
}

func (g *googleBucket) write(ctx context.Context, name string, replace bool, body io.ReadSeeker) error {
	how := url.Values{"uploadType": {"media"}, "name": {g.prefix + name}, "fields": {"name"}}
	if !replace {
		how.Set("ifGenerationMatch", "0")
	}
	in, err := g.ask(ctx, http.MethodPost, "/upload/storage/v1"+g.objects()+"?"+how.Encode(), body)
	if err != nil {
		return err
	}
	defer in.Close()
	_, err = io.Copy(io.Discard, in)
	return err
}

// ask sends a request and returns the body of a good answer.
func (g *googleBucket) ask(ctx context.Context, method, path string, body io.ReadSeeker) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, method, g.at+path, nil)
	if err != nil {
		return nil, err
	}
	if body != nil {
		size, err := body.Seek(0, io.SeekEnd)
		if err != nil {
			return nil, err
		}
		request.ContentLength = size
		request.GetBody = func() (io.ReadCloser, error) {
			if size == 0 {
				return http.NoBody, nil
			}
			_, err := body.Seek(0, io.SeekStart)
			return io.NopCloser(body), err
		}
		if request.Body, err = request.GetBody(); err != nil {
			return nil, err
		}
		request.Header.Set("Content-Type", anyFile)
	}
	answer, err := g.client.Do(request)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode >= http.StatusOK && answer.StatusCode < http.StatusMultipleChoices {
		return answer.Body, nil
	}
	defer answer.Body.Close()
	return nil, g.known(answer)
}

// known gives the answers that mean something here their name.
func (g *googleBucket) known(answer *http.Response) error {
	switch answer.StatusCode {
	case http.StatusNotFound:
		return fs.ErrNotExist
	case http.StatusPreconditionFailed:
		return store.ErrExists
	}
	var said struct{ Error struct{ Message string } }
	_ = json.NewDecoder(io.LimitReader(answer.Body, mostAnswer)).Decode(&said) // else the status says enough
	return errors.New(strings.TrimSuffix(answer.Status+": "+said.Error.Message, ": "))
}
