// Package remote shares the contents of a store: with a folder (file://), or a bucket of an S3
// service (s3://), of Google's (gs://) or of Azure's (azblob://); and it reads and writes
// publications in a registry of containers (oci://).
//
// A remote has the store's own two tables, objects/<sha256> and actions/<key>.<hash of
// numerics>.json, and is trusted with nothing: names are taken only if they are a digest or a
// record's name, sizes are limited, and nothing becomes visible in the store before its bytes hash
// to what was asked for. A remote that lies can cost time. What it cannot be caught at is the claim
// that a computation gave other values than it did; whoever does not trust it computes again
// (verify --rerun).
//
// Objects go before the records that name them, and a record is written only where there is none:
// of two that push results of one key, the first decides, and the other is told.
package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync/atomic"

	"sicgrid/pkg/printable"
	"sicgrid/pkg/store"
)

const (
	parallel   = 8    // transfers at once
	mostOthers = 1000 // records of one key
	anyFile    = "application/octet-stream"
)

// MostObject is the largest object that is sent or fetched, in bytes.
const MostObject = 4 << 30

// A Remote is an open remote. Its methods may be called from many goroutines.
type Remote struct {
	tables
	patience
	name    string // the URL without what may be secret
	secrets []string
	present atomic.Bool // something has been found there
}

// tables are where a remote keeps its objects and records. Names are "objects/..." and
// "actions/...".
type tables interface {
	// list calls found for the names that begin with a prefix, which has a whole table in it.
	list(ctx context.Context, prefix string, found func(name string, size int64) error) error
	// open opens what is under a name, or fails with fs.ErrNotExist.
	open(ctx context.Context, name string) (io.ReadCloser, error)
	// write puts a body under a name. Unless replace is set, what is there stays, and the error is
	// store.ErrExists.
	write(ctx context.Context, name string, replace bool, body io.ReadSeeker) error
}

// Open opens the remote at a URL: file:///folder, file://./folder, s3://bucket/prefix,
// gs://bucket/prefix, azblob://container/prefix or oci://registry/name:tag, with options behind a question mark (endpoint,
// region, use_path_style, ...; anonymous; storage_account). Credentials come from where the tools of
// AWS, Google and Azure look for them, never from the URL. A folder must be there, and be a remote,
// or the error is fs.ErrNotExist; nothing is known about a bucket before it is used.
func Open(ctx context.Context, rawURL string) (*Remote, error) {
	return open(ctx, rawURL, false, usual)
}

// Make is Open for a remote that is to be written to: a folder is made if need be.
func Make(ctx context.Context, rawURL string) (*Remote, error) { return open(ctx, rawURL, true, usual) }

func open(ctx context.Context, rawURL string, make bool, p patience) (*Remote, error) {
	u, err := url.Parse(rawURL)
	switch {
	case err != nil:
		return nil, errors.New("remote: not a URL; must be " + kinds) // it may hold a password
	case u.User != nil:
		return nil, fmt.Errorf("remote %s://%s: found credentials in the URL; leave them to the environment (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AZURE_STORAGE_KEY) or to a profile",
			printable.Line(u.Scheme), printable.Line(u.Host))
	}
	r := &Remote{patience: p, name: printable.Line(u.Scheme + "://" + u.Host + u.Path), secrets: secretsOf(u)}
	switch u.Scheme {
	case "file":
		r.tables, err = openFolder(u, make)
	case "s3":
		r.tables, err = openBucket(ctx, u, p)
	case "gs":
		r.tables, err = openGoogle(ctx, u, p)
	case "azblob":
		r.tables, err = openAzure(u, p)
	case "oci":
		r.tables, err = openImage(u, p)
	default:
		return nil, fmt.Errorf("remote %s: must be %s", r.name, kinds)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, r.nothing()
	}
	return r, r.fail("opening", err)
}

// kinds are the URLs that there are.
const kinds = "file:///folder, s3://bucket/prefix, gs://bucket/prefix, azblob://container/prefix or oci://registry/name:tag"

// prefixOf is what the names in the bucket of a URL begin with: "", or something that ends in a
// slash.
func prefixOf(u *url.URL) string {
	if prefix := strings.Trim(u.Path, "/"); prefix != "" {
		return prefix + "/"
	}
	return ""
}

// nothing says that there is no remote.
func (r *Remote) nothing() error {
	return &failure{fmt.Sprintf("remote %s: nothing is there; is the address right? (sicgrid push makes a remote)", r.name), fs.ErrNotExist}
}

var errEnough = errors.New("enough")

// Present looks whether there is anything at the address. The error is fs.ErrNotExist if there is
// not.
func (r *Remote) Present(ctx context.Context) error {
	err := r.list(ctx, "actions", "", r.names, func(string, int64) error { return errEnough })
	switch {
	case errors.Is(err, errEnough):
		return nil
	case err == nil, errors.Is(err, fs.ErrNotExist):
		return r.nothing()
	}
	return err
}

// Close lets go of the remote.
func (r *Remote) Close() error { return nil }

// String names the remote, without anything that might be secret.
func (r *Remote) String() string { return r.name }

// secretsOf lists what no message may hold.
func secretsOf(u *url.URL) []string {
	var list []string
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
		"AZURE_STORAGE_KEY", "AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_CONNECTION_STRING", "AZURE_CLIENT_SECRET"} {
		list = append(list, os.Getenv(name))
	}
	if u.RawQuery != "" {
		list = append(list, "?"+u.RawQuery)
	}
	return slices.DeleteFunc(list, func(s string) bool { return len(s) < 4 })
}

// fail is the error of something that the remote did not do, in one line and without secrets; nil
// if err is nil.
func (r *Remote) fail(doing string, err error) error {
	if err == nil {
		return nil
	}
	text := strings.Join(strings.Fields(words(err)), " ")
	for _, s := range r.secrets {
		text = strings.ReplaceAll(text, s, "***")
	}
	return &failure{printable.Short(fmt.Sprintf("remote %s: %s: %s", r.name, doing, text), mostText), err}
}

const mostText = 1000 // characters of what a remote says of itself

// failure keeps the cause without its words, which may hold secrets.
type failure struct {
	text  string
	cause error
}

func (f *failure) Error() string        { return f.text }
func (f *failure) Is(target error) bool { return errors.Is(f.cause, target) }

func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// list calls found for every name in a table that begins with prefix and is one that can be there,
// of at most so many. An error of found ends it and is returned.
func (r *Remote) list(ctx context.Context, table, prefix string, most int, found func(name string, size int64) error) error {
	valid := store.IsActionName
	if table == "objects" {
		valid = store.IsDigest
	}
	var stopped error
	seen := 0
	err := r.tables.list(ctx, table+"/"+prefix, func(name string, size int64) error {
		if seen++; seen > most {
			return fmt.Errorf("lists more than %d names: is that the right place?", most)
		}
		if name = strings.TrimPrefix(name, table+"/"); valid(name) {
			stopped = found(name, size)
		}
		return stopped
	})
	if stopped != nil {
		return stopped
	}
	return r.fail("listing "+table, err)
}

// record reads the record of this name; missing(err) if there is none.
func (r *Remote) record(ctx context.Context, name string) (*store.Action, error) {
	in, err := r.open(ctx, "actions/"+name)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	data, err := io.ReadAll(io.LimitReader(in, store.MostRecord+1))
	if err != nil {
		return nil, err
	}
	if len(data) > store.MostRecord {
		return nil, &store.Defect{Path: name, Reason: fmt.Sprintf("action record of more than %d bytes", store.MostRecord)}
	}
	return store.DecodeAction(data, name)
}
