package harness_test

import (
	"errors"
	"math"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness"
)

const (
	actions = "SendReset, SendFIN, FINThenReset and Silence"
	nowhere = "127.0.0.1:1" // nobody is asked there
)

// badCuts are wrong wherever they are armed.
var badCuts = []struct {
	name string
	cut  harness.Cut
	want string // what the error must name: the field, and what is allowed
}{
	{"negative hold", harness.Cut{Toward: harness.Client, Hold: -1}, "Hold … 0"},
	{"half held", harness.Cut{Toward: harness.Client, Half: true, Hold: 1}, "Half … Hold"},
	{"half a reset", harness.Cut{Toward: harness.Client, Half: true, With: harness.SendReset}, "Half … With"},
	{"no direction", harness.Cut{}, "Toward … harness.Client … harness.Server"},
	{"unknown direction", harness.Cut{Toward: "upstream"}, `Toward … "upstream" … harness.Client`},
	{"the cut as direction", harness.Cut{Toward: "cut", Now: true}, "Toward … harness.Server"},
	{"negative byte count", harness.Cut{Toward: harness.Client, After: -3}, "After … -3 … 0 to"},
	{"byte count that overflows", harness.Cut{Toward: harness.Client, After: math.MaxInt64}, "After … 0 to"},
	{"negative Times", harness.Cut{Toward: harness.Client, Times: -1}, "Times … -1 … 0 (without bound)"},
	{"connection 0", harness.Cut{Toward: harness.Client, On: harness.Nth(0)}, "On … connection 0 … is 1"},
	{"connection -1", harness.Cut{Toward: harness.Client, On: harness.Nth(-1)}, "On … connection -1"},
	{"unknown action", harness.Cut{Toward: harness.Client, With: "rst"}, `With … "rst" … ` + actions},
	{"an ending as action", harness.Cut{Toward: harness.Client, With: harness.Action(harness.Finished)}, "With … " + actions},
	{"unknown opposite", harness.Cut{Toward: harness.Client, Opposite: "FIN"}, `Opposite … "FIN" … ` + actions},
	{"Now and After", harness.Cut{Now: true, After: 1}, "Now … After"},
	{"Now and FromStart", harness.Cut{Now: true, FromStart: true}, "Now … FromStart"},
	{"Now and Times", harness.Cut{Now: true, Times: 1}, "Now … Times"},
	{"Now on the next", harness.Cut{Now: true, On: harness.Next()}, "Now … On … Nth"},
}

var badOptions = []struct {
	name   string
	option harness.Option
	want   string
}{
	{"nil", nil, "option … nil … Cut, Toxic and Options"},
	{"nil pointer", (*harness.Cut)(nil), "option … nil … Cut, Toxic and Options"},
	{"Now before the start", harness.Cut{Now: true}, "Now … Proxy.Cut"},
	{"Listen without a port", harness.Options{Listen: "127.0.0.1"}, "Listen … host:port"},
	{"Listen without a host", harness.Options{Listen: ":0"}, "Listen … host is missing"},
	{"Listen on a service name", harness.Options{Listen: "127.0.0.1:http"}, "Listen … 0 to 65535"},
	{"Listen beyond the last port", harness.Options{Listen: "127.0.0.1:65536"}, "Listen … 0 to 65535"},
	{"negative DialTimeout", harness.Options{DialTimeout: -1}, "DialTimeout … 0 (5 s)"},
	{"negative DrainTimeout", harness.Options{DrainTimeout: -time.Second}, "DrainTimeout … 0 (2 s)"},
	{"bad toxic", harness.Toxic{Type: "latency"}, "Toward … harness.Client"},
}

var badUpstreams = []struct {
	upstream string
	want     string
}{
	{"", "upstream … host:port"},
	{"shop", `upstream … "shop" … host:port`},
	{"::1:80", "upstream … host:port"},
	{"http://shop:80", "upstream … host:port"},
	{":80", "upstream … host is missing"},
	{"shop:0", "upstream … 1 to 65535"},
	{"shop:65536", "upstream … 1 to 65535"},
	{"shop:-1", "upstream … 1 to 65535"},
	{"shop:http", "upstream … 1 to 65535"},
}

