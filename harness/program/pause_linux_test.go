package program_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/program"
)

// A program is paused with its children and those of them that left its
// session, and goes on with all of them.
func TestPauseOfAll(t *testing.T) {
	s := supervise(t, program.Options{})
	p := start(t, s, shell(`count() { while :; do echo >>$1; done; }
count a & (setsid sh -c 'while :; do echo >>b; done' &); count c`))
	files := []string{"a", "b", "c"}
	sizes := func() (list [3]int64) {
		for i, name := range files {
			if info, err := os.Stat(filepath.Join(s.Dir(), name)); err == nil {
				list[i] = info.Size()
			}
		}
		return list
	}
	grown := func(than [3]int64) {
		t.Helper()
		deadline := time.After(time.Minute)
		for {
			now := sizes()
			if now[0] > than[0] && now[1] > than[1] && now[2] > than[2] {
				return
			}
			select {
			case <-time.After(time.Millisecond):
			case <-deadline:
				t.Fatalf("the files have %v bytes and had %v: not all of it runs", now, than)
			}
		}
	}
	for range 5 {
		grown(sizes())
		if err := p.Pause(within(t)); err != nil {
			t.Fatal(err)
		}
		before := sizes()
		time.Sleep(5 * time.Millisecond) // only a lapse can show that nothing runs
		if after := sizes(); after != before {
			t.Fatalf("paused it has written: the files have %v bytes and had %v", after, before)
		}
		if err := p.Resume(); err != nil {
			t.Fatal(err)
		}
		grown(before)
	}
}

// A program that is paused can be stopped, and one that has ended is not paused,
// and says so.
func TestAStopOfWhatIsPaused(t *testing.T) {
	s := supervise(t, program.Options{})
	p := start(t, s, shell(`sleep 1000 & exec sleep 1000`))
	if err := p.Pause(within(t)); err != nil {
		t.Fatal(err)
	}
	if killed, err := p.Stop(time.Millisecond); killed == 0 || err != nil {
		t.Errorf("%d were killed, %v; want some", killed, err)
	}
	if err := p.Pause(within(t)); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("pause one that has ended: %v", err)
	}
	if err := p.Resume(); err != nil {
		t.Errorf("resume one that has ended: %v", err)
	}
}
