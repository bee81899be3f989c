package daemon

import (
	"fmt"
	"os/exec"
	"regexp"
)

// number is a version in what a program prints of itself; of a library it may
// be followed by that of the language.
var number = regexp.MustCompile(`[0-9]+(\.[0-9]+)+(-py[0-9.]+)?`)

// VersionOf returns the version that a program prints when it is run with these
// arguments, in the PATH or where Debian puts servers.
func VersionOf(program, pkg string, args ...string) (string, error) {
	path, err := find(program, pkg)
	if err != nil {
		if path, err = find(program, pkg, "/usr/lib/postgresql/*/bin"); err != nil {
			return "", err
		}
	}
	output, err := exec.Command(path, args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("ask %s for its version: %w: %s", program, err, output)
	}
	version := number.FindString(string(output))
	if version == "" {
		return "", fmt.Errorf("ask %s for its version: none in %.100q", program, output)
	}
	return version, nil
}
