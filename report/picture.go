package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/finding"
)

// The measures of a picture, in SVG user units, which are CSS pixels: the
// picture is never scaled below them and scrolls in its own box instead.
//
// Everything stands on one grid: boxes and chips fill whole columns, and all
// columns have the same width, in every band. The gaps between columns and the
// corridors above rows of boxes therefore hold no text, and lines that keep to
// them cross none.
const (
	boxWidth, boxHeight = 124, 80
	chipHeight          = 52
	gapWidth            = 26 // between columns
	corridor            = 24 // above each row of boxes
	headerHeight        = 52 // stage names
	laneLabelWidth      = 120
	lanePad             = 12 // below the last row of a lane
	laneGap             = 4
	peopleWidth         = 140
	personGap           = 8
	bandGap             = 22
	pitch               = boxWidth + gapWidth
	bandColumns         = 6
	margin              = 6
)

// How much of a pipeline is drawn; the service allows 50 stages, and 1,000
// actions by quota.
const (
	maxStagesDrawn  = 60
	maxActionsDrawn = 1000
	maxPeopleDrawn  = 7
	maxChipsDrawn   = 12 // in one lane
	maxBadges       = 5  // in one box
)

// picture is a pipeline drawn: accounts as lanes, stages from left to right in
// bands of columns, actions as boxes, people at the left, and one way over it.
type picture struct {
	Width, Height int
	Title, Desc   string
	Shapes        []shape
	// Left says in words what is not drawn, or "".
	Left string
}

// shape is a group of marks with one title.
type shape struct {
	Class   string
	Title   string
	Rects   []rect
	Circles []circle
	Strokes []stroke
	Texts   []text
}

type rect struct {
	X, Y, W, H, R int
	Class         string
}

type circle struct {
	X, Y, R int
	Class   string
}

type stroke struct{ D, Class string }

type text struct {
	X, Y   int
	Class  string
	Anchor string // start, middle or end
	S      string
}

// node is a box or chip that something can point at.
type node struct {
	x, y   int // its top left
	col    int // its column
	badges int
}

// cell is a box to place: an action in the lane of its account.
type cell struct {
	action *finding.Action
	key    string // STAGE/ACTION
	lane   string
}

// column is one step of time: what runs side by side.
type column struct {
	stage  string
	first  bool // of its stage
	number int  // of the stage, from 1
	cells  []cell
}

// chip is something beside the actions: a bucket, a key, or a role that a step
// needs and no action has.
type chip struct{ key, lane, kind, label string }

// draw lays out one pipeline. Equal pipelines give equal pictures.
func draw(p *finding.Pipeline, accounts []finding.Account) *picture {
	d := &drawing{p: p, accounts: map[string]finding.Account{}, nodes: map[string]*node{}, roles: map[string]*node{}}
	for _, a := range accounts {
		d.accounts[a.ID] = a
	}
	d.way = firstWay(p)
	d.columns()
	d.chipList()
	d.x0 = margin
	if len(p.People) > 0 || d.way != nil {
		d.x0 += peopleWidth + gapWidth
	}
	y := margin
	for from, band := 0, 0; from < len(d.cols) || band == 0; band++ {
		to := d.bandEnd(from)
		y = d.band(d.cols[from:to], y, band == 0, from > 0, to < len(d.cols)) + bandGap
		from = to
	}
	y = max(y-bandGap, d.people()) + margin
	d.drawWay()
	widest := min(max(len(d.cols), d.chipColumns()), bandColumns)
	pic := &picture{Width: d.x0 + laneLabelWidth + widest*pitch - gapWidth/2 + margin, Height: y, Left: strings.Join(d.left, "; ")}
	pic.Title = name(p.Name) + ": " + d.describeSize()
	pic.Desc = d.describe()
	pic.Shapes = slices.Concat(d.back, d.front, d.top)
	return pic
}

type drawing struct {
	p        *finding.Pipeline
	way      *finding.Way
	accounts map[string]finding.Account
	cols     []column
	chips    []chip
	nodes    map[string]*node // by STAGE/ACTION or ARN
	roles    map[string]*node // by ARN of the role an action runs as
	x0       int              // left edge of the lanes
	back     []shape          // lanes and connectors
	front    []shape          // boxes
	top      []shape          // the way
	left     []string
}

