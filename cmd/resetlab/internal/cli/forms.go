package cli

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
)

// sniffed is how much of a file tells its form, in bytes.
const sniffed = 512

// A form is what an output is written in, by the flag that asks for it.
type form struct {
	name  string
	looks func(begin []byte) bool // a file that begins so is one
}

// formOf returns the form of what goes to the file of a flag.
func formOf(flag string) form {
	return map[string]form{
		"--json":        {"JSON of resetlab", looksJSON},
		"--record":      {"JSON of resetlab", looksJSON},
		"--recording":   {"JSON of resetlab", looksJSON},
		"--html":        {"page", begins("<!doctype html")},
		"--mermaid":     {"Mermaid sequence diagram", begins("sequencediagram")},
		"--markdown":    {"Markdown of resetlab", begins("**", "#", "|")},
		"--junit":       {"JUnit report", begins("<?xml", "<testsuite")},
		"--badge":       {"picture (SVG)", begins("<svg")},
		"--annotations": {"list of annotations", begins("::error", "::warning")},
		"--pcap":        {"pcapng capture", func(b []byte) bool { return bytes.HasPrefix(b, []byte("\n\r\r\n")) }},
	}[flag]
}

// begins returns what recognises texts by how they begin, in small letters.
func begins(starts ...string) func([]byte) bool {
	return func(b []byte) bool {
		b = bytes.ToLower(bytes.TrimSpace(b))
		for _, start := range starts {
			if bytes.HasPrefix(b, []byte(start)) {
				return true
			}
		}
		return false
	}
}

// looksJSON recognises reports and recordings, which begin with their version,
// and lists of reports.
func looksJSON(b []byte) bool {
	b = bytes.TrimSpace(b)
	return len(b) > 0 && (b[0] == '{' || b[0] == '[') && bytes.Contains(b, []byte(`"version":`))
}

// spare says why a file that is there is not to be replaced by the output of a
// flag: it has something else in it than that flag writes, as a capture that was
// meant to be read, or it is one of the inputs. What is empty, or no regular
// file, is spared nothing.
func spare(flag, path string, inputs []string) error {
	about, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && (!about.Mode().IsRegular() || about.Size() == 0) {
		return nil
	}
	if err != nil {
		return badInputf("%s: %w", flag, err)
	}
	for _, input := range inputs {
		if of, err := os.Stat(input); input != toStdout && err == nil && os.SameFile(about, of) {
			return badInputf("%s %s: that is what is to be read: name another file to write", flag, path)
		}
	}
	file, err := os.Open(path)
	if err != nil {
		return nil // it cannot be read; whether it can be written is asked elsewhere
	}
	defer file.Close()
	begin := make([]byte, sniffed)
	n, err := io.ReadFull(file, begin)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return badInputf("%s: %w", flag, err)
	}
	if of := formOf(flag); !of.looks(begin[:n]) {
		return badInputf("%s %s: a file is there that is no %s, and would be lost: name another file, or remove it", flag, path, of.name)
	}
	return nil
}