func TestStartProxyRefusesBadInput(t *testing.T) {
	refuse := func(t *testing.T, want string, upstream string, options ...harness.Option) {
		t.Helper()
		before := inventory()
		proxy, err := harness.StartProxy(upstream, options...)
		if proxy != nil {
			proxy.Close()
		}
		expectError(t, err, want)
		if after := inventory(); after.exceeds(before) {
			t.Errorf("something was started: %v before, %v after", before, after)
		}
	}
	for _, tt := range badUpstreams {
		t.Run("upstream "+tt.upstream, func(t *testing.T) { refuse(t, tt.want, tt.upstream) })
	}
	for _, tt := range badOptions {
		t.Run(tt.name, func(t *testing.T) { refuse(t, tt.want, nowhere, tt.option) })
	}
	t.Run("two Options", func(t *testing.T) {
		refuse(t, "options … twice … one Options", nowhere, harness.Options{}, harness.Options{Seed: 1})
	})
	for _, tt := range badCuts {
		t.Run(tt.name, func(t *testing.T) {
			refuse(t, tt.want, nowhere, harness.Toxic{
				Type: "latency", Toward: harness.Client, Attributes: map[string]int64{"latency": 1},
			}, tt.cut)
		})
	}
}

func TestStartProxyLeavesTheListenerToTheCallerWhenItRefuses(t *testing.T) {
	listener := listen(t, "127.0.0.1:0")
	_, err := harness.StartProxy(nowhere, harness.Options{Listen: "127.0.0.1:0", Listener: listener})
	expectError(t, err, "Listen and Listener")
	dial(t, listener.Addr().String())
	accept(t, listener)
}

func TestStartProxyRefusesAListenerThatIsNotTCP(t *testing.T) {
	listener, err := net.Listen("unix", t.TempDir()+"/socket")
	if err != nil {
		t.Skipf("no unix sockets here: %v", err)
	}
	defer listener.Close()
	_, err = harness.StartProxy(nowhere, harness.Options{Listener: listener})
	expectError(t, err, "Listener … unix … TCP")
}

func TestStartProxyOnATakenAddressSaysSo(t *testing.T) {
	taken := listen(t, "127.0.0.1:0")
	_, err := harness.StartProxy(nowhere, harness.Options{Listen: taken.Addr().String()})
	expectError(t, err, "listen")
}

func TestStartStockProxyRefusesABadUpstream(t *testing.T) {
	for _, tt := range badUpstreams {
		_, err := harness.StartStockProxy(tt.upstream)
		expectError(t, err, tt.want)
	}
}

func TestARunningProxyRefusesBadCuts(t *testing.T) {
	for _, tt := range badCuts {
		t.Run(tt.name, func(t *testing.T) {
			proxy, err := harness.StartProxy(nowhere)
			if err != nil {
				t.Fatal(err)
			}
			_, err = proxy.Cut(tt.cut)
			expectError(t, err, tt.want)
			if cuts := proxy.Cuts(); len(cuts) != 0 {
				t.Errorf("it is armed all the same: %v", cuts)
			}
			expectError(t, proxy.Close(), tt.want) // a test that ignored it cannot pass
			if err := proxy.Close(); err != nil {
				t.Errorf("the second Close: %v, want nothing", err)
			}
		})
	}
}

func TestAClosedProxyTakesNoCut(t *testing.T) {
	proxy, err := harness.StartProxy(nowhere)
	if err != nil {
		t.Fatal(err)
	}
	if err := proxy.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := proxy.Cut(harness.Cut{Now: true}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v, want net.ErrClosed", err)
	}
}

// expectError says that an error is there and names what it must: the parts
// of want between the ellipses.
func expectError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one that says %q", want)
	}
	for _, part := range strings.Split(want, " … ") {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not say %q: %v", part, err)
		}
	}
}