// firstWay is the way to draw: the first that counts.
func firstWay(p *finding.Pipeline) *finding.Way {
	for i := range p.Ways {
		if p.Ways[i].Suppressed == nil {
			return &p.Ways[i]
		}
	}
	return nil
}

// columns puts each run order of each stage into a column of its own.
func (d *drawing) columns() {
	stages, actions := d.p.Stages, 0
	if len(stages) > maxStagesDrawn {
		d.left = append(d.left, count(len(stages)-maxStagesDrawn, "stage is", "stages are")+" not drawn")
		stages = stages[:maxStagesDrawn]
	}
	undrawn := 0
	for i, st := range stages {
		byOrder := map[int][]cell{}
		for j := range st.Actions {
			a := &st.Actions[j]
			if actions++; actions > maxActionsDrawn {
				undrawn++
				continue
			}
			byOrder[a.RunOrder] = append(byOrder[a.RunOrder], cell{a, st.Name + "/" + a.Name, cmp.Or(a.Account, d.p.Account)})
		}
		orders := make([]int, 0, len(byOrder))
		for o := range byOrder {
			orders = append(orders, o)
		}
		slices.Sort(orders)
		for k, o := range orders {
			d.cols = append(d.cols, column{st.Name, k == 0, i + 1, byOrder[o]})
		}
		if len(orders) == 0 {
			d.cols = append(d.cols, column{stage: st.Name, first: true, number: i + 1})
		}
	}
	if undrawn > 0 {
		d.left = append(d.left, count(undrawn, "action is", "actions are")+" not drawn")
	}
}

// chipList collects buckets, keys and the roles that only the way knows.
func (d *drawing) chipList() {
	inLane, undrawn := map[string]int{}, 0
	add := func(c chip) {
		c.lane = cmp.Or(c.lane, d.p.Account)
		if inLane[c.lane]++; inLane[c.lane] > maxChipsDrawn {
			undrawn++
			return
		}
		d.chips = append(d.chips, c)
	}
	for _, b := range d.p.Buckets {
		add(chip{cmp.Or(b.ARN, b.Name), b.Account, "bucket", b.Name})
	}
	for _, k := range d.p.Keys {
		add(chip{cmp.Or(k.ARN, k.Name), k.Account, "key", k.Name})
	}
	if d.way != nil {
		known := map[string]bool{}
		for _, c := range d.cols {
			for _, x := range c.cells {
				known[x.key], known[x.action.Role], known[x.action.DeployRole] = true, true, true
			}
		}
		for _, c := range d.chips {
			known[c.key] = true
		}
		delete(known, "") // a gate has no role
		for i := range d.way.Steps {
			for _, place := range d.placesOf(i) {
				if known[place] || known[bucketOf(place)] {
					break
				}
				if account, role, ok := splitRole(place); ok {
					known[place] = true
					add(chip{place, account, "role", role})
					break
				}
			}
		}
	}
	if undrawn > 0 {
		d.left = append(d.left, count(undrawn, "bucket, key or role is", "buckets, keys and roles are")+" not drawn")
	}
}

// splitRole takes the account and the name from the ARN of a role.
func splitRole(s string) (account, role string, ok bool) {
	parts, n := arn.Split(s)
	if n != len(parts) || parts[2] != "iam" || !strings.HasPrefix(parts[5], "role/") {
		return "", "", false
	}
	return parts[4], parts[5][strings.LastIndexByte(parts[5], '/')+1:], true
}

// bandEnd is the column after the last of the band that begins at from: as many
// whole stages as fit, or a part of one that does not fit by itself.
func (d *drawing) bandEnd(from int) int {
	to := min(from+bandColumns, len(d.cols))
	if to == len(d.cols) {
		return to
	}
	for end := to; end > from; end-- {
		if d.cols[end].first {
			return end
		}
	}
	return to
}

func (d *drawing) chipColumns() int {
	n, inLane := 0, map[string]int{}
	for _, c := range d.chips {
		inLane[c.lane]++
		n = max(n, inLane[c.lane])
	}
	return n
}

