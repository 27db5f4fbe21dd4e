// Package remote shares the contents of a store: with a folder (file://) or a bucket of an S3
// service (s3://).
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
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	_ "gocloud.dev/blob/s3blob" // s3://
	"gocloud.dev/gcerrors"

	"sicgrid/pkg/store"
)

const (
	parallel   = 8        // transfers at once
	mostRecord = 16 << 20 // bytes of a record
	mostNames  = 1 << 20  // names in a listing
)

// MostObject is the largest object that is fetched, in bytes.
const MostObject = 8 << 30

// A Remote is an open remote. Its methods may be called from many goroutines.
type Remote struct {
	bucket  *blob.Bucket
	dir     string // of a file remote
	name    string // the URL without what may be secret
	secrets []string
}

// Open opens the remote at a URL: file:///folder, file://./folder, s3://bucket or
// s3://bucket/prefix, with the options of gocloud.dev/blob behind a question mark (endpoint,
// region, use_path_style, ...). Credentials come from where AWS's tools look for them, never from
// the URL. A folder is made if need be; nothing is known about a bucket before it is used.
func Open(ctx context.Context, rawURL string) (*Remote, error) {
	u, err := url.Parse(rawURL)
	switch {
	case err != nil:
		return nil, errors.New("remote: not a URL; must be file:///folder or s3://bucket/prefix") // it may hold a password
	case u.User != nil:
		return nil, fmt.Errorf("remote %s://%s: found credentials in the URL; leave them to AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or to a profile", u.Scheme, u.Host)
	}
	r := &Remote{name: u.Scheme + "://" + u.Host + u.Path, secrets: secretsOf(u)}
	switch u.Scheme {
	case "file":
		return r, r.openFolder(u)
	case "s3":
		return r, r.openS3(ctx, u)
	}
	return nil, fmt.Errorf("remote %s: must be file:///folder or s3://bucket/prefix", r.name)
}

func (r *Remote) openFolder(u *url.URL) error {
	if u.RawQuery != "" || u.Host != "" && u.Host != "." && u.Host != "localhost" || u.Path == "" {
		return fmt.Errorf("remote %s: must be file:///folder or file://./folder", r.name)
	}
	r.dir = filepath.FromSlash(u.Path)
	if u.Host == "." {
		r.dir = filepath.FromSlash(strings.TrimPrefix(u.Path, "/"))
	}
	for _, table := range []string{"objects", "actions"} {
		if err := os.MkdirAll(filepath.Join(r.dir, table), 0o777); err != nil {
			return r.fail("opening", err)
		}
		store.CleanTemporary(filepath.Join(r.dir, table))
	}
	var err error
	r.bucket, err = fileblob.OpenBucket(r.dir, &fileblob.Options{Metadata: fileblob.MetadataDontWrite})
	return r.fail("opening", err)
}

func (r *Remote) openS3(ctx context.Context, u *url.URL) error {
	prefix := strings.Trim(u.Path, "/")
	bucket := *u
	bucket.Path = ""
	var err error
	if r.bucket, err = blob.OpenBucket(ctx, bucket.String()); err != nil {
		return r.fail("opening", err)
	}
	if prefix != "" {
		r.bucket = blob.PrefixedBucket(r.bucket, prefix+"/")
	}
	return nil
}

// Close lets go of the remote.
func (r *Remote) Close() error { return r.bucket.Close() }

// String names the remote, without anything that might be secret.
func (r *Remote) String() string { return r.name }

// secretsOf lists what no message may hold.
func secretsOf(u *url.URL) []string {
	var list []string
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
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
	text := strings.Join(strings.Fields(err.Error()), " ")
	for _, s := range r.secrets {
		text = strings.ReplaceAll(text, s, "***")
	}
	if gcerrors.Code(err) == gcerrors.Canceled {
		err = context.Canceled
	}
	return &failure{fmt.Sprintf("remote %s: %s: %s", r.name, doing, text), err}
}

// failure keeps the cause without its words, which may hold secrets.
type failure struct {
	text  string
	cause error
}

func (f *failure) Error() string        { return f.text }
func (f *failure) Is(target error) bool { return errors.Is(f.cause, target) }

func missing(err error) bool { return gcerrors.Code(err) == gcerrors.NotFound }

// list calls found for every name in a table that begins with prefix and is one that can be there.
func (r *Remote) list(ctx context.Context, table, prefix string, found func(name string, size int64)) error {
	valid := store.IsActionName
	if table == "objects" {
		valid = store.IsDigest
	}
	it := r.bucket.List(&blob.ListOptions{Prefix: table + "/" + prefix})
	for n := 0; ; n++ {
		o, err := it.Next(ctx)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return r.fail("listing "+table, err)
		}
		if n == mostNames {
			return fmt.Errorf("remote %s: lists more than %d %s: is that the right place?", r.name, mostNames, table)
		}
		if name := strings.TrimPrefix(o.Key, table+"/"); valid(name) && !o.IsDir {
			found(name, o.Size)
		}
	}
}

// record reads the record of this name; missing(err) if there is none.
func (r *Remote) record(ctx context.Context, name string) (*store.Action, error) {
	in, err := r.bucket.NewReader(ctx, "actions/"+name, nil)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	data, err := io.ReadAll(io.LimitReader(in, mostRecord+1))
	if err != nil {
		return nil, err
	}
	if len(data) > mostRecord {
		return nil, &store.Defect{Path: name, Reason: fmt.Sprintf("action record of more than %d bytes", mostRecord)}
	}
	return store.DecodeAction(data, name)
}

// write puts what from produces under a name. Unless replace is set, what is there stays, and the
// error is store.ErrExists. If from fails, nothing is written.
func (r *Remote) write(ctx context.Context, name string, replace bool, from func(io.Writer) error) error {
	if r.dir != "" {
		// fileblob neither flushes to the disk nor keeps two processes from writing one name.
		return store.PublishFile(filepath.Join(r.dir, filepath.FromSlash(name)), 0o644, replace, from)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := r.bucket.NewWriter(ctx, name, &blob.WriterOptions{IfNotExist: !replace, ContentType: "application/octet-stream"})
	if err != nil {
		return r.fail("writing "+name, err)
	}
	if err := from(w); err != nil {
		cancel() // or Close would make it visible
		w.Close()
		return err
	}
	err = w.Close()
	if gcerrors.Code(err) == gcerrors.FailedPrecondition {
		return store.ErrExists
	}
	return r.fail("writing "+name, err)
}
