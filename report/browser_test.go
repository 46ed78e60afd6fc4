package report_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/report"
)

var screenshots = flag.String("screenshots", "", "folder to write screenshots of the HTML report to, for a person to look at")

// step is something to do in a tab.
type step = chromedp.Action[chromedp.Void]

// tab is a page in a headless Chromium that notes what its console complains of.
type tab struct {
	context.Context
	mu         sync.Mutex
	complaints []string
}

// newTab opens a report in a fresh browser. It skips where there is none.
func newTab(t *testing.T, html []byte, setup ...step) *tab {
	t.Helper()
	return openTab(t, html, "", setup...)
}

func openTab(t *testing.T, html []byte, hash string, setup ...step) *tab {
	t.Helper()
	var program string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			program = p
			break
		}
	}
	if program == "" {
		t.Skip("chromium not found: the HTML report was not tried in a browser")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "report.html")
	if err := os.WriteFile(file, html, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx,
		chromedp.ExecPath(program), chromedp.UserDataDir(filepath.Join(dir, "profile")),
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("hide-scrollbars", true))
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // waits until the browser has let go of its profile
		cancel()
	})
	b := &tab{Context: ctx}
	if err := chromedp.Listen(ctx, func(ev any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch ev := ev.(type) {
		case *runtime.EventExceptionThrown:
			b.complaints = append(b.complaints, (&chromedp.ExceptionError{ExceptionDetails: ev.ExceptionDetails}).Error())
		case *runtime.EventConsoleAPICalled:
			b.complaints = append(b.complaints, fmt.Sprintf("console.%s", ev.Type))
		case *log.EventEntryAdded: // refusals of the content security policy come here
			b.complaints = append(b.complaints, ev.Entry.Text)
		case *page.EventJavascriptDialogOpening:
			b.complaints = append(b.complaints, "dialog: "+ev.Message)
		}
	}); err != nil {
		t.Fatal(err)
	}
	address := url.URL{Scheme: "file", Path: filepath.ToSlash(file), Fragment: hash}
	b.run(t, append(setup, chromedp.Navigate(address.String()))...)
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, c := range b.complaints {
			t.Errorf("the browser complains: %s", c)
		}
	})
	return b
}

func (b *tab) run(t *testing.T, steps ...step) {
	t.Helper()
	if err := chromedp.Do(b, steps...); err != nil {
		t.Fatal(err)
	}
}

// get runs an action in the tab and returns its value.
func get[T any](t *testing.T, b *tab, a chromedp.Action[T]) T {
	t.Helper()
	v, err := chromedp.Run(b, a)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// do runs script in the page.
func (b *tab) do(t *testing.T, script string) {
	t.Helper()
	b.run(t, chromedp.Evaluate[chromedp.Void](script))
}

func (b *tab) wants(t *testing.T, what, script string, want any) {
	t.Helper()
	got := get(t, b, chromedp.Evaluate[any](script))
	w, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if g, err := json.Marshal(got); err != nil || string(g) != string(w) {
		t.Errorf("%s: %s, want %s", what, g, w)
	}
}

func size(width, height int64) step {
	if width < 600 {
		return chromedp.EmulateViewport(width, height, chromedp.EmulateMobile)
	}
	return chromedp.EmulateViewport(width, height)
}

// call is a step that sends one command of the browser's protocol.
func call[P, R any](command cdp.Command[P, R], params P) step {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, command, params)
		return err
	})
}

func theme(name string) step {
	return call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}}})
}

func htmlOf(tb testing.TB, s *finding.Scan) []byte {
	return render(tb, report.HTML, s, report.Options{Version: "1.2.3", Title: "examples/storefront", Rules: rules(), Elapsed: 41 * time.Millisecond})
}

const shownFindings = `[...document.querySelectorAll(".finding")].filter(e => e.checkVisibility()).length`

