package main

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The page is written where the figures are, also where nothing has been made; --live serves it
// until it is interrupted, and that is no failure.
func TestTheReportIsWrittenAndServed(t *testing.T) {
	dir := t.TempDir()
	copySmoke(t, dir)
	if said, code := shell(t, dir, "sicgrid report --params smoke"); code != exitDone || !strings.Contains(said, filepath.Join("artifacts", "smoke", "report.html")) {
		t.Fatalf("exit code %d: %s", code, said)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "artifacts", "smoke", "report.html")); err != nil || !strings.HasPrefix(string(text), "<!DOCTYPE html>") {
		t.Errorf("%.40s, %v", text, err)
	}
	for command, want := range map[string]string{
		"sicgrid report --live --listen 0.0.0.0:0":            "loopback",
		"sicgrid report --listen 127.0.0.1:0":                 "--live",
		"sicgrid report --live --out x.html":                  "--out",
		"sicgrid report --out artifacts/store/x.html":         "store",
		"sicgrid report --params smoke --set loss.sigma_g=-1": "sigma_g",
	} {
		if said, code := shell(t, dir, command); code == exitDone || !strings.Contains(said, want) || strings.Count(said, "\n") != 1 {
			t.Errorf("%s: exit code %d, %s", command, code, said)
		}
	}

	live := exec.Command(program, "report", "--live", "--params", "smoke")
	live.Dir = dir
	out, err := live.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := live.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	url, _, _ := strings.Cut(line, " ")
	if err != nil || !strings.HasPrefix(url, "http://127.0.0.1:") {
		t.Fatalf("it says %q, %v", line, err)
	}
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(answer.Body)
	answer.Body.Close()
	if err != nil || answer.StatusCode != http.StatusOK || !strings.Contains(string(text), "connect-src &#39;self&#39;") {
		t.Errorf("%s, %v, %d bytes", answer.Status, err, len(text))
	}
	if err := live.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := live.Wait(); err != nil {
		t.Errorf("interrupted, it ends with %v", err)
	}
}
