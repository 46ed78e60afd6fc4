package report_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/report"
)

// drawing is a picture read back from the page.
type drawing struct {
	Width  int    `xml:"width,attr"`
	Height int    `xml:"height,attr"`
	Title  string `xml:"title"`
	Desc   string `xml:"desc"`
	Groups []struct {
		Class string `xml:"class,attr"`
		Title string `xml:"title"`
		Rects []struct {
			X int `xml:"x,attr"`
			Y int `xml:"y,attr"`
			W int `xml:"width,attr"`
			H int `xml:"height,attr"`
		} `xml:"rect"`
		Circles []struct {
			X int `xml:"cx,attr"`
			Y int `xml:"cy,attr"`
		} `xml:"circle"`
		Paths []struct {
			D string `xml:"d,attr"`
		} `xml:"path"`
		Texts []struct {
			S string `xml:",chardata"`
		} `xml:"text"`
	} `xml:"g"`
}

// pictures reads the pictures of a report, which also shows that they are XML.
func pictures(tb testing.TB, s *finding.Scan) []drawing {
	tb.Helper()
	var out []drawing
	rest := render(tb, report.HTML, s, report.Options{})
	for {
		i := bytes.Index(rest, []byte("<svg xmlns="))
		if i < 0 {
			return out
		}
		rest = rest[i:]
		var d drawing
		if err := xml.Unmarshal(rest[:bytes.Index(rest, []byte("</svg>"))+len("</svg>")], &d); err != nil {
			tb.Fatal(err)
		}
		out = append(out, d)
		rest = rest[1:]
	}
}

type box struct{ x0, y0, x1, y1 int }

func (b box) meets(c box) bool { return b.x0 < c.x1 && c.x0 < b.x1 && b.y0 < c.y1 && c.y0 < b.y1 }

// boxes are the actions and chips of a picture.
func (d drawing) boxes() (out []box) {
	for _, g := range d.Groups {
		if kind, _, _ := strings.Cut(g.Class, " "); kind == "action" || kind == "chip" {
			r := g.Rects[0]
			out = append(out, box{r.X, r.Y, r.X + r.W, r.Y + r.H})
		}
	}
	return out
}

// lines are the straight parts of the way, as boxes without breadth.
func (d drawing) lines(tb testing.TB) (out []box) {
	tb.Helper()
	for _, g := range d.Groups {
		if g.Class != "way" {
			continue
		}
		for _, p := range g.Paths {
			var nums []int
			for _, f := range strings.FieldsFunc(p.D, func(r rune) bool { return r == ' ' || r == 'M' || r == 'L' || r == 'Q' }) {
				n, err := strconv.Atoi(f)
				if err != nil {
					tb.Fatalf("path %q: %v", p.D, err)
				}
				nums = append(nums, n)
			}
			for i := 0; i+3 < len(nums); i += 2 {
				a, b := nums[i:i+2], nums[i+2:i+4]
				out = append(out, box{min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1])})
			}
		}
	}
	return out
}

// checkPicture holds a picture to its grid: everything inside, no box upon
// another, and the way around all of them.
func checkPicture(t *testing.T, d drawing) {
	t.Helper()
	boxes := d.boxes()
	for i, b := range boxes {
		if b.x0 < 0 || b.y0 < 0 || b.x1 > d.Width || b.y1 > d.Height {
			t.Errorf("box %v is outside of %d by %d", b, d.Width, d.Height)
		}
		for _, c := range boxes[:i] {
			if b.meets(c) {
				t.Errorf("box %v lies on %v", b, c)
			}
		}
	}
	for _, l := range d.lines(t) {
		if l.x0 < 0 || l.y0 < 0 || l.x1 > d.Width || l.y1 > d.Height {
			t.Errorf("line %v is outside of %d by %d", l, d.Width, d.Height)
		}
		for _, b := range boxes {
			if l.meets(box{b.x0, b.y0 + 1, b.x1, b.y1}) {
				t.Errorf("the way's line %v crosses box %v", l, b)
			}
		}
	}
}

