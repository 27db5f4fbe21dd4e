package store

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// An Action is the record of a finished computation. One that comes from a Store is shared and must
// not be changed.
//
// Parts and Provenance are any JSON; they come back as the same JSON in canonical form (no blanks,
// keys sorted, numbers as spelled).
type Action struct {
	Format     int             `json:"format"` // version of what Key and Parts mean
	Key        string          `json:"key"`    // 64 lower-case hex characters
	Numerics   string          `json:"numerics"`
	Outputs    []Output        `json:"outputs"`
	Parts      json.RawMessage `json:"parts,omitempty"`      // what Key is a hash of
	Provenance json.RawMessage `json:"provenance,omitempty"` // where, when and with what; decides nothing
}

// An Output is one of the objects that a computation made.
type Output struct {
	Name    string `json:"name"`
	Object  Digest `json:"object"`
	Logical string `json:"logical"` // digest of what the object says, however it is encoded
	Bytes   int64  `json:"bytes"`
	Rows    int64  `json:"rows"`
}

// fetchedKey is the name under which the provenance of a result says where it was fetched from.
const fetchedKey = "fetched_from"

// From is where a result was fetched from; "" if it was made here.
func (a *Action) From() string {
	var p map[string]any
	if json.Unmarshal(a.Provenance, &p) != nil {
		return ""
	}
	from, _ := p[fetchedKey].(string)
	return from
}

// FetchedFrom is the record of a result as it is kept where it was fetched to: its provenance says
// where it came from. Of a provenance that is no object nothing is left.
func (a *Action) FetchedFrom(where string) *Action {
	var p map[string]any
	if unmarshal(a.Provenance, &p) != nil || p == nil {
		p = map[string]any{}
	}
	p[fetchedKey] = where
	kept := *a
	kept.Provenance, _ = json.Marshal(p) // of what was JSON
	return &kept
}

// PutAction publishes the record of a finished computation. All its objects must have been put
// before. If this process took the key's lock and has lost it, the error is ErrOvertaken, and
// nothing is published.
func (s *Store) PutAction(a *Action) error {
	if err := errors.Join(checkKey(a.Key), s.writing(s.path("actions"))); err != nil {
		return err
	}
	for _, o := range a.Outputs {
		if err := s.checkSize(o); err != nil {
			return fmt.Errorf("store: recording an action before its output %q: %w", o.Name, err)
		}
	}
	data, err := EncodeAction(a)
	if err != nil {
		return err
	}
	f, err := createTemp(s.path("actions"))
	if err != nil {
		return err
	}
	path := s.actionPath(a.Key, a.Numerics)
	if _, err := f.Write(data); err != nil {
		f.discard()
		return storeError("writing", path, err)
	}
	return f.publishIf(func() error { return errors.Join(s.fence(a.Key), makeWay(path)) }, path, 0o444)
}

// fence is an error if this process took the lock of key and has lost it.
func (s *Store) fence(key string) error {
	if err := s.holdsLease(key); errors.Is(err, ErrOvertaken) {
		return err
	}
	return nil
}

// EncodeAction returns the bytes of a record's file.
func EncodeAction(a *Action) ([]byte, error) {
	data, err := encodeAction(a)
	if err == nil {
		_, err = decodeAction(data) // better to hear of it now than to compute it again each time
	}
	if err != nil {
		return nil, fmt.Errorf("store: encoding the action record of %s: %w", a.Key, err)
	}
	return data, nil
}

// DecodeAction reads the bytes of a record that claims to be the file called name (ActionName). The
// error is a *Defect of that name if the checksum or the name do not fit, or if what the record
// says of its outputs cannot be.
func DecodeAction(data []byte, name string) (*Action, error) {
	a, err := decodeAction(data)
	if err != nil {
		return nil, &Defect{name, "damaged action record: " + err.Error()}
	}
	if ActionName(a.Key, a.Numerics) != name || !IsActionName(name) {
		return nil, &Defect{name, fmt.Sprintf("action record of another computation (%q under %q)", a.Key, a.Numerics)}
	}
	for _, o := range a.Outputs {
		if !isHex256(string(o.Object)) || o.Bytes < 0 {
			return nil, &Defect{name, fmt.Sprintf("action record with an impossible output %q", o.Name)}
		}
	}
	return a, nil
}

// ActionName is the name of the file of a record. Numerics name devices and drivers, which may be
// long and hold any character; hence their hash.
func ActionName(key, numerics string) string {
	sum := sha256.Sum256([]byte(numerics))
	return key + "." + hex.EncodeToString(sum[:8]) + ".json"
}

// IsActionName reports whether a file of this name can be a record.
func IsActionName(name string) bool {
	key, rest, _ := strings.Cut(name, ".")
	hash, isJSON := strings.CutSuffix(rest, ".json")
	return isHex256(key) && isJSON && len(hash) == 16 && strings.Trim(hash, "0123456789abcdef") == ""
}

