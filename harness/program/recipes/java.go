package recipes

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/resetlab/resetlab/harness/program"
)

// Java runs a class from a directory of class files, of which it gets a copy,
// with arguments that may name its address. For what does not listen set Listens
// to false. See java(1).
func Java(directory, class string, arguments func(at program.Place) []string) program.Recipe {
	return program.Recipe{
		Name: "java", Package: "default-jre-headless", Path: "java", Version: []string{"-XX:-UsePerfData", "-version"},
		AnyUser: true, Listens: true,
		Command: func(at program.Place) (program.Command, error) {
			classpath := filepath.Join(at.Dir, "classes")
			if err := copyFiles(directory, at); err != nil {
				return program.Command{}, err
			}
			// One thread collects, little is compiled: it starts sooner, and what the
			// sockets do is the same. No file of its own in /tmp, which is shared, and
			// which it would take whatever TMPDIR says.
			args := []string{"-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Djava.io.tmpdir=" + at.Dir,
				"-cp", classpath, class}
			return program.Command{Args: append(args, arguments(at)...)}, nil
		},
	}
}

// Javac compiles a source file, given by its name and its text, into class files
// in a directory, with libraries that it uses. It takes seconds. An error that wraps [program.ErrUnavailable]
// says that there is no compiler. See javac(1).
func Javac(ctx context.Context, name, source, directory string, libraries ...string) error {
	compiler := program.Recipe{Name: "javac", Package: "default-jdk-headless", Path: "javac"}
	path, err := compiler.Find()
	if err != nil {
		return err
	}
	s, err := program.Supervise(ctx, program.Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	file := filepath.Join(s.Dir(), name)
	if err := os.WriteFile(file, []byte(source), 0o644); err != nil {
		return err
	}
	p, err := s.Start(ctx, program.Command{Args: []string{path, "-J-XX:-UsePerfData", "-cp", strings.Join(libraries, ":"), "-d", directory, file}})
	if err != nil {
		return err
	}
	select {
	case <-p.Exited():
	case <-ctx.Done():
		return fmt.Errorf("compile %s: %w", name, context.Cause(ctx))
	}
	if err := p.Err(); err != nil {
		<-p.Drained()
		said, _ := p.Lines()
		return fmt.Errorf("compile %s: %w: %v", name, err, said)
	}
	return nil
}

// copyFiles copies the files of a directory to where a program runs, into
// "classes".
func copyFiles(directory string, at program.Place) error {
	return filepath.WalkDir(directory, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(directory, path)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		_, err = at.Write(filepath.Join("classes", name), string(text), 0o644)
		return err
	})
}
