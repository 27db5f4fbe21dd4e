package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"time"

	"oras.land/oras-go/v2/registry/remote/retry"
)

// patience is how long a remote is waited for.
type patience struct {
	connect time.Duration // until it is connected to, encryption included
	silence time.Duration // until it answers, and between two parts of an answer
	rate    int64         // bytes that must come in a second, in the mean over a silence
	names   int           // in a listing
}

var usual = patience{connect: 5 * time.Second, silence: 8 * time.Second, rate: 4 << 10, names: 1 << 18}

const (
	mostAnswer    = 16 << 20 // bytes of an answer that is not an object
	mostRedirects = 3        // on one host
)

// asksForObject marks requests whose answer may be as long as an object.
func asksForObject(ctx context.Context) context.Context {
	return context.WithValue(ctx, forObject{}, true)
}

type forObject struct{}

func isForObject(ctx context.Context) bool { return ctx.Value(forObject{}) != nil }

// listing passes on what a service lists of a bucket, and counts it.
type listing struct {
	folder string // of the remote in the bucket: "" or ends in a slash
	prefix string // of the names in it that are asked for
	found  func(name string, size int64) error

	names, pages int
}

// object passes on one object, unless it is nothing that was asked for.
func (l *listing) object(key string, size int64) error {
	l.names++
	name, inside := strings.CutPrefix(key, l.folder)
	if !inside || !strings.HasPrefix(name, l.prefix) {
		return nil
	}
	return l.found(name, size)
}

// pageNames is how many names a page of a listing has at least in the mean, but for the first ones.
const pageNames, firstPages = 100, 16

// page ends a page. The error says that there are too many for their names.
func (l *listing) page() error {
	if l.pages++; l.pages > firstPages+l.names/pageNames {
		return fmt.Errorf("its listing does not end: %d names on %d pages", l.names, l.pages)
	}
	return nil
}

var errSlow = errors.New("it does not answer, or too slowly")

// client sends requests and gives up when nothing comes back, or next to nothing.
func (p patience) client() *http.Client {
	dialer := &net.Dialer{Timeout: p.connect}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dialer.DialContext(ctx, network, address)
			return &sender{c, p.silence}, err
		},
		TLSHandshakeTimeout:    p.connect,
		ExpectContinueTimeout:  time.Second,
		IdleConnTimeout:        time.Minute,
		MaxIdleConnsPerHost:    parallel,
		MaxResponseHeaderBytes: 1 << 20,
		DisableCompression:     true, // what is asked for is what comes
	}
	return &http.Client{Transport: &watched{transport, p}, CheckRedirect: onTheSameHost}
}

// onTheSameHost follows few redirects, and none that lead elsewhere: what is sent there is signed,
// and what comes from there is nothing that was asked for.
func onTheSameHost(req *http.Request, via []*http.Request) error {
	from := via[0].URL
	if req.URL.Host != from.Host || req.URL.Scheme != from.Scheme {
		return &redirectError{fmt.Sprintf("it redirects to %s://%s, which is not followed; give the address itself", req.URL.Scheme, req.URL.Host)}
	}
	if len(via) > mostRedirects {
		return &redirectError{"it redirects without end"}
	}
	if code := req.Response.StatusCode; code != http.StatusTemporaryRedirect && code != http.StatusPermanentRedirect {
		return http.ErrUseLastResponse // the method could change
	}
	return nil
}

type redirectError struct{ text string }

func (e *redirectError) Error() string { return e.text }

// isFinal reports whether a request would fail in the same way again.
func isFinal(err error) bool {
	var redirect *redirectError
	return errors.Is(err, errSlow) || errors.As(err, &redirect)
}

