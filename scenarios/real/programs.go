package real

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"

	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// A tool is a real program as the labels call it.
type tool struct {
	command string // looked up in PATH, and where only root has a look by default
	pkg     string // Debian's package that has it
	version func() (string, error)
}

// find returns the path of the tool.
func (t tool) find() (string, error) {
	for _, directory := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/local/sbin", "/usr/sbin", "/sbin") {
		if path, err := exec.LookPath(filepath.Join(directory, t.command)); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not installed: Debian's package %s has it "+
		"(README: how to install daemons so that they do not start)", t.command, t.pkg)
}

// tools are the programs that the specs are made with, by the names in their
// labels.
var tools = map[string]tool{
	"nc": {"nc", "netcat-openbsd", says(`OpenBSD netcat \(Debian patchlevel (\d+\.\d+)`, "nc", "-h")},
}

// says returns a function that asks a tool once for its version: the first group
// of the expression in what it says.
func says(version, command string, args ...string) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		path, err := tool{command: command}.find()
		if err != nil {
			return "", err
		}
		said, _ := exec.CommandContext(context.Background(), path, args...).CombinedOutput() // some fail when they tell it
		found := regexp.MustCompile(version).FindSubmatch(said)
		if found == nil {
			return "", fmt.Errorf("%s %s tells no version by which it is known: %q", command, strings.Join(args, " "), said)
		}
		return string(found[1]), nil
	})
}

// A spec of real programs is skipped where one of them is not installed. Where
// all are it says which versions they have, since what they do depends on that.
var _ = BeforeEach(func() {
	var with []string
	for _, name := range claims.Programs(CurrentSpecReport().Labels()) {
		t, known := tools[name]
		if !known {
			Fail("there is no program " + name)
		}
		if _, err := t.find(); err != nil {
			Skip(err.Error())
		}
		version, err := t.version()
		if err != nil {
			Skip(err.Error())
		}
		with = append(with, name+" "+version)
	}
	if len(with) > 0 {
		MadeWith(strings.Join(with, ", "))
	}
})
