package catalogue_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/scenarios/catalogue"
)

// TestCauses: each situation has a cause that there is, each cause a situation
// unless it says why not, and the scenario that a cause names shows that cause.
func TestCauses(t *testing.T) {
	shown := map[string]bool{}
	for _, s := range catalogue.All() {
		c, ok := causes.Find(s.Cause)
		if !ok {
			t.Errorf("%s: there is no cause %q", s.Name, s.Cause)
		}
		for _, label := range []string{"cause:" + s.Cause, "cause:" + c.Group} {
			if !slices.Contains(s.Labels, label) {
				t.Errorf("%s has not the label %s", s.Name, label)
			}
		}
		shown[s.Cause] = true
	}
	for _, c := range causes.All() {
		s, ok := catalogue.Find(c.Scenario)
		switch {
		case shown[c.Name] != (c.Unshown == ""):
			t.Errorf("%s: is a situation's cause: %v, and it is said not to be: %q", c.Name, shown[c.Name], c.Unshown)
		case c.Unshown == "" && !ok:
			t.Errorf("%s: there is no scenario %q", c.Name, c.Scenario)
		case c.Unshown == "" && s.Cause != c.Name:
			t.Errorf("%s: the scenario %s shows %s", c.Name, s.Name, s.Cause)
		}
	}
}

// TestWords: what a program is said to say, in quotation marks, is known to
// explain.
func TestWords(t *testing.T) {
	quoted := regexp.MustCompile(`"([^"]+)"`)
	for _, s := range catalogue.All() {
		for _, words := range quoted.FindAllStringSubmatch(s.Client+"\n"+s.Server, -1) {
			if len(causes.Search(words[1])) == 0 {
				t.Errorf("%s: nothing is known of %q", s.Name, words[1])
			}
		}
	}
}

// TestStoredNames: the specs that package report's recordings are made of have
// names that last.
func TestStoredNames(t *testing.T) {
	file, err := os.Open("../../harness/report/testdata/specs")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		_, name, _ := strings.Cut(lines.Text(), "|")
		if spec, ok := catalogue.FindSpec(name); !ok || !spec.Lasting {
			t.Errorf("there is no spec %q, or its name is made of its text", name)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

func TestKeep(t *testing.T) {
	kept := catalogue.Keep(catalogue.All(), func(_ catalogue.Situation, spec catalogue.Spec) bool {
		return spec.Names("closing-with-unread-data/resets")
	})
	if len(kept) != 1 || len(kept[0].Specs) != 2 || !slices.Equal(kept[0].Routes, []string{"direct", "proxied"}) {
		t.Errorf("got %+v, want one situation with its two routes", kept)
	}
	if all, ok := catalogue.Find("closing-with-unread-data"); !ok || len(all.Specs) <= 2 {
		t.Errorf("got %+v, %v: the original has fewer specs than before", all, ok)
	}
	if s, ok := catalogue.Find("nonsense"); ok {
		t.Errorf("nonsense is %+v", s)
	}
	if spec, ok := catalogue.FindSpec("closing-with-unread-data/resets"); ok {
		t.Errorf("half a name is %+v", spec)
	}
}

// TestImports: the package is pure.
func TestImports(t *testing.T) {
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".")
	output, err := list.Output()
	if err != nil {
		t.Fatalf("%v: %v", list, err)
	}
	if paths := strings.Fields(string(output)); len(paths) != 1 {
		t.Errorf("catalogue imports %v", paths)
	}
}

// TestScenarioFiles: who adds a scenario by copying a file can tell by its name
// that it is one; what scenarios share is in files named suite_….
func TestScenarioFiles(t *testing.T) {
	files, err := filepath.Glob("../*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		isScenario := slices.ContainsFunc(catalogue.All(), func(s catalogue.Situation) bool {
			return s.File == "scenarios/"+name
		})
		shared := strings.HasPrefix(name, "suite_") || strings.HasSuffix(name, "_test.go") || name == "doc.go"
		if isScenario == shared {
			t.Errorf("%s: is a scenario: %v, and its name says that it is shared: %v", name, isScenario, shared)
		}
	}
}