// mayRetry says of an answer, or of its absence, that the next one may be another.
func mayRetry(answer *http.Response, err error) bool {
	if err != nil {
		return !isFinal(err)
	}
	switch answer.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// retrying is a transport that sends a request three times at most, where that may help.
func retrying(inner http.RoundTripper) http.RoundTripper {
	return &retry.Transport{Base: inner, Policy: func() retry.Policy {
		return &retry.GenericPolicy{
			Retryable: func(answer *http.Response, err error) (bool, error) { return mayRetry(answer, err), nil },
			Backoff:   retry.DefaultBackoff, MinWait: 200 * time.Millisecond, MaxWait: 2 * time.Second, MaxRetry: 2,
		}
	}}
}

// sender is a connection that gives up sending when nobody receives.
type sender struct {
	net.Conn
	silence time.Duration
}

func (s *sender) Write(p []byte) (int, error) {
	if err := s.SetWriteDeadline(time.Now().Add(s.silence)); err != nil {
		return 0, err
	}
	return s.Conn.Write(p)
}

// watched is a transport whose answers come within the patience, or not at all.
type watched struct {
	inner    http.RoundTripper
	patience patience
}

func (t *watched) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	w := &wait{cancel: cancel, silence: t.patience.silence}
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { w.begin() }})
	answer, err := t.inner.RoundTrip(req.WithContext(ctx))
	w.end()
	if err == nil && ctx.Err() != nil {
		answer.Body.Close()
		err = ctx.Err()
	}
	if err != nil {
		cancel(nil)
		return nil, t.patience.reason(ctx, err)
	}
	body := &watchedBody{ReadCloser: answer.Body, ctx: ctx, cancel: cancel, patience: t.patience, most: -1}
	if !isForObject(ctx) || answer.StatusCode >= 300 {
		body.most = mostAnswer
	}
	answer.Body = body
	return answer, nil
}

// reason is why a request failed: of one that was given up, that.
func (p patience) reason(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), errSlow) {
		return errSlow
	}
	if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
		return fmt.Errorf("%w (%s)", errSlow, err)
	}
	return err
}

// wait cancels a request that has been sent and is not answered.
type wait struct {
	mu      sync.Mutex
	timer   *time.Timer
	ended   bool
	cancel  context.CancelCauseFunc
	silence time.Duration
}

// begin may be called more than once: a request that met a dead connection is sent again.
func (w *wait) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer != nil {
		w.timer.Stop()
	}
	if !w.ended {
		w.timer = time.AfterFunc(w.silence, func() { w.cancel(errSlow) })
	}
}

func (w *wait) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	if w.timer != nil {
		w.timer.Stop()
	}
}

// watchedBody is the body of an answer. Only the time that is spent waiting for it counts.
type watchedBody struct {
	io.ReadCloser
	ctx      context.Context
	cancel   context.CancelCauseFunc
	patience patience
	waited   time.Duration // since
	got      int64         // bytes; both begin anew after each silence that was none
	most     int64         // bytes that may still come; -1: any number
	err      error         // that ended it
}

func (b *watchedBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	left := b.patience.silence
	if b.got < b.least() {
		left -= b.waited
	}
	timer := time.AfterFunc(left, func() { b.cancel(errSlow) })
	begun := time.Now()
	n, err := b.ReadCloser.Read(p)
	timer.Stop()
	b.waited += time.Since(begun)
	b.got += int64(n)
	switch {
	case err == io.EOF:
	case err != nil:
		err = b.patience.reason(b.ctx, err)
	case b.most >= 0 && int64(n) > b.most:
		err = fmt.Errorf("its answer is longer than %d bytes", mostAnswer)
	case b.waited >= b.patience.silence && b.got < b.least():
		err = errSlow
	}
	if b.waited >= b.patience.silence {
		b.waited, b.got = 0, 0
	}
	if b.most >= 0 {
		b.most -= int64(n)
	}
	if b.err = err; err != nil && err != io.EOF {
		b.cancel(err) // or whoever closes it would read it to its end
	}
	return n, err
}

// least is how many bytes must have come when a silence has been waited for.
func (b *watchedBody) least() int64 {
	return int64(b.patience.silence.Seconds() * float64(b.patience.rate))
}

func (b *watchedBody) Close() error {
	defer b.cancel(nil)
	return b.ReadCloser.Close()
}
