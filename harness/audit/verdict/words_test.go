package verdict_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// declared returns the constants of a type in a file, by their values.
func declared(t *testing.T, file, kind string) (values []string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := spec.Type.(*ast.Ident); !ok || name.Name != kind || len(spec.Values) != 1 {
			return true
		}
		value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, value)
		return true
	})
	return values
}

// TestTheListsAreWhole, for whoever goes through them means every word.
func TestTheListsAreWhole(t *testing.T) {
	for kind, list := range map[string][]string{"Outcome": plain(verdict.Outcomes()), "Hygiene": plain(verdict.Hygienes())} {
		want := declared(t, "verdict.go", kind)
		slices.Sort(want)
		slices.Sort(list)
		if len(want) == 0 || !slices.Equal(list, want) {
			t.Errorf("%s: listed are %q, declared %q", kind, list, want)
		}
	}
}

func plain[S ~string](list []S) (words []string) {
	for _, word := range list {
		words = append(words, string(word))
	}
	return words
}