func TestBrowserFilter(t *testing.T) {
	t.Parallel()
	s := large()
	b := newTab(t, htmlOf(t, s), size(1280, 900))
	matching := func(fits func(finding.Finding) bool) (n int) {
		for _, f := range s.Findings {
			if fits(f) {
				n++
			}
		}
		return n
	}
	all, high := len(s.Findings), matching(func(f finding.Finding) bool { return f.Severity == finding.High })
	both := matching(func(f finding.Finding) bool { return f.Severity == finding.High || f.Severity == finding.Low })
	bothInRule := matching(func(f finding.Finding) bool {
		return (f.Severity == finding.High || f.Severity == finding.Low) && f.Rule == "CP-103"
	})
	if high == 0 || bothInRule == 0 || both == all || bothInRule == both {
		t.Fatal("the scan of this test has too few findings to tell filters apart")
	}

	b.wants(t, "findings at first", shownFindings, all)
	b.run(t, chromedp.Click(chromedp.CSS(`button[data-severity="high"]`)))
	b.wants(t, "high ones", shownFindings, high)
	b.wants(t, "button", `document.querySelector('button[data-severity="high"]').getAttribute("aria-pressed")`, "true")
	b.wants(t, "count said", `document.getElementById("filter-count").textContent`, fmt.Sprintf("%d of %d shown", high, all))
	b.wants(t, "address", `location.hash`, "#severity=high")
	b.run(t, chromedp.Click(chromedp.CSS(`button[data-severity="low"]`)))
	b.wants(t, "high and low ones", shownFindings, both)
	b.run(t, chromedp.SetValue(chromedp.CSS("#filter-rule"), "CP-103"), chromedp.Evaluate[chromedp.Void](`void document.getElementById("filter-rule").dispatchEvent(new Event("change"))`))
	b.wants(t, "of one rule", shownFindings, bothInRule)
	b.wants(t, "address", `location.hash`, "#severity=high%2Clow&rule=CP-103")
	b.wants(t, "groups without findings", `[...document.querySelectorAll(".group")].filter(g => g.checkVisibility() && !g.querySelector(".finding:not([hidden])")).length`, 0)

	b.run(t, chromedp.Click(chromedp.CSS(`button[type="reset"]`)), chromedp.WaitVisible(chromedp.CSS(`#list .finding[data-severity="info"]`)))
	b.wants(t, "after the reset", shownFindings, all)
	b.wants(t, "address", `location.hash`, "")

	b.run(t, chromedp.SendKeys(chromedp.CSS("#filter-text"), "ROLE042 trust"))
	b.wants(t, "with both words", shownFindings, 1)
	b.wants(t, "address", `location.hash`, "#q=ROLE042+trust")
	b.run(t, chromedp.Click(chromedp.CSS("#expand")))
	b.wants(t, "opened", `document.querySelectorAll(".finding[open]").length`, 1)
}

func TestBrowserFilterFromAddress(t *testing.T) {
	t.Parallel()
	b := openTab(t, htmlOf(t, large()), "severity=high&state=suppressed&q=role", size(1280, 900))
	want := 0
	for _, f := range large().Findings {
		if f.Severity == finding.High && f.Suppressed != nil {
			want++
		}
	}
	if want == 0 {
		t.Fatal("the scan of this test has no suppressed finding of severity high")
	}
	b.wants(t, "findings", shownFindings, want)
	b.wants(t, "text", `document.getElementById("filter-text").value`, "role")
}

func TestBrowserAnchor(t *testing.T) {
	t.Parallel()
	s := storefront()
	b := openTab(t, htmlOf(t, s), s.Findings[1].Fingerprint, size(1280, 900))
	b.wants(t, "finding named in the address", `document.getElementById("`+s.Findings[1].Fingerprint+`").open`, true)
	b.wants(t, "others", `document.querySelectorAll(".finding[open]").length`, 1)
	b.wants(t, "it is in view", `(() => { const r = document.getElementById("`+s.Findings[1].Fingerprint+`").getBoundingClientRect(); return Math.round(r.top) >= 0 && r.top < innerHeight })()`, true)
	b.wants(t, "the first way", `document.getElementById("`+s.Pipelines[0].Ways[0].Fingerprint+`").open`, true)
	b.run(t, chromedp.Click(chromedp.CSS(`details.way:not([open]) > summary`)))
	b.wants(t, "ways opened", `document.querySelectorAll(".way[open]").length`, 2)
}

