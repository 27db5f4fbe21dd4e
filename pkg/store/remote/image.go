package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry"
	registryclient "oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"sicgrid/pkg/store"
)

// A File is one of a publication: its name, with slashes, and its bytes, or the object of a store
// that has them.
type File struct {
	Name   string
	Data   []byte
	Object store.Digest // "" if Data has the bytes
	Bytes  int64        // of the object
}

const (
	// publicationType is what an image is that holds a publication.
	publicationType = "application/vnd.sicgrid.publication.v1"
	// mostManifest is how long a manifest may be, by the specification's own advice to registries.
	mostManifest = 4 << 20
)

// ResultsFolder is where the results of a publication are: a remote in a folder.
const ResultsFolder = "results"

// descriptor is how a manifest names the file.
func (f File) descriptor() ocispec.Descriptor {
	d := ocispec.Descriptor{MediaType: anyFile, Annotations: map[string]string{ocispec.AnnotationTitle: f.Name}}
	if f.Object != "" {
		d.Digest, d.Size = digest.NewDigestFromEncoded(digest.SHA256, string(f.Object)), f.Bytes
	} else {
		d.Digest, d.Size = digest.FromBytes(f.Data), int64(len(f.Data))
	}
	return d
}

// Manifest is that of the image of a publication. The same files and annotations, in the same
// order, give the same bytes.
func Manifest(files []File, annotations map[string]string) ([]byte, error) {
	m := ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest, ArtifactType: publicationType,
		Config: ocispec.DescriptorEmptyJSON, Annotations: annotations,
	}
	for _, f := range files {
		m.Layers = append(m.Layers, f.descriptor())
	}
	data, err := json.Marshal(m)
	if err == nil && len(data) > mostManifest {
		err = fmt.Errorf("%d files are more than fit into one image; publish fewer figures at a time, or into a folder", len(files))
	}
	return data, err
}

// image is a publication in a registry, as a remote from which can only be read: its layers are
// named like the files of a folder.
type image struct {
	repository *registryclient.Repository

	mu     sync.Mutex
	named  map[string]ocispec.Descriptor // by name in the results' folder; nil before they are known
	inside []string                      // their order
}

// openImage opens the image at oci://registry/name:tag, or @sha256:... in place of the tag. Nothing
// is asked of the registry.
func openImage(u *url.URL, p patience) (*image, error) {
	const form = "must be oci://registry/name:tag or oci://registry/name@sha256:DIGEST"
	ref, err := registry.ParseReference(u.Host + u.Path)
	if err != nil || u.RawQuery != "" || ref.Reference == "" {
		return nil, errors.New(form)
	}
	keys, err := credentials.NewStoreFromDocker(credentials.StoreOptions{})
	if err != nil {
		return nil, fmt.Errorf("credentials of docker: %w", err)
	}
	client := p.client()
	client.CheckRedirect = onByTLS
	client.Transport = retrying(client.Transport)
	return &image{repository: &registryclient.Repository{
		Reference: ref,
		PlainHTTP: isLoopback(ref.Host()),
		Client:    &auth.Client{Client: client, Credential: credentials.Credential(keys), Cache: auth.NewCache()},
	}}, nil
}

// isLoopback reports whether a registry is on this machine, where docker too speaks without TLS.
func isLoopback(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	ip := net.ParseIP(name)
	return name == "localhost" || ip != nil && ip.IsLoopback()
}

// onByTLS follows few redirects to wherever a registry keeps its blobs: what comes from there is
// checked against its digest, and net/http leaves out the credentials.
func onByTLS(req *http.Request, via []*http.Request) error {
	from := via[0].URL
	sameHost := req.URL.Host == from.Host && req.URL.Scheme == from.Scheme
	if !sameHost && (req.URL.Scheme != "https" || req.Method != http.MethodGet && req.Method != http.MethodHead) {
		return &redirectError{fmt.Sprintf("it redirects to %s://%s, which is not followed", req.URL.Scheme, req.URL.Host)}
	}
	if len(via) > mostRedirects {
		return &redirectError{"it redirects without end"}
	}
	return nil
}

