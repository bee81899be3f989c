package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/resetlab/resetlab/harness/script"
	"github.com/resetlab/resetlab/harness/script/examples"
	"github.com/resetlab/resetlab/scenarios/catalogue"
)

// scriptsOf reads the scripts that show a situation. Each is called as the spec
// that it is of.
func scriptsOf(s catalogue.Situation) ([]script.Script, error) {
	if s.Script == "" {
		return nil, nil
	}
	all, err := script.Parse(s.Script)
	if err != nil {
		return nil, fmt.Errorf("the script of %s: %w", s.Name, err)
	}
	for i := range all {
		all[i].Title = s.Name + "/" + all[i].Title
	}
	return all, nil
}

// allScripts are the examples of the notation and the scripts of all scenarios.
func allScripts() ([]script.Script, error) {
	all, err := examples.All()
	if err != nil {
		return nil, err
	}
	for _, s := range catalogue.All() {
		some, err := scriptsOf(s)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// namedScripts are those of the scenarios, specs or examples of these names. ok is
// false if one of them is none.
func namedScripts(names []string) (all []source, ok bool, err error) {
	known, err := examples.All()
	if err != nil {
		return nil, false, err
	}
	for _, of := range names {
		if i := slices.IndexFunc(known, func(s script.Script) bool { return s.Name() == of }); i >= 0 {
			all = append(all, source{script: known[i]})
			continue
		}
		name, spec, _ := strings.Cut(of, "/")
		s, there := catalogue.Find(name)
		if !there {
			return nil, false, nil
		}
		scripts, err := scriptsOf(s)
		switch {
		case err != nil:
			return nil, true, err
		case len(scripts) == 0 && s.Unscripted != "":
			return nil, true, badInputf("no script shows %s: %s; '%s' does", name, s.Unscripted, commandLine("run", name))
		case len(scripts) == 0:
			return nil, true, badInputf("no script shows %s, which is of real programs: '%s' does", name, commandLine("run", name))
		}
		before := len(all)
		for _, one := range scripts {
			if spec == "" || one.Name() == of {
				all = append(all, source{script: one})
			}
		}
		if len(all) == before {
			return nil, true, badInputf("no script is of %s: '%s' shows those of %s", of, commandLine("list", name), name)
		}
	}
	return all, true, nil
}

// oneLine writes the calls of a script for a command line, without what is
// expected of them.
func oneLine(s script.Script) string {
	var calls []string
	for _, line := range s.Lines {
		line.Expect = nil
		calls = append(calls, line.String())
	}
	return strings.Join(calls, "; ")
}

// scriptOf is the script of a spec, for a command line; "" if it has none.
func scriptOf(spec string) string {
	name, _, _ := strings.Cut(spec, "/")
	s, _ := catalogue.Find(name)
	all, err := scriptsOf(s)
	if err != nil {
		return ""
	}
	for _, one := range all {
		if one.Name() == spec {
			return oneLine(one)
		}
	}
	return ""
}

// writeScript writes the scripts of a situation and how to run them, or why there
// are none.
func writeScript(w io.Writer, s catalogue.Situation) {
	switch {
	case s.Script != "":
		fmt.Fprintf(w, "  script  %s\n\n", commandLine("try", s.Name))
		for line := range strings.Lines(s.Script) {
			fmt.Fprintf(w, "    %s\n", strings.TrimSuffix(line, "\n"))
		}
	case s.Unscripted != "":
		writeWrapped(w, "  script  ", "none: "+s.Unscripted)
	}
}
