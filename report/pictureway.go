package report

import (
	"cmp"
	"strconv"
	"strings"
)

// Each gap has its left part for the way and its right part for the bus.
const (
	busOffset = 11 // of the bus, from the column at its right
	wayOffset = 6  // of the way, from the column at its left
)

// connect draws what leads from each column of a band to the next: a bus in the
// gap between them, with a stub for each box.
func (d *drawing) connect(mids [][]int, before, after bool) {
	s := shape{Class: "flow"}
	line := func(pts ...point) { s.Strokes = append(s.Strokes, stroke{D: polyline(pts, 5)}) }
	arrow := func(x, y int) {
		s.Strokes = append(s.Strokes, stroke{D: "M" + strconv.Itoa(x) + " " + strconv.Itoa(y) + "l-7 -4v8z", Class: "head"})
	}
	for i, to := range mids {
		left := d.columnX(i)
		if i == 0 {
			if before {
				for _, y := range to {
					line(point{left - busOffset, y}, point{left - 3, y})
					arrow(left-2, y)
				}
			}
			continue
		}
		bus := left - busOffset
		lo, hi := 1<<30, -1
		for _, y := range append(append([]int{}, mids[i-1]...), to...) {
			lo, hi = min(lo, y), max(hi, y)
		}
		for _, y := range mids[i-1] {
			line(point{d.columnX(i-1) + boxWidth, y}, point{bus, y})
		}
		if len(mids[i-1]) > 0 && len(to) > 0 && lo < hi {
			line(point{bus, lo}, point{bus, hi})
		}
		for _, y := range to {
			line(point{bus, y}, point{left - 3, y})
			arrow(left-2, y)
		}
	}
	if after && len(mids) > 0 {
		last := len(mids) - 1
		for _, y := range mids[last] {
			x := d.columnX(last) + boxWidth
			line(point{x, y}, point{x + gapWidth/2 - 3, y})
			arrow(x+gapWidth/2, y)
		}
	}
	if len(s.Strokes) > 0 {
		d.back = append(d.back, s)
	}
}

type point struct{ x, y int }

// polyline is a path through right-angled points with corners of radius r.
func polyline(pts []point, r int) string {
	var b strings.Builder
	at := func(cmd byte, p point) {
		b.WriteByte(cmd)
		b.WriteString(strconv.Itoa(p.x) + " " + strconv.Itoa(p.y))
	}
	var clean []point
	for _, p := range pts {
		if len(clean) == 0 || clean[len(clean)-1] != p {
			clean = append(clean, p)
		}
	}
	for i, p := range clean {
		switch {
		case i == 0:
			at('M', p)
		case i == len(clean)-1:
			at('L', p)
		default:
			prev, next := clean[i-1], clean[i+1]
			k := min(r, dist(prev, p)/2, dist(p, next)/2)
			at('L', toward(p, prev, k))
			at('Q', p)
			b.WriteByte(' ')
			q := toward(p, next, k)
			b.WriteString(strconv.Itoa(q.x) + " " + strconv.Itoa(q.y))
		}
	}
	return b.String()
}

func dist(a, b point) int { return max(a.x-b.x, b.x-a.x) + max(a.y-b.y, b.y-a.y) }

// toward is the point k away from p in the direction of q, along one axis.
func toward(p, q point, k int) point {
	switch {
	case q.x > p.x:
		p.x += k
	case q.x < p.x:
		p.x -= k
	case q.y > p.y:
		p.y += k
	case q.y < p.y:
		p.y -= k
	}
	return p
}

// placesOf lists where a step of the way may be said to take place, the best
// first: where it says, what it is done to, the role that the next step is done
// as and that this one must have led to, and the role it is done as.
func (d *drawing) placesOf(i int) (places []string) {
	s := d.way.Steps[i]
	next := ""
	if i+1 < len(d.way.Steps) && d.way.Steps[i+1].Principal != s.Principal {
		next = d.way.Steps[i+1].Principal
	}
	for _, p := range []string{s.At, s.Resource, next, s.Principal} {
		if p != "" {
			places = append(places, p)
		}
	}
	return places
}

// bucketOf is the bucket of an object's ARN, or "".
func bucketOf(object string) string {
	if bucket, _, ok := strings.Cut(object, "/"); ok && strings.Contains(bucket, ":s3:::") {
		return bucket
	}
	return ""
}

// find is the node at which a step takes place, or nil.
func (d *drawing) find(i int) *node {
	delete(d.nodes, "") // what has no name is nowhere
	for _, p := range d.placesOf(i) {
		if n := cmp.Or(d.nodes[p], d.roles[p], d.nodes[bucketOf(p)]); n != nil {
			return n
		}
	}
	return nil
}

const badgeRadius = 9

// drawWay draws the first way over the picture: from the one who goes it to
// each step's number, along gaps and corridors.
func (d *drawing) drawWay() {
	if d.way == nil {
		return
	}
	halo, line := shape{Class: "halo"}, shape{Class: "way"}
	var badges []shape
	// The first hop leaves the person, who is drawn at the top, at the right.
	cur, prevNode := point{margin + peopleWidth + 2, margin + headerHeight + 6}, (*node)(nil)
	outside := 0
	for i, s := range d.way.Steps {
		n := d.find(i)
		if n == nil {
			outside++
			continue
		}
		if n.badges == maxBadges {
			continue
		}
		x := n.x + 14 + n.badges*(2*badgeRadius+4)
		n.badges++
		c := point{x, n.y - 1}
		if n != prevNode {
			// Each hop has its own track, so that no two lie upon another.
			shift := (i % 3) * 2
			lane := n.y - 13 - shift/2
			gap := d.columnX(n.col) - gapWidth + wayOffset + shift
			pts := []point{cur}
			if prevNode == nil {
				out := d.x0 - gapWidth + wayOffset + shift
				pts = append(pts, point{out, cur.y}, point{out, lane}, point{c.x, lane}, c)
			} else {
				away := prevNode.y - 13 - shift/2
				pts = append(pts, point{cur.x, away}, point{gap, away}, point{gap, lane}, point{c.x, lane}, c)
			}
			p := polyline(straight(pts), 7)
			halo.Strokes = append(halo.Strokes, stroke{D: p})
			line.Strokes = append(line.Strokes, stroke{D: p})
		}
		badges = append(badges, shape{Class: "badge", Title: "step " + strconv.Itoa(i+1) + ": " + sentence(s),
			Circles: []circle{{X: c.x, Y: c.y, R: badgeRadius}},
			Texts:   []text{{X: c.x, Y: c.y + 4, Anchor: "middle", S: strconv.Itoa(i + 1)}}})
		cur, prevNode = c, n
	}
	if outside > 0 {
		d.left = append(d.left, count(outside, "step takes place", "steps take place")+" outside of the picture")
	}
	d.top = append(append(d.top, halo, line), badges...)
}

// straight drops points that lie between their neighbours on one line.
func straight(pts []point) []point {
	var out []point
	for _, p := range pts {
		if n := len(out); n > 0 && out[n-1] == p {
			continue
		}
		for n := len(out); n > 1 && (out[n-1].x == p.x && out[n-2].x == p.x || out[n-1].y == p.y && out[n-2].y == p.y); n = len(out) {
			out = out[:n-1]
		}
		out = append(out, p)
	}
	return out
}
