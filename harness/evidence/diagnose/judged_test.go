package diagnose_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence/diagnose"
	"github.com/resetlab/resetlab/harness/evidence/offline"
)

// A score is what became of the answers to one question.
type score struct{ right, open, wrong int }

// TestJudged runs the rules on the captures that somebody judged who had not
// read them: whole, one-sided, and as tcpdump prints them.
func TestJudged(t *testing.T) {
	var who, why score
	captures := slices.Concat(judgedEnds, judgedBetween, judgedTwins)
	for _, j := range judgedTellable {
		captures = append(captures, j.judged)
	}
	for _, j := range captures {
		t.Run(j.name, func(t *testing.T) {
			s := readSheet(j.sheet)
			for _, view := range judgedViews(t, j, s) {
				r, err := reported(view.data)
				if err != nil {
					t.Errorf("%s: %v", view.name, err)
					continue
				}
				j.judge(t, view, r, &who, &why)
			}
		})
	}
	t.Logf("%d captures; who sent the RST: %+v; why: %+v", len(captures), who, why)
}

// A judgedView is a capture as one of those saw it who may ask about it.
type judgedView struct {
	name string
	data []byte
	rst  bool // it shows the first RST
	all  bool // it shows both ends
	bare bool // it shows no IP header, so that the systems are not known
}

func judgedViews(t *testing.T, j judged, s *sheet) []judgedView {
	if j.link == "" {
		j.link = "raw"
	}
	first := s.firstRST()
	shows := []struct{ name, ends string }{{"whole", "cs"}, {"client only", "c"}, {"server only", "s"}}
	var views []judgedView
	for _, show := range shows {
		of := func(from string) bool { return strings.Contains(show.ends, from) }
		v := judgedView{show.name, s.file(j.link, of), first != "" && of(first), show.name == "whole", false}
		views = append(views, v)
		for _, options := range []string{"-nn", "-nnv"} {
			if text := printedBy(t, options, v.data); text != nil {
				views = append(views, judgedView{v.name + " by tcpdump " + options, text, v.rst, v.all, options == "-nn"})
			}
		}
	}
	return views
}

// printedBy returns what tcpdump prints of a capture, nil if it is not there.
func printedBy(t *testing.T, options string, capture []byte) []byte {
	program, err := exec.LookPath("tcpdump")
	if err != nil {
		t.Log("tcpdump is not there: install it to test what it prints")
		return nil
	}
	path := filepath.Join(t.TempDir(), "capture")
	if err := os.WriteFile(path, capture, 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := exec.CommandContext(t.Context(), program, options, "-r", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// judge compares what is told of a view with the verdict.
func (j judged) judge(t *testing.T, view judgedView, r *offline.Report, who, why *score) {
	t.Helper()
	switch {
	case len(j.by) == 0:
		if len(r.Found) > 0 {
			t.Errorf("%s: a RST was found where there is none: %+v", view.name, r.Found)
		}
		for _, e := range r.Ends {
			if view.all && e.End != j.ends {
				t.Errorf("%s: it ended as %s, want %s", view.name, e.End, j.ends)
			}
		}
	case len(r.Found) == 0:
		if view.rst {
			t.Errorf("%s: no RST was found", view.name)
		}
	case view.rst:
		j.judgeRST(t, view, &r.Found[0], who, why)
	}
}

func (j judged) judgeRST(t *testing.T, v judgedView, f *offline.Found, who, why *score) {
	d, view, part := f.Diagnosis, v.name, f.Diagnosis.Part
	if !strings.HasPrefix(f.Client, "192.0.2.10:") { // the SYN is not shown, and the ports did not tell
		part = map[diagnose.Part]diagnose.Part{diagnose.PartInitiator: diagnose.PartResponder,
			diagnose.PartResponder: diagnose.PartInitiator}[part]
	}
	said := []string{string(d.Harm.Level)}
	t.Logf("%s: %s (%s) %s, %s %v (%s), harm %s; %s", view, part, d.Sure, d.Act, d.Picture, d.Causes, d.SureOfCause, d.Harm.Level, d.Clue)
	switch {
	case d.Sure == diagnose.Undecided || part == diagnose.PartUnknown || part == "":
		who.open++
	case slices.Contains(j.by, part):
		who.right++
	default:
		who.wrong++
		t.Errorf("%s: the RST is called the %s's (%s), by %q", view, part, d.Sure, d.Clue)
	}
	if d.Sure != diagnose.Undecided {
		said = append(said, string(part))
		if d.Act != "" && !slices.Contains(j.acts, d.Act) {
			t.Errorf("%s: the act is called %q (%s), want one of %q", view, d.Act, d.Sure, j.acts)
		}
	}
	right := func(cause string) bool { return slices.Contains(j.causes, cause) }
	switch {
	case d.SureOfCause == diagnose.Undecided && slices.ContainsFunc(d.Causes, right):
		why.open++
	case len(d.Causes) > 0 && d.SureOfCause != diagnose.Undecided && right(d.Causes[0]):
		why.right++
	default:
		why.wrong++
		t.Errorf("%s: the causes are called %v (%s), want one of %v", view, d.Causes, d.SureOfCause, j.causes)
	}
	if len(d.Causes) > 0 {
		said = append(said, d.Causes[0])
	}
	for _, never := range j.never {
		doubt := v.bare && never == string(diagnose.HarmPossible) // honest, where so little is shown
		if slices.Contains(said, never) && !doubt {
			t.Errorf("%s: %q must not be said, by %q, harm by %q", view, never, d.Clue, d.Harm.Why)
		}
	}
}

// firstRST returns who the first RST names as its sender, "" if there is none.
func (s *sheet) firstRST() string {
	for _, f := range s.frames {
		if f.ip[33]&4 != 0 {
			return f.from
		}
	}
	return ""
}

// reported is the report on one capture or printed trace.
func reported(input []byte) (*offline.Report, error) {
	return offline.Diagnose(context.Background(), offline.Options{}, offline.Input{Reader: bytes.NewReader(input)})
}
