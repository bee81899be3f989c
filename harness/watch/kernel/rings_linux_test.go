package kernel_test

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/watch/kernel"
)

// What finds no room in the first ring goes to the second one, and what comes while
// both are read stays behind it: nothing is lost, and all is read in its order.
func TestTwoRings(t *testing.T) {
	const before, during = 1500, 1500 // of two records each; the first ring holds 1,700
	tracer := open(t, kernel.Options{Ring: 1 << 22})
	gone, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	port := uint16(gone.Addr().(*net.TCPAddr).Port)
	refused := func() {
		if conn, err := net.DialTCP("tcp4", nil, gone.Addr().(*net.TCPAddr)); err == nil {
			conn.Close()
			t.Fatal("it was not refused")
		}
	}
	for range before {
		refused()
	}
	read, more, last := 0, during, uint64(0)
	each := func(r *kernel.Record) {
		if more > 0 {
			more--
			refused()
		}
		if r.RemotePort != port && r.LocalPort != port {
			return
		}
		read++
		if r.Time < last {
			t.Errorf("record %d is %d ns older than the one before", read, last-r.Time)
		}
		last = r.Time
	}
	for err == nil {
		err = tracer.Read(time.Now(), each)
	}
	c, failed := tracer.Counts()
	if !errors.Is(err, os.ErrDeadlineExceeded) || failed != nil || read != 2*(before+during) || c.Lost != 0 {
		t.Errorf("read %d of %d, counted %+v: %v", read, 2*(before+during), c, errors.Join(err, failed))
	}
}