func (d *drawing) columnX(col int) int { return d.x0 + laneLabelWidth + col*pitch }

// band draws one row of stages with the lanes they need and returns its lower
// edge. The first band has the chips.
func (d *drawing) band(cols []column, y int, withChips, before, after bool) int {
	lanes := d.lanesOf(cols, withChips)
	perRow := max(min(max(len(cols), d.chipColumns()), bandColumns), 1)
	width := laneLabelWidth + bandColumnsOf(len(d.cols), d.chipColumns())*pitch - gapWidth/2
	for i, c := range cols {
		if c.first || i == 0 {
			d.header(c, d.columnX(i), y)
		}
	}
	y += headerHeight
	rows := make([][][]cell, len(cols)) // column, lane, cells
	for i, c := range cols {
		rows[i] = make([][]cell, len(lanes))
		for _, x := range c.cells {
			l := slices.Index(lanes, x.lane)
			rows[i][l] = append(rows[i][l], x)
		}
	}
	mids := make([][]int, len(cols))
	for l, lane := range lanes {
		tall := 0
		for i := range cols {
			tall = max(tall, len(rows[i][l]))
			for r, x := range rows[i][l] {
				top := y + corridor + r*(boxHeight+corridor)
				d.box(x, d.columnX(i), top, i)
				mids[i] = append(mids[i], top+boxHeight/2)
			}
		}
		height := tall * (boxHeight + corridor)
		if withChips {
			height += d.chipRows(lane, y+height, perRow)
		}
		height += lanePad
		height = max(height, corridor+60) // room for the label
		d.lane(lane, y, width, height)
		y += height + laneGap
	}
	d.connect(mids, before, after)
	return y - laneGap
}

func bandColumnsOf(cols, chips int) int { return max(min(max(cols, chips), bandColumns), 1) }

// lanesOf lists the accounts that a band needs, the pipeline's own first and
// the others as they come.
func (d *drawing) lanesOf(cols []column, withChips bool) []string {
	var lanes []string
	add := func(lane string) {
		if !slices.Contains(lanes, lane) {
			lanes = append(lanes, lane)
		}
	}
	for _, c := range cols {
		for _, x := range c.cells {
			if x.lane == d.p.Account {
				add(x.lane)
			}
		}
	}
	for _, c := range cols {
		for _, x := range c.cells {
			add(x.lane)
		}
	}
	if withChips {
		for _, c := range d.chips {
			add(c.lane)
		}
		if len(lanes) == 0 {
			add(d.p.Account)
		}
	}
	return lanes
}

// describeSize says how large the pipeline is.
func (d *drawing) describeSize() string {
	lanes := map[string]bool{}
	for _, c := range d.cols {
		for _, x := range c.cells {
			lanes[x.lane] = true
		}
	}
	return count(len(d.p.Stages), "stage", "stages") + " in " + count(len(lanes), "account", "accounts")
}

// describe says in words what the picture shows.
func (d *drawing) describe() string {
	const maxStagesTold = 20
	var b strings.Builder
	fmt.Fprintf(&b, "Production takes %s; %d wanted.", takes(d.p), wanted(d.p))
	for i, st := range d.p.Stages {
		if i == maxStagesTold {
			b.WriteString(" And " + count(len(d.p.Stages)-i, "more stage", "more stages") + ".")
			break
		}
		b.WriteString(" Stage " + name(st.Name) + ":")
		for j, a := range st.Actions {
			if j > 0 {
				b.WriteByte(',')
			}
			b.WriteString(" " + name(a.Name))
			if a.Gate > 0 {
				b.WriteString(" (a gate for " + count(a.Gate, "person", "people") + ")")
			}
			if a.Production {
				b.WriteString(" (changes production)")
			}
		}
		b.WriteByte('.')
	}
	if d.way != nil {
		b.WriteString(" The way drawn: " + headline(*d.way) + ".")
		for i, s := range d.way.Steps {
			fmt.Fprintf(&b, " %d: %s.", i+1, sentence(s))
		}
	}
	return b.String()
}
