package cli_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// notAlone are the servers that cannot be run alone, and why.
var notAlone = map[string]string{
	"Forget":               "it serves one connection",
	"ServeBySettings":      "its settings are a file",
	"StartIdleReaper":      "its clock is turned by hand",
	"ForkPerConnection":    "its processes are there",
	"WithinDescriptors":    "its processes are there",
	"EchoOnBusyProcessors": "its process is there",
	"AnswerOneByteProcess": "there is one without a process",
	"NeverWaitForFinish":   "is a setting of a connection",
	"RequireSignature":     "is a setting of a listener for one client",
}

// TestEveryServerIsAToy: whatever package servers has can be run by serve.
func TestEveryServerIsAToy(t *testing.T) {
	sources, err := filepath.Glob("toys*.go")
	if err != nil {
		t.Fatal(err)
	}
	var toys strings.Builder
	for _, path := range sources {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		toys.Write(text)
	}
	for _, name := range serverNames(t) {
		_, excused := notAlone[name]
		if known := regexp.MustCompile(`servers\.` + name + `\b`).MatchString(toys.String()); known == excused {
			t.Errorf("server %s: among the toys: %v, excused: %v", name, known, excused)
		}
	}
}

// serverNames lists the functions and processes of package servers.
func serverNames(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("../../../../servers/*.go")
	if err != nil || len(paths) == 0 {
		t.Fatalf("sources of servers: %d, %v", len(paths), err)
	}
	var names []string
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range file.Decls {
			switch d := declaration.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.IsExported() {
					names = append(names, d.Name.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if v, ok := spec.(*ast.ValueSpec); ok && strings.HasSuffix(v.Names[0].Name, "Process") {
						names = append(names, v.Names[0].Name)
					}
				}
			}
		}
	}
	return names
}

// TestEveryToyStarts runs each until an interrupt.
func TestEveryToyStarts(t *testing.T) {
	list := start(t, "serve")
	rest, _ := list.end()
	for line := range strings.Lines(rest) {
		name, _, _ := strings.Cut(line, " ")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, "serve", name)
			server.line("listening on")
			if rest, status := server.interrupt(); status != 0 {
				t.Errorf("status %d, said %s%s", status, rest, &server.stderr)
			}
		})
	}
}
