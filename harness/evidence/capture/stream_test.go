package capture_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/evidence/capture"
)

func TestFeed(t *testing.T) {
	feed := capture.NewFeed[int](3)
	next := make(chan []int)
	go func() {
		facts, _ := feed.Next(t.Context())
		next <- facts
	}()
	feed.Push(1)
	if got := <-next; !slices.Equal(got, []int{1}) {
		t.Errorf("who waited got %v, want what was pushed", got)
	}

	full := time.Now()
	for fact := range 5 {
		feed.Push(fact)
	}
	status := feed.Status()
	if status.Lost != 2 || len(status.Gaps) != 1 || status.Gaps[0].Lost != 2 || status.Whole(full, time.Now()) {
		t.Errorf("the status is %+v, want 2 of 5 facts lost and a gap", status)
	}
	if got, err := feed.Next(t.Context()); err != nil || !slices.Equal(got, []int{0, 1, 2}) {
		t.Errorf("got %v, %v, want the three that found room", got, err)
	}
	again := time.Now()
	feed.Push(7)
	rest, status, err := feed.Close()
	if err != nil || !slices.Equal(rest, []int{7}) || !status.Whole(again, again) || status.Since.After(again) {
		t.Errorf("it ended with %v, %+v, %v, want the last one, and to be whole again", rest, status, err)
	}
	if _, err := feed.Next(t.Context()); err != io.EOF {
		t.Errorf("behind the end: %v, want EOF", err)
	}
	if rest, again, err := feed.Close(); len(rest) > 0 || err != nil || again.Lost != status.Lost {
		t.Errorf("closed again: %v, %+v, %v, want the same status and nothing more", rest, again, err)
	}
}

func TestNextEndsWithItsContext(t *testing.T) {
	feed := capture.NewFeed[int](1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := feed.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
	ended := make(chan error)
	go func() {
		_, err := feed.Next(t.Context())
		ended <- err
	}()
	feed.Close()
	if err := <-ended; err != io.EOF {
		t.Errorf("who waits at the end got %v, want EOF", err)
	}
}

// A stream that is lossy for ever keeps a bounded list of gaps, in which nothing
// is forgotten.
func TestGapsAreBounded(t *testing.T) {
	feed := capture.NewFeed[int](1)
	began := time.Now()
	for range 100 {
		feed.Push(1)
		feed.Push(2) // lost
		feed.Next(t.Context())
	}
	status := feed.Status()
	if status.Lost != 100 || len(status.Gaps) > 16 || status.Whole(began, time.Now()) {
		t.Errorf("%d lost in %d gaps, want 100 in 16 at most", status.Lost, len(status.Gaps))
	}
	var lost uint64
	for _, gap := range status.Gaps {
		lost += gap.Lost
	}
	if lost != status.Lost {
		t.Errorf("the gaps have %d of the %d that were lost", lost, status.Lost)
	}
}
