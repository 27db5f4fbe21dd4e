package report

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	requests "github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// The page in a browser: headless Chromium, driven over its debugging protocol, if SICGRID_BROWSER
// asks for it. SICGRID_REPORT names another page to be tried than the smoke profile's,
// SICGRID_SCREENSHOTS a folder for pictures of it.

// tab is a page that was opened from a file, and what came of it.
type tab struct {
	context.Context
	t  *testing.T
	mu sync.Mutex
	// said are errors on the console, exceptions, and violations of the page's policy.
	said []string
	// asked are addresses other than the page's own.
	asked []string
}

func chromium(t *testing.T) string {
	t.Helper()
	if os.Getenv("SICGRID_BROWSER") == "" {
		t.Skip("needs chromium and some time: go tool task test-report")
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("SICGRID_BROWSER asks for a browser, and there is no chromium; on Debian: apt-get install chromium")
	return ""
}

// opened opens a page in a new browser, which is closed with the test; media are names and values of
// what the system prefers.
func opened(t *testing.T, path string, width, height int64, media ...string) *tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium(t)), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()), chromedp.WSURLReadTimeout(60*time.Second))
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil { // starts the browser
		t.Fatal(err)
	}
	b := &tab{Context: ctx, t: t}
	if err := chromedp.Listen(ctx, b.listen); err != nil {
		t.Fatal(err)
	}
	ctx, stop = context.WithTimeout(ctx, 10*time.Minute)
	t.Cleanup(stop)
	b.Context = ctx
	call(b, requests.Enable, requests.EnableParams{})
	call(b, log.Enable, cdp.Empty{})
	call(b, runtime.Enable, cdp.Empty{})
	call(b, performance.Enable, performance.EnableParams{TimeDomain: performance.EnableTimeDomainThreadTicks})
	var features []*emulation.MediaFeature
	for i := 0; i < len(media); i += 2 {
		features = append(features, &emulation.MediaFeature{Name: media[i], Value: media[i+1]})
	}
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
	b.do(chromedp.EmulateViewport(width, height), chromedp.Navigate("file://"+path), chromedp.WaitReady(chromedp.CSS("footer")))
	return b
}

func call[P, R any](b *tab, command cdp.Command[P, R], params P) {
	b.t.Helper()
	if _, err := chromedp.Call(b, command, params); err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.said = append(b.said, fmt.Sprint(e.ExceptionDetails.Text, " ", e.ExceptionDetails.LineNumber))
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			b.said = append(b.said, fmt.Sprint(e.Type, e.Args))
		}
	case *log.EventEntryAdded:
		b.said = append(b.said, e.Entry.Text)
	case *requests.EventRequestWillBeSent:
		if u := e.Request.URL; !strings.HasPrefix(u, "data:") && !strings.HasPrefix(u, "blob:") && !(strings.HasPrefix(u, "file://") && strings.HasSuffix(u, ".html")) {
			b.asked = append(b.asked, u)
		}
	}
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// is evaluates an expression of JavaScript.
func is[T any](b *tab, expression string) (value T) {
	b.t.Helper()
	return got(b, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

func got[T any](b *tab, action chromedp.Action[T]) T {
	b.t.Helper()
	value, err := chromedp.Run(b, action)
	if err != nil {
		b.t.Fatal(err)
	}
	return value
}

// quiet says whether nothing went wrong and nothing was asked of the network.
func (b *tab) quiet() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.said) > 0 || len(b.asked) > 0 {
		b.t.Errorf("on the console: %q; asked for: %q", b.said, b.asked)
	}
}

// file is the page under trial, in a folder of its own.
func file(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("SICGRID_REPORT"); path != "" {
		return path
	}
	s := made(t)
	return written(t, s)
}