// anyPipeline makes up a pipeline.
func anyPipeline(r *rand.Rand) finding.Pipeline {
	accounts := 1 + r.IntN(8)
	account := func() string { return fmt.Sprintf("%012d", 1+r.IntN(accounts)) }
	p := finding.Pipeline{Name: "p", Account: account(), Want: 2, PeopleToProduction: r.IntN(5)}
	var targets []string
	for s := range r.IntN(52) {
		st := finding.Stage{Name: fmt.Sprintf("S%d", s)}
		for a := range r.IntN(6) {
			act := finding.Action{Name: fmt.Sprintf("A%d", a), RunOrder: 1 + r.IntN(9)/2, Account: account(), Gate: max(0, r.IntN(8)-5),
				Role: role(account(), fmt.Sprintf("r%d", r.IntN(9))), Production: r.IntN(9) == 0}
			st.Actions = append(st.Actions, act)
			targets = append(targets, st.Name+"/"+act.Name)
		}
		p.Stages = append(p.Stages, st)
	}
	for b := range r.IntN(9) {
		p.Buckets = append(p.Buckets, finding.Bucket{Name: "b", ARN: fmt.Sprintf("arn:aws:s3:::b%d", b), Account: account()})
		targets = append(targets, p.Buckets[b].ARN)
	}
	for i := range r.IntN(12) {
		p.People = append(p.People, finding.Person{Name: fmt.Sprintf("somebody number %d", i)})
	}
	for range r.IntN(2) {
		w := finding.Way{People: []string{"x"}}
		for range r.IntN(9) {
			st := finding.Step{Gains: "g", Principal: role(prod, "outside")}
			if len(targets) > 0 && r.IntN(4) > 0 {
				st.At = targets[r.IntN(len(targets))]
			}
			w.Steps = append(w.Steps, st)
		}
		p.Ways = append(p.Ways, w)
	}
	return p
}

