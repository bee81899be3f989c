package real

import (
	_ "embed"
	"os"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/program"
	"github.com/resetlab/resetlab/harness/program/recipes"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// An interpreter is a client that does what it is told, a call a line, and says
// in a line what came of it.
type interpreter struct {
	*lab.Program
	input *os.File
	told  int // lines
}

// says has it do a call, and compares what it says of that. What tells of an
// error is known to explain.
func (p *interpreter) says(ctx SpecContext, call, want string) {
	GinkgoHelper()
	typed(p.input, call)
	p.told++
	left := p.told
	line, err := p.AwaitLine(ctx, func(program.Line) bool { left--; return left == 0 })
	Expect(err).NotTo(HaveOccurred(), p.Text())
	Expect(line.Text).To(Equal(want), call)
	if saying(want) == harness.Reset || saying(want) == harness.BrokenPipe {
		Expect(causes.Search(want)).NotTo(BeEmpty(), "nothing is known of %q", want)
	}
}

// measurePair measures what came of two calls at a connection that was reset.
func measurePair(first, says, second, saysThen string) {
	GinkgoHelper()
	saw := first + ": " + string(saying(says))
	if first == "read" {
		Measured(claims.GoRead, saw)
	} else {
		Measured(claims.GoWrite, saw)
	}
	Measured(claims.GoDifference, saw, "the error is pending and the next call is a "+first)
	Measured(claims.GoDifference, second+": "+string(saying(saysThen)), "the error was taken and the next call is a "+second)
}

// saying is the ending of which a client's words tell.
func saying(text string) harness.Ending {
	switch text := strings.ToLower(text); {
	case strings.Contains(text, "connection reset"):
		return harness.Reset
	case strings.Contains(text, "broken pipe"), strings.Contains(text, "socket has been shut down"): // Mono's
		return harness.BrokenPipe
	case strings.HasPrefix(text, "end"):
		return harness.Finished
	}
	return harness.Open
}

//go:embed testdata/endings/ending.c
var cEnding string

//go:embed testdata/endings/ending.pl
var perlEnding string

//go:embed testdata/endings/ending.py
var pythonEnding string

//go:embed testdata/endings/ending.rb
var rubyEnding string

//go:embed testdata/endings/ending.php
var phpEnding string

//go:embed testdata/endings/ending.go
var goEnding string

//go:embed testdata/endings/ending.rs
var rustEnding string

//go:embed testdata/endings/Ending.cs
var csharpEnding string

//go:embed testdata/endings/Ending.java
var javaEnding string

// endingClass is javaEnding compiled, which is done once.
var endingClass []byte

// compilers are what makes $0.out, which runs, of the source in $0.
var compilers = map[string]string{
	"gcc":   `gcc -o "$0.out" "$0" && exec "$0.out" "$@"`,
	"go":    `go build -o "$0.out" "$0" && exec "$0.out" "$@"`,
	"mono":  `mcs -out:"$0.out" "$0" && exec mono "$0.out" "$@"`,
	"rustc": `/usr/bin/rustc -o "$0.out" "$0" && exec "$0.out" "$@"`,
}

// ofScript is the recipe of a client that an interpreter runs, or that is compiled
// before, as C is.
func ofScript(name, file, source string) func(SpecContext) program.Recipe {
	return func(SpecContext) program.Recipe {
		recipe := tools[name].recipe
		recipe.Command = func(at program.Place) (program.Command, error) {
			path, err := at.Write(file, source, 0o644)
			return program.Command{Args: []string{path}}, err
		}
		compile, is := compilers[name]
		if !is {
			return recipe
		}
		write := recipe.Command
		recipe.Path = "sh"
		recipe.Command = func(at program.Place) (program.Command, error) {
			c, err := write(at)
			c.Args = []string{"-c", compile, c.Args[0]}
			if !recipe.AnyUser { // Go's, which takes a minute without its user's cache
				c.Env = append(os.Environ(), "TMPDIR="+at.Dir)
			}
			return c, err
		}
		return recipe
	}
}

// ofJava is the recipe of the client in Java.
func ofJava(ctx SpecContext) program.Recipe {
	GinkgoHelper()
	const class = "Ending"
	s, err := program.Supervise(ctx, program.Options{}) // for its directory
	Available(err)
	DeferCleanup(func() { Expect(s.Close()).To(Succeed()) })
	file := filepath.Join(s.Dir(), class+".class")
	if endingClass == nil {
		Available(recipes.Javac(ctx, class+".java", javaEnding, s.Dir()))
		endingClass, err = os.ReadFile(file)
		Expect(err).NotTo(HaveOccurred())
	}
	Expect(os.WriteFile(file, endingClass, 0o600)).To(Succeed())
	recipe := recipes.Java(s.Dir(), class, func(program.Place) []string { return nil })
	recipe.Listens = false
	return recipe
}

// to gives a client the address of a server, as its last two arguments.
func to(server string, recipe program.Recipe) program.Recipe {
	command := recipe.Command
	recipe.Command = func(at program.Place) (program.Command, error) {
		c, err := command(at)
		host, port, _ := strings.Cut(server, ":")
		c.Args = append(c.Args, host, port)
		return c, err
	}
	return recipe
}

// awaitStates waits until these are the states of the sockets whose peer's address
// this is.
func awaitStates(ctx SpecContext, address string, states ...string) {
	GinkgoHelper()
	Eventually(ctx, statesTo).WithArguments(address).WithPolling(time.Millisecond).Should(ConsistOf(states))
}