func written(t *testing.T, s Source) string {
	t.Helper()
	_, text := pageOf(t, s)
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// picture keeps a screenshot, if pictures are asked for.
func (b *tab) picture(name string) {
	dir := os.Getenv("SICGRID_SCREENSHOTS")
	if dir == "" {
		return
	}
	b.do(chromedp.Sleep(300 * time.Millisecond))
	data := got(b, chromedp.CaptureScreenshot())
	if err := os.WriteFile(filepath.Join(dir, name+".png"), data, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// audit asks axe-core what keeps people out, by these rules or by all.
func (b *tab) audit(rules ...string) {
	b.t.Helper()
	axe, err := os.ReadFile("testdata/axe/axe.min.js")
	if err != nil {
		b.t.Fatal(err)
	}
	is[int](b, string(axe)+";0")
	only := ""
	if len(rules) > 0 {
		only = `, runOnly: ["` + strings.Join(rules, `", "`) + `"]`
	}
	found := is[string](b, `axe.run(document, {resultTypes: ["violations"]`+only+`}).then(r => JSON.stringify(r.violations.map(v => ({id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.slice(0, 4).map(n => n.html.slice(0, 160))}))))`)
	var violations []struct {
		ID, Impact, Help string
		Nodes            []string
	}
	if err := json.Unmarshal([]byte(found), &violations); err != nil {
		b.t.Fatal(err)
	}
	for _, v := range violations {
		if v.Impact == "serious" || v.Impact == "critical" {
			b.t.Errorf("axe-core: %s (%s): %s\n%s", v.ID, v.Impact, v.Help, strings.Join(v.Nodes, "\n"))
		} else {
			b.t.Logf("axe-core: %s (%s): %s\n%s", v.ID, v.Impact, v.Help, strings.Join(v.Nodes, "\n"))
		}
	}
}

func TestThePageInABrowser(t *testing.T) {
	chromium(t)
	b := opened(t, file(t), 1280, 800, "prefers-reduced-motion", "reduce")
	b.work()
	b.picture("desktop-light")
	for _, try := range []func(){b.images, b.units, b.states, b.forming, b.provenance, b.zoom, func() { b.audit() }, b.dark, b.paper} {
		try()
	}
	b.quiet()
	if os.Getenv("SICGRID_SCREENSHOTS") != "" {
		b.do(chromedp.Click(chromedp.CSS("#theme")))
		b.sections("desktop-light")
	}
}

// work bounds what it takes to open the page.
func (b *tab) work() {
	b.t.Helper()
	// In the time of the page's own thread, since the machine may have others to serve.
	took := map[string]float64{}
	metrics, err := chromedp.Call(b, performance.GetMetrics, cdp.Empty{})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, m := range metrics.Metrics {
		took[m.Name] = m.Value
	}
	b.t.Logf("%.2f s of work, of these %.2f of scripts; interactive after %.0f ms", took["TaskDuration"], took["ScriptDuration"],
		is[float64](b, `performance.getEntriesByType("navigation")[0].domInteractive`))
	if took["TaskDuration"] > 1 {
		b.t.Errorf("opening it takes %.2f s of work, must be at most 1", took["TaskDuration"])
	}
}

// images says whether every drawing can be shown.
func (b *tab) images() {
	b.t.Helper()
	broken := is[[]string](b, `Promise.all([...document.images].filter(i => i.src).map(i => { i.loading = "eager"; return i.decode().then(() => "", () => i.alt); })).then(l => l.filter(a => a))`)
	if len(broken) > 0 || is[int](b, `document.images.length`) < 8 {
		b.t.Errorf("no drawings: %q", broken)
	}
}

// units sorts and filters the table of units, and moves in it.
func (b *tab) units() {
	b.t.Helper()
	scores := `[...document.querySelectorAll("#unit-table tbody tr")].map(r => parseFloat(r.cells[2].textContent.replace("−", "-"))).filter(v => !Number.isNaN(v))`
	ordered := func(sign float64) bool {
		list := is[[]float64](b, scores)
		for i := 1; i < len(list); i++ {
			if sign*(list[i]-list[i-1]) < 0 {
				return false
			}
		}
		return len(list) > 5
	}
	if !ordered(-1) {
		b.t.Error("units do not come by falling score at first")
	}
	b.do(chromedp.Click(chromedp.CSS(`[data-sort="score"]`)))
	if !ordered(1) {
		b.t.Error("a click on the score does not turn the order")
	}
	all := is[int](b, `document.querySelectorAll("#unit-table tbody tr").length`)
	middle := is[[]float64](b, scores)[all/2]
	b.do(chromedp.SetValue(chromedp.CSS("#unit-least"), fmt.Sprint(middle)), chromedp.Evaluate[chromedp.Void](`document.querySelector("#unit-least").dispatchEvent(new Event("input"))`))
	if left := is[int](b, `document.querySelectorAll("#unit-table tbody tr").length`); left == 0 || left >= all {
		b.t.Errorf("%d of %d units have a score of %v or more", left, all, middle)
	}
	before := is[string](b, `document.querySelector("#unit-shown h3").textContent`)
	b.do(chromedp.Focus(chromedp.CSS("#unit-table tr[aria-current] .pick")), chromedp.KeyEvent(kb.ArrowUp))
	if after := is[string](b, `document.querySelector("#unit-shown h3").textContent`); after == before {
		b.t.Errorf("the arrow key stays at %s", after)
	}
}

// states turns the cloud of states by keys and mouse.
func (b *tab) states() {
	b.t.Helper()
	turn := func() string { return is[string](b, `document.querySelector("#torus-canvas").dataset.turn`) }
	pixels := func() string {
		return is[string](b, `document.querySelector("#torus-canvas").toDataURL().slice(-4000)`)
	}
	b.do(chromedp.ScrollIntoView(chromedp.CSS("#torus-canvas")), chromedp.Focus(chromedp.CSS("#torus-canvas")))
	first, drawn := turn(), pixels()
	b.do(chromedp.KeyEvent(kb.ArrowRight))
	second := turn()
	if second == first || pixels() == drawn {
		b.t.Error("an arrow key does not turn it")
	}
	at := is[[]float64](b, `(r => [r.x + r.width / 2, r.y + r.height / 2])(document.querySelector("#torus-canvas").getBoundingClientRect())`)
	b.do(chromedp.DragAndDropXY(at[0], at[1], at[0]+80, at[1]+30))
	if turn() == second {
		b.t.Error("dragging does not turn it")
	}
	b.picture("desktop-states")
}

// forming goes through the steps of a training by button and keys: the ratemaps of a step are marked,
// and what it has come to is said.
func (b *tab) forming() {
	b.t.Helper()
	steps := is[[]int](b, `[...document.querySelectorAll("#forming li")].map(l => +l.dataset.step)`)
	if len(steps) < 2 || steps[0] != 0 {
		b.t.Errorf("ratemaps at the steps %v", steps)
		return
	}
	unlike := is[int](b, `new Set([...document.querySelectorAll("#forming canvas")].map(c => c.toDataURL())).size`)
	words := is[int](b, `[...document.querySelectorAll("#forming canvas")].filter(c => /step \d+: (grid score|not active)/.test(c.getAttribute("aria-label"))).length`)
	if all := is[int](b, `document.querySelectorAll("#forming canvas").length`); unlike <= all/2 || words != all {
		b.t.Errorf("of %d maps there are %d unlike, and %d say what they show", all, unlike, words)
	}
	marked := func() int { return is[int](b, `+document.querySelector("#forming [aria-current]").dataset.step`) }
	status := func() string { return is[string](b, `document.querySelector("#history-status").textContent`) }
	b.do(chromedp.ScrollIntoView(chromedp.CSS("#forming")), chromedp.Focus(chromedp.CSS("#forming li:nth-child(2) button")), chromedp.KeyEvent(kb.Enter))
	if marked() != steps[1] || !strings.Contains(status(), "median grid score") {
		b.t.Errorf("Enter on the name of step %d marks %d: %s", steps[1], marked(), status())
	}
	b.picture("desktop-forming")
	b.do(chromedp.Focus(chromedp.CSS("#history-step")), chromedp.KeyEvent(kb.Home))
	if marked() != 0 || !strings.Contains(status(), "Step 0") {
		b.t.Errorf("the slider's beginning marks step %d: %s", marked(), status())
	}
	b.do(chromedp.KeyEvent(kb.End))
	if marked() != steps[len(steps)-1] {
		b.t.Errorf("the slider's end marks step %d", marked())
	}
}

// provenance follows a figure to a stage that it rests on.
func (b *tab) provenance() {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS("#figure-4 .provenance summary")), chromedp.Click(chromedp.CSS(`#figure-4 .chain a[href^="#stage-"]`)), chromedp.Sleep(200*time.Millisecond))
	if !is[bool](b, `(d => d.open && d.contains(document.activeElement) && /[0-9a-f]{64}/.test(d.textContent))(document.getElementById(decodeURIComponent(location.hash.slice(1))))`) {
		b.t.Error("the link does not lead to an opened stage with its digests")
	}
}

// zoom enlarges a figure and closes it again.
func (b *tab) zoom() {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS("#figure-4 .enlarge")), chromedp.WaitVisible(chromedp.CSS("#zoom")))
	before := is[string](b, `document.querySelector("#zoom").dataset.scale`)
	b.do(chromedp.KeyEvent("+"))
	if is[string](b, `document.querySelector("#zoom").dataset.scale`) == before {
		b.t.Error("plus does not scale it")
	}
	b.picture("desktop-zoom")
	b.do(chromedp.KeyEvent(kb.Escape))
	if is[bool](b, `document.querySelector("#zoom").open`) {
		b.t.Error("Escape does not close it")
	}
}

