package report

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/store"
	"sicgrid/stages/ambiguity/ambiguitytable"
	"sicgrid/stages/experiment"
	"sicgrid/stages/snapshots"
	"sicgrid/stages/spectra/spectratable"
	"sicgrid/stages/watch"
)

func figureOf(t *testing.T, p *Page, id string) *Figure {
	t.Helper()
	for _, f := range append(slices.Clone(p.Figures), p.Unmade...) {
		if f.ID == id {
			return f
		}
	}
	t.Fatalf("no %s", id)
	return nil
}

// Every figure that was made is there with its chain, its digests and what they are of.
func TestAFigureSaysWhereItIsFrom(t *testing.T) {
	p, text := pageOf(t, made(t))
	if len(p.Figures) != 10 || p.Table == nil || len(p.Table.Rows) < 10 {
		t.Fatalf("%d figures, table %v", len(p.Figures), p.Table)
	}
	for _, f := range append(slices.Clone(p.Figures), p.Table.Figure) {
		if f.State != Current || f.Image == "" || f.Width == 0 || f.Made.Commit != "0123456789abcdef" || len(f.Made.Key) != 64 || len(f.Chain) == 0 || len(f.Alt) < len(f.Name)+10 {
			t.Errorf("%s: %s (%s), alt %q, made %+v, %d stages", f.ID, f.State, f.Reason, f.Alt, f.Made, len(f.Chain))
		}
		for _, s := range f.Chain {
			if !strings.Contains(text, `id="`+s.ID+`"`) {
				t.Errorf("%s leads to %s, which is not on the page", f.ID, s.ID)
			}
		}
	}
	if len(text) > 15_000_000 {
		t.Errorf("the page has %d bytes", len(text))
	}
}

// What was made with other parameters is shown, and says so and why.
func TestWhatIsStaleSaysWhy(t *testing.T) {
	p, text := pageOf(t, made(t, "loss.sigma_g=0.31"))
	f := figureOf(t, p, "figure-4")
	if f.State != Stale || f.Image == "" || !strings.Contains(f.Reason, "train/full") || !strings.Contains(f.Reason, "sigma_g 0.4 -> 0.31") {
		t.Errorf("figure 4 is %s: %s", f.State, f.Reason)
	}
	if f := figureOf(t, p, "figure-1"); f.State != Current {
		t.Errorf("figure 1, which has nothing to do with it, is %s: %s", f.State, f.Reason)
	}
	if !strings.Contains(text, "sigma_g 0.4 -&gt; 0.31") {
		t.Error("the page does not say why")
	}
}