// Action returns the record whose file has this name, or ErrMissing: there is none, or (a Defect)
// none that is sound.
func (s *Store) Action(name string) (*Action, error) {
	if !IsActionName(name) {
		return nil, fmt.Errorf("action %q: %w", name, ErrMissing)
	}
	a, err := s.readAction(s.path("actions", name))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("action %s: %w", name, ErrMissing)
	}
	return a, err
}

// RemoveAction removes the record of (key, numerics); that it is not there is no error.
func (s *Store) RemoveAction(key, numerics string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	return s.remove(s.actionPath(key, numerics))
}

// RemoveRecord removes the record whose file has this name (ActionName), whatever is in it.
func (s *Store) RemoveRecord(name string) error {
	if !IsActionName(name) {
		return fmt.Errorf("store: %q is not the name of a record", name)
	}
	return s.remove(s.path("actions", name))
}

// Lookup returns the record of key computed under numerics or, unless exact, under any other, the
// first in the order of their names. Records that are defective, or whose objects are missing or of
// the wrong size, are passed over; the contents of objects are not read (Get and Check do that).
//
// If there is no record, the error is ErrMissing. If something was passed over, it is a *Defect
// naming the first such file, which is ErrMissing as well; should another numerics' record be
// usable nevertheless, it is returned along with the Defect.
func (s *Store) Lookup(key, numerics string, exact bool) (*Action, error) {
	return s.LookupAmong(s.List(), key, numerics, exact)
}

// LookupAmong is Lookup that knows of records under other numerics only what the listing does, and
// so need not read the folder of all records once more for each key that has none of its own.
func (s *Store) LookupAmong(l *Listing, key, numerics string, exact bool) (*Action, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	var defect error
	own := s.actionPath(key, numerics)
	a, err := s.readAction(own)
	if err == nil {
		return a, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		defect = err
	}
	if !exact {
		others, err := s.otherActions(l, key, own, &defect)
		if err != nil {
			return nil, err
		}
		if len(others) > 0 {
			return others[0], defect
		}
	}
	if defect != nil {
		return nil, defect
	}
	return nil, fmt.Errorf("action %s: %w", key, ErrMissing)
}

// A Listing is what records there are by name at one moment, that of its first use.
type Listing struct {
	names func() (map[string][]string, error)
}

// List returns a listing of the records.
func (s *Store) List() *Listing {
	return &Listing{sync.OnceValues(func() (map[string][]string, error) {
		entries, err := os.ReadDir(s.path("actions"))
		if err := ignoreMissing(err); err != nil {
			return nil, storeError("reading", s.path("actions"), err)
		}
		names := make(map[string][]string, len(entries))
		for _, e := range entries {
			if key, _, ok := strings.Cut(e.Name(), "."); ok {
				names[key] = append(names[key], e.Name())
			}
		}
		return names, nil
	})}
}

// otherActions returns the sound records of key but the one at own, sorted by numerics. It keeps
// the first defect.
func (s *Store) otherActions(l *Listing, key, own string, defect *error) ([]*Action, error) {
	names, err := l.names()
	if err != nil {
		return nil, err
	}
	var actions []*Action
	for _, name := range names[key] {
		path := s.path("actions", name)
		if path == own {
			continue
		}
		a, err := s.readAction(path)
		switch {
		case err == nil:
			actions = append(actions, a)
		case *defect == nil && !errors.Is(err, os.ErrNotExist):
			*defect = err
		}
	}
	slices.SortFunc(actions, func(a, b *Action) int { return cmp.Compare(a.Numerics, b.Numerics) })
	return actions, nil
}

func (s *Store) actionPath(key, numerics string) string {
	return s.path("actions", ActionName(key, numerics))
}