// dark switches to the dark page.
func (b *tab) dark() {
	b.t.Helper()
	light := is[string](b, `getComputedStyle(document.body).backgroundColor`)
	b.do(chromedp.Evaluate[chromedp.Void](`scrollTo(0, 0)`), chromedp.Click(chromedp.CSS("#theme")))
	if is[string](b, `getComputedStyle(document.body).backgroundColor`) == light {
		b.t.Error("the button changes nothing")
	}
	b.picture("desktop-dark")
	b.audit("color-contrast")
}

// paper prints the page.
func (b *tab) paper() {
	b.t.Helper()
	paper := got(b, chromedp.PrintToPDF(chromedp.PDFPrintBackground()))
	if !strings.HasPrefix(string(paper), "%PDF-") || len(paper) < 50_000 {
		b.t.Errorf("a PDF of %d bytes", len(paper))
	}
	if dir := os.Getenv("SICGRID_SCREENSHOTS"); dir != "" {
		_ = os.WriteFile(filepath.Join(dir, "paper.pdf"), paper, 0o644)
	}
}

// sections takes a picture of each.
func (b *tab) sections(name string) {
	b.t.Helper()
	for _, id := range []string{"figures", "figure-6", "units", "states", "training", "claims", "table", "stages", "stage-list", "data"} {
		b.do(chromedp.Evaluate[chromedp.Void](`document.getElementById("` + id + `").scrollIntoView({behavior: "instant"})`))
		b.picture(name + "-" + id)
	}
}

