package answer

import (
	"fmt"

	"github.com/resetlab/resetlab/harness/evidence/offline"
)

// lacks lists what the captures do not show, and what of them was not read.
func (w *writer) lacks(r *offline.Report) {
	texts := lackTexts(r)
	if len(texts) == 0 {
		return
	}
	w.line("")
	w.line("What is missing")
	for _, text := range texts {
		w.item("  - ", text)
	}
}

// lackTexts says what the captures do not show, and what of them was not read.
func lackTexts(r *offline.Report) []string {
	var texts []string
	for _, in := range r.Inputs {
		name := harmless(in.Name)
		if name == "" {
			name = "the input"
		}
		add := func(format string, values ...any) {
			texts = append(texts, name+": "+fmt.Sprintf(format, values...))
		}
		if in.Error != "" {
			add("%s; what came before is diagnosed", harmless(in.Error))
		}
		for _, o := range in.Omissions {
			add("%s × %s%s", count(o.Count), harmless(o.What), example(o.Example))
		}
		if in.ICMPAstray > 0 {
			add("%s of ICMP about connections that it does not have", plural(in.ICMPAstray, "error"))
		}
		if in.Repeated > 0 {
			add("%s captured more than once, and counted once", plural(in.Repeated, "segment"))
		}
		if in.Cut > 0 {
			add("%s captured only in part (snap length): alerts of TLS and the like cannot be seen in them", plural(in.Cut, "segment"))
		}
		if in.Backwards > 0 {
			add("its clock ran backwards %s", plural(in.Backwards, "time"))
		}
		if in.Forced > 0 {
			add("%s judged early, because too many were open at a time: what came later of them counts as others", plural(in.Forced, "connection"))
		}
	}
	for _, l := range r.Lacks {
		texts = append(texts, fmt.Sprintf("of %s the capture does not show all: %s", plural(l.Count, "connection"), l.Lack))
	}
	if r.Connections.OneWay > 0 {
		texts = append(texts, fmt.Sprintf("of %s one direction alone was captured", plural(r.Connections.OneWay, "connection")))
	}
	if r.Unlisted > 0 {
		texts = append(texts, fmt.Sprintf("%s with a RST are counted above and not listed one by one", plural(r.Unlisted, "connection")))
	}
	return texts
}

// example quotes what was not read.
func example(text string) string {
	if text == "" {
		return ""
	}
	return fmt.Sprintf(", as %q", harmless(text))
}