// Without script everything is there, and opening still works.
func TestBrowserWithoutScript(t *testing.T) {
	t.Parallel()
	s := storefront()
	b := newTab(t, htmlOf(t, s), size(1280, 2000), call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
	findings := 0
	for _, e := range get(t, b, chromedp.Action[[]*cdp.Node](elements)) {
		if class, _ := attribute(e, "class"); strings.HasPrefix(class, "finding") {
			findings++
		}
	}
	if findings != len(s.Findings) {
		t.Errorf("%d findings in the page, want %d", findings, len(s.Findings))
	}
	has := func(id, name string) bool {
		t.Helper()
		_, ok := attribute(get(t, b, element(id)), name)
		return ok
	}
	if !has("filter", "hidden") {
		t.Error("a filter that cannot work is shown")
	}
	id := s.Findings[1].Fingerprint
	if has(id, "open") {
		t.Error("the finding is open at first")
	}
	b.run(t, clickSummary(id))
	if !has(id, "open") {
		t.Error("a click did not open the finding")
	}
}

// elements lists the elements of a page without script, which chromedp's own
// queries need.
func elements(ctx context.Context, t *chromedp.Target) (out []*cdp.Node, err error) {
	whole := int64(-1)
	doc, err := cdp.Call(ctx, t, dom.GetDocument, dom.GetDocumentParams{Depth: &whole})
	if err != nil {
		return nil, err
	}
	var walk func(n *cdp.Node)
	walk = func(n *cdp.Node) {
		out = append(out, n)
		for _, c := range n.Children {
			walk(c)
		}
	}
	walk(doc.Root)
	return out, nil
}

func attribute(e *cdp.Node, name string) (value string, ok bool) {
	for i := 0; i+1 < len(e.Attributes); i += 2 {
		if e.Attributes[i] == name {
			return e.Attributes[i+1], true
		}
	}
	return "", false
}

// element is the element of an id.
func element(id string) chromedp.Action[*cdp.Node] {
	return func(ctx context.Context, t *chromedp.Target) (*cdp.Node, error) {
		all, err := elements(ctx, t)
		if err != nil {
			return nil, err
		}
		for _, e := range all {
			if v, _ := attribute(e, "id"); v == id {
				return e, nil
			}
		}
		return nil, fmt.Errorf("no element %q", id)
	}
}

// clickSummary clicks with the mouse on the summary of a details element.
func clickSummary(id string) step {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		e, err := element(id)(ctx, t)
		if err != nil {
			return err
		}
		for _, c := range e.Children {
			if c.LocalName != "summary" {
				continue
			}
			// Unlike a node's id, its backend id outlives other readers of the document.
			if _, err := cdp.Call(ctx, t, dom.ScrollIntoViewIfNeeded, dom.ScrollIntoViewIfNeededParams{BackendNodeID: c.BackendNodeID}); err != nil {
				return err
			}
			box, err := cdp.Call(ctx, t, dom.GetBoxModel, dom.GetBoxModelParams{BackendNodeID: c.BackendNodeID})
			if err != nil {
				return err
			}
			q := box.Model.Content
			_, err = chromedp.MouseClickXY((q[0]+q[4])/2, (q[1]+q[5])/2)(ctx, t)
			return err
		}
		return fmt.Errorf("element %q has no summary", id)
	})
}

// layoutFaults looks for what a layout must not do: a page wider than its
// window, text outside of its box, text upon text, and a way across text.
const layoutFaults = `(() => {
  const out = [];
  const say = (what, e) => out.push(what + ": " + e.textContent.trim().slice(0, 60));
  if (document.documentElement.scrollWidth > innerWidth) out.push("the page is " + document.documentElement.scrollWidth + " wide");
  for (const svg of document.querySelectorAll(".scroll svg")) {
    const texts = [...svg.querySelectorAll("text")].map(e => ({ e, r: e.getBBox() })).filter(t => t.r.width > 0);
    const view = svg.viewBox.baseVal;
    for (const { e, r } of texts) {
      if (r.x < 0 || r.y < 0 || r.x + r.width > view.width || r.y + r.height > view.height) say("text outside of the picture", e);
      if (parseFloat(getComputedStyle(e).fontSize) < 11) say("text smaller than 11 px", e);
      const g = e.parentElement;
      if (!g.matches(".action, .chip, .badge") || e.matches(".tag")) continue;
      const box = g.querySelector("rect, circle").getBBox();
      if (r.x < box.x || r.x + r.width > box.x + box.width || r.y < box.y || r.y + r.height > box.y + box.height) say("text outside of its box", e);
    }
    const labels = texts.filter(t => !t.e.parentElement.matches(".badge"));
    for (let i = 0; i < labels.length; i++) for (let j = i + 1; j < labels.length; j++) {
      const a = labels[i].r, b = labels[j].r, slack = 2.5; // boxes of lines include their leading
      if (a.x + slack < b.x + b.width && b.x + slack < a.x + a.width && a.y + slack < b.y + b.height && b.y + slack < a.y + a.height) say("text upon text (" + labels[i].e.textContent + ")", labels[j].e);
    }
    for (const p of svg.querySelectorAll(".way path")) {
      const len = p.getTotalLength();
      for (let d = 0; d < len; d += 3) {
        const { x, y } = p.getPointAtLength(d);
        const hit = labels.find(({ r }) => x > r.x && x < r.x + r.width && y > r.y + 2 && y < r.y + r.height - 2);
        if (hit) { say("the way crosses text", hit.e); break; }
      }
    }
    const boxes = [...svg.querySelectorAll(".action, .chip")].map(g => g.querySelector("rect").getBBox());
    for (let i = 0; i < boxes.length; i++) for (let j = i + 1; j < boxes.length; j++) {
      const a = boxes[i], b = boxes[j];
      if (a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height) out.push("box upon box");
    }
  }
  return out;
})()`