// A system that is dark gets a dark page, and a phone nothing that is wider than it.
func TestThePageOnAPhone(t *testing.T) {
	chromium(t)
	b := opened(t, file(t), 390, 844, "prefers-color-scheme", "dark", "prefers-reduced-motion", "reduce")
	if wide := is[int](b, `document.documentElement.scrollWidth`); wide > 390 {
		t.Errorf("the page is %d px wide on a phone of 390: %v", wide, is[[]string](b, `[...document.querySelectorAll("main *")].filter(e => e.getBoundingClientRect().right > 391 && !e.closest(".scroll, svg, nav, pre")).slice(0, 8).map(e => e.tagName + "." + e.className + " " + e.textContent.slice(0, 40))`))
	}
	if colour := is[string](b, `getComputedStyle(document.body).backgroundColor`); colour == "rgb(255, 255, 255)" {
		t.Error("the page is white where the system is dark")
	}
	b.picture("phone-dark")
	b.sections("phone-dark")
	b.audit()
	b.quiet()
}

// Hostile text does nothing in a browser either.
func TestHostileTextDoesNothing(t *testing.T) {
	chromium(t)
	s := made(t)
	spoil(t, s)
	b := opened(t, written(t, s), 1280, 800)
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach(d => { d.open = true; })`), chromedp.Sleep(500*time.Millisecond))
	if is[bool](b, `"hacked" in globalThis`) {
		t.Error("hostile text has run")
	}
	if !is[bool](b, `document.querySelectorAll("#unit-table tbody tr").length > 0`) {
		t.Error("hostile text has kept the page's own script from running")
	}
	b.quiet()
}
