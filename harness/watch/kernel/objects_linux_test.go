package kernel_test

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"testing"
)

// The object that is embedded is what the source compiles to. Versions of clang
// differ in what they make of it: CI has the one that made it.
func TestObjectsAreOfTheSource(t *testing.T) {
	if _, err := exec.LookPath("clang"); err != nil {
		missing(t, err)
	}
	made, root := t.TempDir(), filepath.Join("..", "..", "..")
	build := exec.Command("make", "--no-print-directory", "-C", root, "bpf", "BPF_TO="+made)
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", build, err, text)
	}
	for _, object := range []string{"resets_bpfel.o", "resets_bpfeb.o"} {
		got, want := disassembly(t, filepath.Join(made, object)), disassembly(t, filepath.Join("bpf", object))
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what the source compiles to: run make bpf", object)
		}
	}
}

// disassembly is what llvm-objdump says of an object, without its path.
func disassembly(t *testing.T, object string) []byte {
	t.Helper()
	text, err := exec.Command("llvm-objdump", "--disassemble", "--reloc", object).Output()
	if err != nil {
		missing(t, err)
	}
	_, text, found := bytes.Cut(text, []byte("file format"))
	if !found || len(text) < 10_000 {
		t.Fatalf("llvm-objdump says of %s:\n%s", object, text)
	}
	return text
}