// What has not been made here is shown as the repository shows it: sharp where it has an SVG, and
// never one that does more than to be looked at. All of it leaves the page room for the ratemaps,
// spectra and trainings of several networks below 15 MB.
func TestWhatIsNotMadeIsShownAsPublished(t *testing.T) {
	s, err := smokeSource(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s.Published = t.TempDir()
	if err := os.CopyFS(s.Published, os.DirFS("../../artifacts/published")); err != nil {
		t.Fatal(err)
	}
	p, text := pageOf(t, s)
	for id, kind := range map[string]string{"figure-1": "svg+xml", "figure-2": "png"} {
		if f := figureOf(t, p, id); f.State != Published || f.Width == 0 || !strings.HasPrefix(string(f.Image), "data:image/"+kind) {
			t.Errorf("%s, %d wide, is %s: %.30s", id, f.Width, f.State, f.Image)
		} else if len(f.Caption) < 200 || len(f.Made.Commit) != 40 || !strings.Contains(f.Reason, "at commit "+f.Made.Commit[:12]) {
			t.Errorf("%s: %s; of commit %q: %s", id, f.Caption, f.Made.Commit, f.Reason)
		}
	}
	if len(text) > 10_000_000 {
		t.Errorf("the page has %d bytes before anything has been made", len(text))
	}

	script := `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>globalThis.hacked=1</script></svg>`
	if err := os.WriteFile(filepath.Join(s.Published, "figure-1.svg"), []byte(script), 0o666); err != nil {
		t.Fatal(err)
	}
	p, _ = pageOf(t, s)
	if f := figureOf(t, p, "figure-1"); f.State != Published || !strings.HasPrefix(string(f.Image), "data:image/png") {
		t.Errorf("with a script in its SVG, figure 1 is %s: %.30s", f.State, f.Image)
	}
}

// A page of a store in which nothing is says of everything that it is not there, and what to do.
func TestAPageOfNothingSaysWhatToDo(t *testing.T) {
	s, err := smokeSource(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p, text := pageOf(t, s)
	if len(p.Figures) != 0 || len(p.Unmade) < 9 {
		t.Errorf("%d figures of nothing, %d unmade", len(p.Figures), len(p.Unmade))
	}
	for _, f := range p.Unmade {
		if f.State != Missing || f.Reason != "first time" || !strings.Contains(text, f.Command) {
			t.Errorf("%s: %s, %s", f.ID, f.State, f.Reason)
		}
	}
	for _, a := range p.Answers[:6] {
		if a.Verdict != Unknown || len(a.Commands) == 0 {
			t.Errorf("%s %s, %s, to do: %q", a.Question, a.Verdict, a.Evidence, a.Commands)
		}
	}
}

// A damaged result is named and left out, and the page is made all the same.
func TestADamagedResultIsNamed(t *testing.T) {
	s := made(t)
	redraw(t, s, "figure-6", "figure-6.png", "no picture")
	p, text := pageOf(t, s)
	if f := figureOf(t, p, "figure-6"); f.State != Refused || f.Image != "" || !strings.Contains(f.Reason, "figure-6.png") {
		t.Errorf("figure 6 is %s: %s", f.State, f.Reason)
	}
	_, stage, _ := strings.Cut(text, `data-name="figure-6"`)
	if summary, _, _ := strings.Cut(stage, "</summary>"); !strings.Contains(summary, "state-refused") {
		t.Errorf("the stage figure-6 is listed as %s", summary)
	}
	if !slices.Contains(p.Counts, StateCount{Refused, 1}) {
		t.Errorf("the stages are counted as %v", p.Counts)
	}
}

// Of the network whose training is followed there are maps of a few units at every step, and what
// each step and unit had come to; of others it is said why not, or which commands make them.
func TestRatemapsFormOverATraining(t *testing.T) {
	s := made(t)
	p, text := pageOf(t, s)
	of := func(name string) networkData {
		t.Helper()
		i := slices.IndexFunc(p.Data.Networks, func(n networkData) bool { return n.Name == name })
		if i < 0 {
			t.Fatalf("no network %s", name)
		}
		return p.Data.Networks[i]
	}
	n := of("no-capacity")
	f := n.Forming
	if f == nil || f.State != Current || f.Bins != 24 || len(f.Units) != 4 || len(f.Steps) != snapshots.Count || f.Steps[0].Step != 0 || f.Steps[len(f.Steps)-1].Step != 300 {
		t.Fatalf("%+v", f)
	}
	for _, step := range f.Steps {
		if !strings.Contains(step.Finds, "median grid score") || !strings.Contains(step.Finds, "explained by position") || len(step.Units) != len(f.Units) {
			t.Errorf("step %d: %+v", step.Step, step)
		}
	}
	if !strings.Contains(text, `id="`+f.Maps+`"`) {
		t.Errorf("the page has no maps %s", f.Maps)
	}
	i := slices.IndexFunc(p.Blobs, func(b Blob) bool { return b.ID == f.Maps })
	bytes, err := base64.StdEncoding.DecodeString(p.Blobs[i].Base64[0])
	if side := f.Bins * f.Bins; err != nil || len(bytes) != len(f.Steps)*len(f.Units)*side || slices.Equal(bytes[:side], bytes[len(bytes)-side:]) {
		t.Errorf("%d bytes, %v", len(bytes), err)
	}
	if n := of("full"); n.Forming != nil || !strings.Contains(strings.Join(n.Form, " "), "run figure-training --params params/smoke.yaml --set figures.training.variant=full") && !strings.Contains(n.Unformed, "starts from networks") {
		t.Errorf("full: %+v, %q %q", n.Forming, n.Unformed, n.Form)
	}
	if n := of("pytorch-init"); n.Forming != nil || n.Form != nil || !strings.Contains(n.Unformed, "ablations") {
		t.Errorf("an ablation: %+v, %q %q", n.Forming, n.Unformed, n.Form)
	}
	if err := s.Options.Store.RemoveAction(actionOf(t, s, "spectra/no-capacity/step-300/2m").Key, s.Options.Numerics); err != nil {
		t.Fatal(err)
	}
	p, _ = pageOf(t, s)
	if n := of("no-capacity"); n.Forming != nil || !slices.Equal(n.Form, []string{"bin/sicgrid run figure-training --params params/smoke.yaml"}) {
		t.Errorf("without one of its steps: %+v, %q %q", n.Forming, n.Unformed, n.Form)
	}
}

// Of too many looks at a training those are kept whose steps are spread over powers of ten, the first
// and the last among them.
func TestLooksAtATrainingAreSpreadOverPowersOfTen(t *testing.T) {
	var frames []frame
	for step := 100; step <= 100000; step += 100 {
		frames = thinned(append(frames, frame{step: step}))
	}
	if len(frames) != mostFrames || frames[0].step != 100 || frames[mostFrames-1].step != 100000 {
		t.Fatalf("%d frames, the first of step %d", len(frames), frames[0].step)
	}
	for i, f := range frames[1:] {
		if f.step <= frames[i].step || f.step > 8*frames[i].step {
			t.Errorf("step %d after %d", f.step, frames[i].step)
		}
	}
}

// Several modules are independent only if their waves and the places that they tell apart say so as
// well as their ratios.
func TestIndependentModulesTellPlacesBeyondTheCell(t *testing.T) {
	lattices := []spectratable.Module{{Period: 0.5, Orientation: 3, Hexagonal: true, N: 9}, {Period: 0.73, Orientation: 25, Hexagonal: true, N: 9}}
	s, err := smokeSource(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	start := network{name: "full"}
	answer := func(generators int32, told ambiguitytable.Row) Answer {
		b := &box{name: "4m", side: 4, judged: &Result{State: Current, action: &store.Action{}}, asked: &Result{Node: "ambiguity/full/4m"}, units: make([]spectratable.Unit, 1), modules: lattices,
			summary: spectratable.Summary{Independent: 2, Generators: generators}, told: told}
		n := start
		n.boxes = []*box{b}
		return (&Page{source: s, networks: []*network{&n}}).independent()
	}
	right := ambiguitytable.Row{Cell: 0.73, Places: 300, Right: 0.94, Chance: 0.12, P: 1e-9}
	if a := answer(4, right); a.Verdict != Yes || !strings.Contains(a.Evidence, "that the coarsest (0.73\u00a0m) alone confuses: 94\u00a0% of 300, by guessing 12\u00a0%") {
		t.Errorf("%s, %s: %s", a.Verdict, a.Short, a.Evidence)
	}
	if a := answer(2, right); a.Verdict != Partly || a.Short != "1 of 2 modules" || !strings.Contains(a.Evidence, "sums of 2") {
		t.Errorf("on one torus: %s, %s: %s", a.Verdict, a.Short, a.Evidence)
	}
	if a := answer(4, ambiguitytable.Row{Cell: 0.73, Places: 300, Right: 0.13, Chance: 0.12, P: 0.3}); a.Verdict != Partly || a.Short != "1 of 2 modules" || !strings.Contains(a.Evidence, "confuse places as the coarsest") {
		t.Errorf("told by guessing: %s, %s: %s", a.Verdict, a.Short, a.Evidence)
	}
	if a := answer(4, ambiguitytable.Row{}); len(a.Commands) != 1 || !strings.Contains(a.Commands[0], "ambiguity/full/4m") {
		t.Errorf("not asked yet: %s, %q", a.Evidence, a.Commands)
	}
	for _, c := range []struct {
		parts int
		apart bool
		want  string
	}{{0, false, ""}, {3, false, "3 copies of one trained lattice"}, {2, true, "2 networks that were trained apart, each from a random initialisation"}} {
		start.parts, start.apart = c.parts, c.apart
		if a := answer(4, right); strings.Contains(a.Evidence, "put in") != (c.want != "") || !strings.Contains(a.Evidence, c.want) {
			t.Errorf("%d parts, apart %v: %s", c.parts, c.apart, a.Evidence)
		}
	}
}

// The losses and ratemaps of a training that has not ended are those of its checkpoint, on the page
// and to whoever asks later what is new. Only this machine is answered.
func TestATrainingUnderWayIsFollowed(t *testing.T) {
	checkpointEvery = time.Millisecond
	s, err := smokeSource(t.TempDir())
	checkpointEvery = time.Minute
	if err != nil {
		t.Fatal(err)
	}
	g, err := pipeline.NewGraph(s.DAG.Node("train/no-capacity"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	s.Options.Observer = func(e pipeline.Event) {
		if e.Kind == pipeline.Progress && e.Done >= e.Total/2 {
			stop()
		}
	}
	if _, err := pipeline.Run(ctx, g, s.Options); err == nil {
		t.Fatal("the training was to be interrupted")
	}
	s.Live = true
	server := httptest.NewServer(NewServer(func(ctx context.Context) (*Page, error) { return Collect(ctx, s) }))
	defer server.Close()
	get := func(path, host string) (*http.Response, news) {
		t.Helper()
		request, err := http.NewRequest(http.MethodGet, server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if host != "" {
			request.Host = host
		}
		answer, err := server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		var n news
		if strings.HasPrefix(path, newsPath) {
			_ = json.NewDecoder(answer.Body).Decode(&n) // an error has none
		}
		return answer, n
	}
	if answer, _ := get(newsPath, ""); answer.StatusCode != http.StatusConflict {
		t.Errorf("news of no page: %s", answer.Status)
	}
	if answer, _ := get("/", ""); answer.StatusCode != http.StatusOK || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") {
		t.Errorf("the page: %s", answer.Status)
	}
	_, n := get(newsPath, "")
	i := slices.IndexFunc(n.Networks, func(n networkData) bool { return n.Name == "no-capacity" })
	if i < 0 || n.Networks[i].State != UnderWay || len(n.Networks[i].History) == 0 || !strings.Contains(n.Networks[i].Reason, "of 300") {
		t.Errorf("news: %+v", n)
	}
	if n.Networks[i].Forming != nil {
		t.Error("the ratemaps of a network that nobody looks at are made")
	}
	_, n = get(newsPath+"?network=no-capacity", "")
	f := n.Networks[i].Forming
	if f == nil || f.Bins != watch.Bins || len(f.Units) != 4 || len(f.Steps) != 1 || len(f.Bytes) != 4*watch.Bins*watch.Bins || f.Steps[0].Step == 0 || slices.Max(f.Bytes) < 254 {
		t.Errorf("ratemaps under way: %+v", f)
	}
	for _, host := range []string{"evil.example", "evil.example:80", "127.0.0.1.evil.example:80"} {
		if answer, _ := get("/", host); answer.StatusCode != http.StatusForbidden {
			t.Errorf("asked as %s: %s", host, answer.Status)
		}
	}
}

// Coarse lattices √3 apart at 30 degrees are named as one coincidence; others are none.
func TestCoincidencesAreNamed(t *testing.T) {
	module := func(period, orientation float64) spectratable.Module {
		return spectratable.Module{Period: period, Orientation: orientation, Hexagonal: true}
	}
	got := coincidences([]spectratable.Module{module(0.51, 27), module(0.69, 46), module(1.195, 16)})
	if len(got) != 1 || !strings.Contains(got[0], "0.69\u00a0m and 1.20\u00a0m") || !strings.Contains(got[0], "√3 at 30°") {
		t.Errorf("got %q", got)
	}
	for square, want := range map[float64]string{3: "√3", 4: "2", 7.0 / 4: "√7/2", 9.0 / 4: "3/2", 7.0 / 3: "√21/3", 1: "1"} {
		if got := root(square); got != want {
			t.Errorf("the root of %v is %s, want %s", square, got, want)
		}
	}
}

// Periods of one network are the same in boxes where they differ by little, and none is made up for
// a box that does not have them.
func TestPeriodsAreComparedOverBoxes(t *testing.T) {
	in := func(name string, side float64, periods ...float64) *box {
		b := &box{name: name, side: side, judged: &Result{State: Current, action: &store.Action{}}, units: make([]spectratable.Unit, 1)}
		for _, p := range periods {
			b.modules = append(b.modules, spectratable.Module{Period: p, Hexagonal: true})
		}
		return b
	}
	n := &network{boxes: []*box{in("2m", 2, 0.50), in("3m", 3, 0.51, 1.21), in("4m", 4, 0.50, 1.20)}}
	off, boxes, ok := n.samePeriods()
	if !ok || boxes != "2, 3 and 4" || math.Abs(off-0.02) > 1e-9 {
		t.Errorf("off by %v in boxes of %s, %v", off, boxes, ok)
	}
	n.boxes = n.boxes[:1]
	if _, _, ok := n.samePeriods(); ok {
		t.Error("one box agrees with itself")
	}
}

// Stages that differ in a number alone are drawn as one.
func TestFamilies(t *testing.T) {
	for name, want := range map[string]string{
		"train/full/pretraining/attempt-12": "train/full/pretraining/attempt", "train/full/finetuning-2": "train/full/finetuning",
		"ratemaps/full/4m": "ratemaps/full", "ratemaps/full/2.5m": "ratemaps/full", "trajectories/2m": "trajectories",
		"train/full": "train/full", "figure-4": "figure-4", "train/sigma-g-02": "train/sigma-g-02", experiment.ResultsName: experiment.ResultsName,
	} {
		if got := family(name); got != want {
			t.Errorf("%s is drawn as %s, want %s", name, got, want)
		}
	}
}
