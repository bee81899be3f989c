package model_test

import (
	"encoding/gob"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/script"
)

var (
	mutations = flag.Bool("mutations", false, "break each rule of testdata/mutations.txt, and see that the walks tell")
	answers   = flag.String("answers", "", "`FILE` of the kernel's answers: written if it is not there, else asked instead of the kernel")
)

// A recorded is what the kernel was asked and answered.
type recorded struct {
	Answers map[string]recordedAnswer // by the texts of the scripts
	// Asked are the scripts of a walk with their questions at the end, by the
	// scripts without: a broken rule may lead to other questions.
	Asked map[string]string
}

func newRecorded() recorded {
	return recorded{Answers: map[string]recordedAnswer{}, Asked: map[string]string{}}
}

// A recordedAnswer is what matters of an answer.
type recordedAnswer struct {
	Results [][]script.Result // of each step
	Stopped string
	Waiting []string
}

func loadAnswers(path string) (recorded, error) {
	file, err := os.Open(path)
	if err != nil {
		return recorded{}, err
	}
	defer file.Close()
	var r recorded
	return r, gob.NewDecoder(file).Decode(&r)
}

func (r recorded) store(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := gob.NewEncoder(file).Encode(r); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

// TestMutations breaks the rules of the model one by one: the walks must differ
// from what the kernel answered.
func TestMutations(t *testing.T) {
	if !*mutations {
		t.Skip("it takes minutes: -mutations")
	}
	directory := t.TempDir()
	known := filepath.Join(directory, "answers")
	if output, err := walkWith(t, "{}", known); err != nil {
		t.Fatalf("without a mutation: %v\n%s", err, output)
	}
	text, err := os.ReadFile("testdata/mutations.txt")
	if err != nil {
		t.Fatal(err)
	}
	caught := 0
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		parts := strings.Split(line, "\t")
		file, rule, broken := parts[0], parts[1], parts[2]
		source, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(source), rule) {
			t.Fatalf("%s has no %q: %v", file, rule, err)
		}
		mutant := filepath.Join(directory, strconv.Itoa(i)+".go")
		if err := os.WriteFile(mutant, []byte(strings.Replace(string(source), rule, broken, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		path, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		overlay, err := json.Marshal(map[string]map[string]string{"Replace": {path: mutant}})
		if err != nil {
			t.Fatal(err)
		}
		output, err := walkWith(t, string(overlay), known)
		switch {
		case err == nil:
			t.Errorf("%s: nobody noticed %q in place of %q", file, broken, rule)
		case !strings.Contains(output, "kernel:"):
			t.Errorf("%s: %q in place of %q: %v\n%s", file, broken, rule, err, output)
		default:
			caught++
		}
	}
	t.Logf("%d mutations noticed", caught)
}

// walkWith runs the walks of a model with some files replaced, in a process of
// its own.
func walkWith(t *testing.T, overlay, known string) (string, error) {
	path := filepath.Join(t.TempDir(), "overlay.json")
	if err := os.WriteFile(path, []byte(overlay), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "go", "test", "-vet=off", "-count=1", "-timeout=20m", "-overlay="+path,
		"-run=DifferentialWalk", ".", "-args", "-depth="+strconv.Itoa(max(2, *depth)), "-answers="+known)
	output, err := command.CombinedOutput()
	return string(output), err
}