// TestBrowserLayout also takes the pictures for a person to judge, where asked:
// go test -run Layout -screenshots DIR.
func TestBrowserLayout(t *testing.T) {
	t.Parallel()
	for _, s := range scans {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			b := newTab(t, htmlOf(t, s.scan()))
			for _, width := range []int64{390, 1280} {
				b.run(t, size(width, 900))
				if *screenshots != "" {
					for _, mode := range []string{"light", "dark"} {
						b.run(t, theme(mode))
						png := get(t, b, chromedp.FullScreenshot(100))
						if err := os.WriteFile(filepath.Join(*screenshots, fmt.Sprintf("%s-%d-%s.png", s.name, width, mode)), png, 0o644); err != nil {
							t.Fatal(err)
						}
					}
				}
				b.do(t, `for (const d of document.querySelectorAll("details")) d.open = true`)
				for _, f := range get(t, b, chromedp.Evaluate[[]string](layoutFaults)) {
					t.Errorf("%d px: %s", width, f)
				}
			}
		})
	}
}

// The picture of a small pipeline needs no scrolling on a laptop.
func TestBrowserPictureFits(t *testing.T) {
	t.Parallel()
	b := newTab(t, htmlOf(t, storefront()), size(1280, 900))
	b.wants(t, "room beside the picture", `(() => { const s = document.querySelector(".scroll"); return s.scrollWidth <= s.clientWidth })()`, true)
}

// TestBrowserAccessibility runs axe-core, which finds some of what keeps people
// from using a page: missing names, low contrast, regions no keyboard reaches.
func TestBrowserAccessibility(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile(filepath.Join("..", ".tools", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Skip("axe-core not found in .tools/node_modules: accessibility rules were not checked")
	}
	for _, s := range scans {
		for _, mode := range []string{"light", "dark"} {
			t.Run(s.name+"/"+mode, func(t *testing.T) {
				t.Parallel()
				b := newTab(t, htmlOf(t, s.scan()), theme(mode))
				b.do(t, `for (const d of [...document.querySelectorAll("details")].slice(0, 30)) d.open = true`)
				b.do(t, string(axe)+"; 1")
				for _, width := range []int64{390, 1280} {
					b.run(t, size(width, 900))
					violations := get(t, b, chromedp.Evaluate[[]string](`axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(r =>
						r.violations.flatMap(v => v.nodes.slice(0, 3).map(n => v.id + ": " + n.html.slice(0, 120) + " " + n.failureSummary)))`, chromedp.EvalAwaitPromise))
					for _, v := range violations {
						t.Errorf("%d px: %s", width, v)
					}
				}
			})
		}
	}
}

// On paper, everything that is folded on the screen is open.
func TestBrowserPrint(t *testing.T) {
	t.Parallel()
	b := newTab(t, htmlOf(t, storefront()), size(1280, 900))
	b.do(t, `dispatchEvent(new Event("beforeprint"))`)
	b.wants(t, "folded on paper", `document.querySelectorAll("details:not([open])").length`, 0)
	b.do(t, `dispatchEvent(new Event("afterprint"))`)
	b.wants(t, "open again on the screen", `document.querySelectorAll("details[open]").length`, 1)
	pdf := get(t, b, chromedp.PrintToPDF(chromedp.PDFPrintBackground()))
	if !strings.HasPrefix(string(pdf), "%PDF-") {
		t.Error("no PDF")
	}
	if *screenshots != "" {
		if err := os.WriteFile(filepath.Join(*screenshots, "storefront.pdf"), pdf, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