// load reads the manifest, once.
func (m *image) load(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.named != nil {
		return nil
	}
	d, in, err := m.repository.Manifests().FetchReference(ctx, m.repository.Reference.Reference)
	if err != nil {
		return m.known(err)
	}
	defer in.Close()
	if d.Size > mostManifest {
		return fmt.Errorf("its manifest is longer than %d bytes", mostManifest)
	}
	data, err := content.ReadAll(in, d)
	if err != nil {
		return err
	}
	var read ocispec.Manifest
	if err := json.Unmarshal(data, &read); err != nil || d.MediaType != ocispec.MediaTypeImageManifest || read.ArtifactType != publicationType {
		return errors.New("what is there is no publication of sicgrid's")
	}
	m.named = map[string]ocispec.Descriptor{}
	for _, layer := range read.Layers {
		name, inside := strings.CutPrefix(layer.Annotations[ocispec.AnnotationTitle], ResultsFolder+"/")
		if _, twice := m.named[name]; !inside || twice || layer.Size < 0 || layer.Digest.Validate() != nil {
			continue
		}
		m.named[name] = ocispec.Descriptor{MediaType: layer.MediaType, Digest: layer.Digest, Size: layer.Size}
		m.inside = append(m.inside, name)
	}
	return nil
}

func (m *image) list(ctx context.Context, prefix string, found func(name string, size int64) error) error {
	if err := m.load(ctx); err != nil {
		return err
	}
	for _, name := range m.inside {
		if strings.HasPrefix(name, prefix) {
			if err := found(name, m.named[name].Size); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *image) open(ctx context.Context, name string) (io.ReadCloser, error) {
	if err := m.load(ctx); err != nil {
		return nil, err
	}
	d, there := m.named[name]
	if !there {
		return nil, fs.ErrNotExist
	}
	in, err := m.repository.Blobs().Fetch(asksForObject(ctx), d)
	return in, m.known(err)
}

func (m *image) write(context.Context, string, bool, io.ReadSeeker) error {
	return errors.New("an image is written as a whole, by sicgrid publish")
}

// known gives the errors that mean something here their name.
func (m *image) known(err error) error {
	var answer *errcode.ErrorResponse
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errdef.ErrNotFound), errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound:
		return fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	case errors.As(err, &answer) && (answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden), errors.Is(err, auth.ErrBasicCredentialNotFound):
		return fmt.Errorf("access denied; `docker login %s` gives credentials (%w)", m.repository.Reference.Registry, err)
	}
	return err
}

// Publish puts files into the registry at oci://registry/name:tag, as one image, and returns the
// digest of its manifest. What the registry has already is not sent again. Objects come from s, and
// none that is damaged is sent.
func Publish(ctx context.Context, rawURL string, s *store.Store, files []File, annotations map[string]string, tell Progress) (digest string, err error) {
	return publish(ctx, rawURL, s, files, annotations, tell, usual)
}

func publish(ctx context.Context, rawURL string, s *store.Store, files []File, annotations map[string]string, tell Progress, p patience) (string, error) {
	manifest, err := Manifest(files, annotations)
	if err != nil {
		return "", err
	}
	r, err := open(ctx, rawURL, false, p)
	if err != nil {
		return "", err
	}
	m, ok := r.tables.(*image)
	switch {
	case !ok:
		return "", fmt.Errorf("%s is no registry; must be oci://registry/name:tag", r)
	case m.repository.Reference.ValidateReferenceAsDigest() == nil:
		return "", fmt.Errorf("%s: a publication is given a tag, and gets its digest from what it holds", r)
	}
	t := &tally{tell: tell}
	blobs := map[string]File{}
	for _, f := range append([]File{{Data: ocispec.DescriptorEmptyJSON.Data}}, files...) {
		d := f.descriptor()
		if _, twice := blobs[string(d.Digest)]; !twice {
			blobs[string(d.Digest)] = f
			t.total += d.Size
		}
	}
	err = each(ctx, blobs, func(ctx context.Context, f File) error {
		sent, err := m.send(ctx, s, f)
		if sent {
			t.object(f.descriptor().Size)
		} else {
			t.spared(f.descriptor().Size)
		}
		return err
	})
	if err != nil {
		return "", r.fail("sending", err)
	}
	d := content.NewDescriptorFromBytes(ocispec.MediaTypeImageManifest, manifest)
	err = m.repository.Manifests().PushReference(ctx, d, bytes.NewReader(manifest), m.repository.Reference.Reference)
	return string(d.Digest), r.fail("writing the manifest", m.known(err))
}

// send uploads a file that the registry lacks.
func (m *image) send(ctx context.Context, s *store.Store, f File) (sent bool, err error) {
	d := f.descriptor()
	if there, err := m.repository.Blobs().Exists(ctx, d); err != nil || there {
		return false, m.known(err)
	}
	body := io.Reader(bytes.NewReader(f.Data))
	if f.Object != "" {
		file, err := openSound(s, f.Object)
		if err != nil {
			return false, err
		}
		defer file.Close()
		body = file
	}
	return true, m.known(m.repository.Blobs().Push(ctx, d, body))
}
