package experiment

import (
	"bytes"
	"os"
	"testing"
)

func TestTheFileOfDefaultsIsWhatTheDeclarationsSay(t *testing.T) {
	var want bytes.Buffer
	if err := WriteDefaults(&want); err != nil {
		t.Fatal(err)
	}
	have, err := os.ReadFile("../../params/" + defaultsFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want.Bytes()) {
		t.Errorf("params/%s is not what the declarations give; run: bin/sicgrid params --yaml > params/%s", defaultsFile, defaultsFile)
	}
}
