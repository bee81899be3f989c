package harness_test

import (
	"bytes"
	"io"
	"net"
	"testing"
	"context"
	"time"
	"fmt"

	"github.com/resetlab/resetlab/harness"
)

func TestSmoke(t *testing.T) {
	ln, _ := net.Listen("tcp", "127.0.0.1:0")
	defer ln.Close()
	data := bytes.Repeat([]byte("x"), 1<<21)
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() { b := make([]byte, 1); c.Read(b); c.Write(data); io.Copy(io.Discard, c); c.Close() }()
		}
	}()
	for _, n := range []int64{0, 1, 100, 65536, 1000000} {
		for i := 0; i < 200; i++ {
			p, err := harness.StartProxy(ln.Addr().String(), harness.Cut{Toward: harness.Client, After: n})
			if err != nil {
				t.Fatal(err)
			}
			c, _ := net.Dial("tcp", p.Addr())
			c.Write([]byte("a"))
			got, err := io.Copy(io.Discard, struct{ io.Reader }{c})
			if got != n || harness.EndingOf(err) != harness.Reset {
				t.Errorf("%d: got %d %v", n, got, err)
			}
			c.Close()
			ctx, cc := context.WithTimeout(t.Context(), 5*time.Second)
			if err := p.AwaitIdle(ctx); err != nil {
				t.Fatal(err, p.Connections())
			}
			cc()
			if i == 0 {
				fmt.Printf("%+v %+v\n", p.Cuts(), p.Connections())
			}
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}