// readAction reads and checks the record at path, and whether its objects are there. The error is
// os.ErrNotExist or a Defect.
func (s *Store) readAction(path string) (*Action, error) {
	a, err := s.decodeActionFile(path)
	if err != nil {
		return nil, err
	}
	for _, o := range a.Outputs {
		if err := s.checkSize(o); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// decodeActionFile is readAction without a look at the objects.
func (s *Store) decodeActionFile(path string) (*Action, error) {
	data, err := ReadRegular(path, MostRecord)
	if errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if err != nil {
		return nil, &Defect{path, "unreadable action record: " + reason(err)}
	}
	a, err := s.decoded.decode(data, path)
	var defect *Defect
	if errors.As(err, &defect) {
		return nil, &Defect{path, defect.Reason}
	}
	return a, err
}

// decodedActions spares decoding the same bytes of the same file again: a run looks at each record
// several times. Files are read anew each time.
type decodedActions struct {
	mu     sync.Mutex
	byPath map[string]decodedAction
}

type decodedAction struct {
	sum    [sha256.Size]byte // of the file
	action *Action
}

// MostRecord is how many bytes a record may have.
const MostRecord = 16 << 20

const mostDecoded = 10_000 // records in memory

func (d *decodedActions) decode(data []byte, path string) (*Action, error) {
	sum := sha256.Sum256(data)
	d.mu.Lock()
	known := d.byPath[path]
	d.mu.Unlock()
	if known.action != nil && known.sum == sum {
		return known.action, nil
	}
	a, err := DecodeAction(data, filepath.Base(path))
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.byPath == nil || len(d.byPath) >= mostDecoded {
		d.byPath = map[string]decodedAction{}
	}
	d.byPath[path] = decodedAction{sum, a}
	return a, nil
}

// checkSize looks whether the object of an output is there in full length. Anything else is a
// Defect of the object's file.
func (s *Store) checkSize(o Output) error {
	path := s.ObjectPath(o.Object)
	if !isHex256(string(o.Object)) {
		return &Defect{path, fmt.Sprintf("%q is not a digest", string(o.Object))}
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return &Defect{path, fmt.Sprintf("missing object (output %q)", o.Name)}
	case err != nil:
		return &Defect{path, reason(err)}
	case !info.Mode().IsRegular():
		return &Defect{path, "unreadable object: " + reason(regular(path, info))}
	case info.Size() != o.Bytes:
		return &Defect{path, fmt.Sprintf("damaged object (output %q): %d bytes instead of %d", o.Name, info.Size(), o.Bytes)}
	}
	return nil
}

// The file of a record is JSON: its fields in the order of their names, with the checksum, a sha256
// over the same JSON without it, among them. There is one spelling for each record, so that a
// decoder can see any changed byte by encoding again.

func encodeAction(a *Action) ([]byte, error) {
	parts, err := canonical(a.Parts)
	if err != nil {
		return nil, err
	}
	provenance, err := canonical(a.Provenance)
	if err != nil {
		return nil, err
	}
	head, err := a.head()
	if err != nil {
		return nil, err
	}
	return spell(head, parts, provenance)
}

// canonical is JSON without blanks, with sorted keys and numbers as spelled; nothing of nothing.
func canonical(raw json.RawMessage) (json.RawMessage, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	if !json.Valid(raw) {
		return nil, errors.New("store: parts or provenance of a record are no JSON")
	}
	var tree any
	if err := unmarshal(raw, &tree); err != nil {
		return nil, err
	}
	return json.Marshal(tree)
}

// head is the canonical JSON of a record without parts and provenance.
func (a *Action) head() ([]byte, error) {
	type output struct {
		Bytes   int64  `json:"bytes"`
		Logical string `json:"logical"`
		Name    string `json:"name"`
		Object  Digest `json:"object"`
		Rows    int64  `json:"rows"`
	}
	head := struct {
		Format   int      `json:"format"`
		Key      string   `json:"key"`
		Numerics string   `json:"numerics"`
		Outputs  []output `json:"outputs"`
	}{Format: a.Format, Key: a.Key, Numerics: a.Numerics}
	if a.Outputs != nil {
		head.Outputs = []output{}
	}
	for _, o := range a.Outputs {
		head.Outputs = append(head.Outputs, output{o.Bytes, o.Logical, o.Name, o.Object, o.Rows})
	}
	return json.Marshal(head)
}

// spell is the file of a record of this head, parts and provenance, all three canonical. The names
// of the checksum and of the latter two are the first and the last in their order.
func spell(head, parts, provenance []byte) ([]byte, error) {
	plain := bytes.Clone(head[:len(head)-1])
	if len(parts) > 0 {
		plain = append(append(plain, `,"parts":`...), parts...)
	}
	if len(provenance) > 0 {
		plain = append(append(plain, `,"provenance":`...), provenance...)
	}
	plain = append(plain, '}')
	sum := sha256.Sum256(plain)
	whole := append([]byte(`{"checksum":"`+hex.EncodeToString(sum[:])+`",`), plain[1:]...)
	var b bytes.Buffer
	b.Grow(2 * len(whole))
	err := json.Indent(&b, whole, "", "  ")
	b.WriteByte('\n')
	return b.Bytes(), err
}

func decodeAction(data []byte) (*Action, error) {
	a := new(Action)
	if err := json.Unmarshal(data, a); err != nil {
		return nil, err
	}
	for _, raw := range []*json.RawMessage{&a.Parts, &a.Provenance} {
		if len(*raw) == 0 {
			continue
		}
		var plain bytes.Buffer
		if err := json.Compact(&plain, *raw); err != nil {
			return nil, err
		}
		*raw = plain.Bytes()
	}
	head, err := a.head()
	if err != nil {
		return nil, err
	}
	again, err := spell(head, a.Parts, a.Provenance)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, data) {
		return nil, errors.New("its checksum does not match")
	}
	return a, nil
}

// unmarshal keeps numbers as they are spelled: a float64 would lose the last digits of a seed.
func unmarshal(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return d.Decode(v)
}