func TestPictureKeepsToItsGrid(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		p := anyPipeline(rand.New(rand.NewPCG(seed, 1)))
		want := 0
		for _, st := range p.Stages {
			want += len(st.Actions)
		}
		want += len(p.Buckets)
		for _, d := range pictures(t, &finding.Scan{Pipelines: []finding.Pipeline{p}}) {
			checkPicture(t, d)
			if got := len(d.boxes()); got < want || got > want+1 { // and the role outside
				t.Errorf("%d boxes for %d actions and buckets", got, want)
			}
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	for _, s := range scans {
		for _, d := range pictures(t, s.scan()) {
			checkPicture(t, d)
		}
	}
}

// Each step that has a place in the picture has its number there.
func TestPictureNumbersTheWay(t *testing.T) {
	t.Parallel()
	d := pictures(t, storefront())[0]
	var badges []string
	for _, g := range d.Groups {
		if g.Class == "badge" {
			badges = append(badges, g.Texts[0].S+" "+g.Title)
		}
	}
	want := []string{
		"1 step 1: push to storefront@main",
		"2 step 2: Build runs buildspec.yml from that commit as role storefront-build",
		"3 step 3: storefront-build may assume prod-deployer",
		"4 step 4: prod-deployer may update stack storefront-prod",
	}
	if strings.Join(badges, "\n") != strings.Join(want, "\n") {
		t.Errorf("badges %q", badges)
	}
	if d.Title != "storefront: 5 stages in 3 accounts" {
		t.Errorf("title %q", d.Title)
	}
	for _, s := range []string{"Production takes 1 person; 2 wanted.", "ApproveProd (a gate for 1 person)", "ExecuteChangeSet (changes production)", "3: storefront-build may assume prod-deployer."} {
		if !strings.Contains(d.Desc, s) {
			t.Errorf("description lacks %q: %s", s, d.Desc)
		}
	}
}

// A step that names no place in the picture is where the role works that it
// leads to; a role that no action has is drawn by itself.
func TestPicturePlacesSteps(t *testing.T) {
	t.Parallel()
	s := storefront()
	build, outside := role(tools, "storefront-build"), role(prod, "path/admin")
	s.Pipelines[0].Ways[0].Steps = []finding.Step{
		{Gains: "one", Principal: "arn:aws:iam::1:user/alice", Resource: "arn:aws:codebuild:us-east-1:1:project/p"},
		{Gains: "two", Principal: build, Resource: "arn:aws:s3:::storefront-artifacts/storefront/*"},
		{Gains: "three", Principal: build, Resource: outside},
		{Gains: "four", Principal: outside, Resource: "arn:aws:cloudformation:us-east-1:3:stack/x/*", At: "DeployProd/ExecuteChangeSet"},
	}
	d := pictures(t, s)[0]
	at := map[string]string{} // the box that the middle of a badge lies on
	for _, g := range d.Groups {
		if g.Class != "badge" {
			continue
		}
		for _, b := range d.Groups {
			if len(b.Rects) == 0 || b.Class == "lane" {
				continue
			}
			if r, c := b.Rects[0], g.Circles[0]; c.X >= r.X && c.X <= r.X+r.W && c.Y+1 >= r.Y && c.Y < r.Y+r.H {
				at[g.Texts[0].S], _, _ = strings.Cut(b.Title, "\n")
			}
		}
	}
	want := map[string]string{"1": "Build/Build", "2": "bucket storefront-artifacts", "3": "role admin", "4": "DeployProd/ExecuteChangeSet"}
	if diff := cmp.Diff(want, at); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What is too much to draw is counted beside the picture.
func TestPictureBounds(t *testing.T) {
	t.Parallel()
	p := finding.Pipeline{Name: "p", Account: prod}
	for i := range 500 {
		st := finding.Stage{Name: fmt.Sprintf("S%d", i)}
		for range 40 {
			st.Actions = append(st.Actions, finding.Action{Name: "A", RunOrder: 1})
		}
		p.Stages = append(p.Stages, st)
		p.Buckets = append(p.Buckets, finding.Bucket{Name: "b", ARN: fmt.Sprintf("arn:aws:s3:::b%d", i)})
		p.People = append(p.People, finding.Person{Name: "x"})
	}
	s := &finding.Scan{Pipelines: []finding.Pipeline{p}}
	html := string(render(t, report.HTML, s, report.Options{}))
	for _, want := range []string{"440 stages are not drawn", "1,400 actions are not drawn", "488 buckets, keys and roles are not drawn", "493 people are not drawn"} {
		if !strings.Contains(html, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if got := len(pictures(t, s)[0].boxes()); got != 1000+12 {
		t.Errorf("%d boxes", got)
	}
}

// FuzzNames puts any text into a scan: no renderer may fail, or let it act on
// a terminal or a page.
func FuzzNames(f *testing.F) {
	f.Add(evil)
	f.Add("plain")
	f.Add("a\u0300\u4e2d\U0001f600")
	f.Add(strings.Repeat("CamelCase-with.dots/", 40))
	f.Fuzz(func(t *testing.T, text string) {
		s := storefront()
		p := &s.Pipelines[0]
		p.Name, p.Stages[0].Name, p.Stages[0].Actions[0].Name, p.People[0].Name, p.Buckets[0].Name = text, text, text, text, text
		p.Ways[0].Steps[0].Gains, p.Ways[0].Mend, p.Ways[0].Fingerprint = text, text, text
		f := &s.Findings[0]
		f.Message, f.Patch, f.Location.File, f.Fingerprint, f.Rule = text, text, text, text, text
		for format, r := range renderers {
			got := render(t, r, s, report.Options{Explain: true})
			if i := bytes.IndexFunc(got, forbidden); i >= 0 {
				t.Errorf("%s: %q", format, got[max(0, i-40):i+10])
			}
			if format == "html" && bytes.Count(got, []byte("<script")) != 1 {
				t.Error("a second script in the page")
			}
		}
		for _, d := range pictures(t, s) {
			checkPicture(t, d)
		}
	})
}
