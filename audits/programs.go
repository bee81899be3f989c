package audits

import (
	"path"
	"strings"

	"github.com/resetlab/resetlab/audits/daemon"
)

// A programVersion asks a program of the system for its version.
type programVersion struct {
	label string // before the version in the table
	ask   func() (string, error)
}

// printedBy is the version that a program prints, of a package of Debian's.
func printedBy(label, pkg, program string, args ...string) *programVersion {
	return &programVersion{label, func() (string, error) { return daemon.VersionOf(program, pkg, args...) }}
}

// The programs of the system that have a say in what is measured.
var (
	javaVersion     = printedBy("", "openjdk-17-jdk-headless", "java", "-version")
	curlVersion     = printedBy("", "curl", "curl", "--version")
	redisVersion    = printedBy("with redis-server ", "redis-server", "redis-server", "--version")
	postgresVersion = printedBy("with PostgreSQL ", "postgresql", "postgres", "--version")
	mariadbVersion  = printedBy("with MariaDB ", "mariadb-server", "mariadbd", "--version")
	urllib3Version  = printedBy("", "python3-urllib3", debianPython, "-c",
		"import urllib3, platform; print(urllib3.__version__ + '-py' + platform.python_version())")
)

// fileOf is where the measurements of a client are.
func fileOf(name string) string {
	plain := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return ' '
	}, strings.ReplaceAll(name, "'", ""))
	return path.Join("measured", strings.Join(strings.Fields(plain), "-")+".txt")
}
