package fault_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/fault"
)

func TestParseCut(t *testing.T) {
	for text, want := range map[string]harness.Cut{
		"toward=client": {Toward: harness.Client},
		"toward=client,after=100,with=reset,on=2,times=1": {
			Toward: harness.Client, After: 100, With: harness.SendReset, On: harness.Nth(2), Times: 1},
		" toward = server , with=fin,opposite=silence,on=next": {
			Toward: harness.Server, With: harness.SendFIN, Opposite: harness.Silence, On: harness.Next()},
		"toward=server,on=every": {Toward: harness.Server},
		"toward=client,with=fin-then-reset,opposite=fin": {
			Toward: harness.Client, With: harness.FINThenReset, Opposite: harness.SendFIN},
		"toward=client,hold=50ms":          {Toward: harness.Client, Hold: 50 * time.Millisecond},
		"toward=client,half=true":          {Toward: harness.Client, Half: true},
		"toward=client,half=true,with=fin": {Toward: harness.Client, Half: true},
		"toward=client,half=false":         {Toward: harness.Client},
	} {
		got, err := fault.ParseCut(text)
		if err != nil || got != want {
			t.Errorf("ParseCut(%q) = %+v, %v, want %+v", text, got, err, want)
		}
	}
}

func TestParseCutSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                                         "want key=value",
		"after=1":                                  "toward is missing",
		"toward=middle":                            "allowed are client, server",
		"toward=client,after=-1":                   "at least 0",
		"toward=client,after=many":                 "whole number",
		"toward=client,with=ashes":                 "allowed are reset, fin, fin-then-reset, silence",
		"toward=client,half=yes":                   "half=yes: allowed are true, false",
		"toward=client,hold=long":                  "hold=long",
		"toward=client,hold=-1s":                   "hold=-1s",
		"toward=client,half=true,hold=1s":          "do not go together",
		"toward=client,half=true,with=reset":       "a FIN in one direction",
		"toward=client,half=true,opposite=silence": "a FIN in one direction",
		"toward=client,on=0":                       "on=0",
		"toward=client,times=0":                    "at least 1",
		"toward=client,toward=server":              "given twice",
		"toward=client,now":                        "want key=value",
		"toward=client,now=1":                      "now is unknown",
		"toward=client,after=9223372036854775807":  "more than",
	} {
		if _, err := fault.ParseCut(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseCut(%q): %v, want an error with %q", text, err, want)
		}
	}
}

func TestParseToxic(t *testing.T) {
	got, err := fault.ParseToxic("latency,toward=client,latency=200,jitter=50,toxicity=0.5")
	want := harness.Toxic{Type: "latency", Toward: harness.Client, Toxicity: 0.5,
		Attributes: map[string]int64{"latency": 200, "jitter": 50}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	for text, want := range map[string]string{
		"toward=client":                    "the type comes first",
		"latency,latency=1":                "toward is missing",
		"latency,toward=client,toxicity=2": "at most 1",
		"latency,toward=client,latency=x":  "whole number",
	} {
		if _, err := fault.ParseToxic(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseToxic(%q): %v, want an error with %q", text, err, want)
		}
	}
}

// FuzzParseCut: what the parser takes, the proxy takes.
func FuzzParseCut(f *testing.F) {
	f.Add("toward=client,after=100,with=reset,on=2,times=1")
	f.Add("toward=server,opposite=open,on=next")
	f.Add("toward=server,with=fin-then-reset")
	f.Add("toward=client,half=true")
	f.Add("toward=client,after=4611686018427387903,on=2147483647")
	f.Fuzz(func(t *testing.T, text string) {
		cut, err := fault.ParseCut(text)
		if err != nil {
			return
		}
		proxy, err := harness.StartProxy("127.0.0.1:1", cut)
		if err != nil {
			t.Fatalf("ParseCut(%q) gave %v, which the proxy refuses: %v", text, cut, err)
		}
		if err := proxy.Close(); err != nil {
			t.Error(err)
		}
	})
}

// FuzzParseToxic: no text makes it panic, and what it takes has a type and an end.
func FuzzParseToxic(f *testing.F) {
	f.Add("latency,toward=client,latency=200,toxicity=0.5")
	f.Add("slicer,toward=server,average_size=8,size_variation=2,delay=10")
	f.Fuzz(func(t *testing.T, text string) {
		toxic, err := fault.ParseToxic(text)
		if err == nil && (toxic.Type == "" || toxic.Toward == "") {
			t.Errorf("ParseToxic(%q) = %+v", text, toxic)
		}
	})
}
