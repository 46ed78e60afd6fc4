package cloud

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestClockAdvance(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c := NewClock(func() time.Time { return start })
	var order []string
	note := func(s string) func() { return func() { order = append(order, s) } }
	c.At(start.Add(3*time.Hour), note("three"))
	c.At(start.Add(time.Hour), note("one"))
	cancel := c.At(start.Add(2*time.Hour), note("two"))
	c.At(start.Add(24*time.Hour), note("day"))
	c.Advance(30 * time.Minute)
	if len(order) != 0 || !c.Now().Equal(start.Add(30*time.Minute)) || c.Offset() != 30*time.Minute {
		t.Fatal(order, c.Now(), c.Offset())
	}
	cancel()
	cancel()
	c.Advance(-time.Hour) // time does not go back
	if c.Offset() != 30*time.Minute {
		t.Fatal(c.Offset())
	}
	c.Advance(4 * time.Hour)
	if !slices.Equal(order, []string{"one", "three"}) {
		t.Fatal(order)
	}
	c.Advance(24 * time.Hour)
	if !slices.Equal(order, []string{"one", "three", "day"}) {
		t.Fatal(order)
	}
}

// TestClockRunsByItself: without Advance a function runs when its time comes.
func TestClockRunsByItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := NewClock(time.Now)
		ran := make(chan time.Time, 1)
		want := c.Now().Add(time.Minute)
		c.At(want, func() { ran <- c.Now() })
		if got := <-ran; !got.Equal(want) {
			t.Fatalf("ran at %v, want %v", got, want)
		}
		c.Advance(time.Hour)
		synctest.Wait()
		select {
		case <-ran:
			t.Fatal("ran twice")
		default:
		}
	})
}

// TestClockRace: whatever comes first, Advance, the timer or the cancellation, a
// function runs at most once.
func TestClockRace(t *testing.T) {
	t.Parallel()
	c := NewClock(time.Now)
	var runs [100]atomic.Int32
	var work sync.WaitGroup
	for i := range runs {
		cancel := c.At(c.Now().Add(time.Duration(i%3)*time.Microsecond), func() { runs[i].Add(1) })
		work.Add(1)
		go func() {
			defer work.Done()
			if i%2 == 0 {
				cancel()
			}
			c.Advance(time.Millisecond)
		}()
	}
	work.Wait()
	c.Advance(time.Hour)
	for i := range runs {
		if n := runs[i].Load(); n > 1 {
			t.Fatalf("function %d ran %d times", i, n)
		}
	}
}
