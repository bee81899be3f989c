package harness_test

import (
	"encoding/json"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness"
)

// FuzzToxic reads a toxic as JSON. What StartProxy accepts, toxiproxy must
// take: a connection passes bytes through it, or hangs in its delays and is
// cut off by Close. What it refuses it must name.
func FuzzToxic(f *testing.F) {
	for _, seed := range []string{
		`{"type":"latency","toward":"client","attributes":{"latency":1,"jitter":1}}`,
		`{"type":"latency","toward":"server","attributes":{"latency":3600000},"toxicity":0.5}`,
		`{"type":"latency","toward":"client","attributes":{"latency":0,"jitter":3600000}}`,
		`{"type":"bandwidth","toward":"client","attributes":{"rate":1}}`,
		`{"type":"bandwidth","toward":"server","attributes":{"rate":1073741824}}`,
		`{"type":"slicer","toward":"client","attributes":{"average_size":1}}`,
		`{"type":"slicer","toward":"server","attributes":{"average_size":9,"size_variation":8,"delay":1}}`,
		`{"type":"slicer","toward":"server","attributes":{"average_size":1073741824,"size_variation":1073741823}}`,
		`{"type":"limit_data","toward":"client","attributes":{"bytes":3}}`,
		`{"type":"latency","toward":"up","attributes":null,"toxicity":7}`,
	} {
		f.Add(seed)
	}
	echo := listen(f, "127.0.0.1:0")
	go func() {
		for {
			conn, err := echo.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				io.Copy(conn, conn)
			}()
		}
	}()
	f.Fuzz(func(t *testing.T, document string) {
		var x harness.Toxic
		if err := json.Unmarshal([]byte(document), &x); err != nil {
			return
		}
		proxy, err := harness.StartProxy(echo.Addr().String(), x)
		if err != nil {
			if !strings.Contains(err.Error(), "toxic") {
				t.Fatalf("the error does not name the toxic: %v", err)
			}
			return
		}
		defer closeProxy(t, proxy)
		conn, err := net.Dial("tcp", proxy.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(bound))
		send(t, conn, 50)
		if isFast(x) {
			receive(t, conn, 50)
		}
	})
}

// isFast says whether a few bytes are through the toxic in a moment.
func isFast(x harness.Toxic) bool {
	a := x.Attributes
	return a["latency"]+a["jitter"] <= 2 && a["delay"] <= 2
}
