package lab_test

import (
	"errors"
	"net"
	"testing"

	"github.com/resetlab/resetlab/harness/lab"
)

// TestQueue fills the accept queue of a listener that nobody accepts from.
func TestQueue(t *testing.T) {
	l := newLab(t)
	listener, err := l.Host("server").Listen(within(t))
	if err != nil {
		t.Fatal(err)
	}
	l.Own(listener)
	if err := listener.SetBacklog(2); err != nil {
		t.Fatal(err)
	}
	for range 3 { // one more than the backlog is let in
		c, err := l.Host("client").Dial(within(t), listener.Addr())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
	}
	ctx, want := within(t), lab.Queue{Length: 3, Backlog: 2}
	for got := (lab.Queue{}); got != want; { // the last ACK may still be on its way
		if got, err = listener.Queue(); err != nil || ctx.Err() != nil {
			t.Fatalf("Queue() = %+v, %v, want %+v", got, err, want)
		}
	}
}

func TestQueueOfNoListener(t *testing.T) {
	listener, err := newLab(t).Host("server").Listen(within(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := listener.Queue(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Queue() = %v, want net.ErrClosed", err)
	}
	if err := listener.SetBacklog(1); !errors.Is(err, net.ErrClosed) {
		t.Errorf("SetBacklog(1) = %v, want net.ErrClosed", err)
	}
}
