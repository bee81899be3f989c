package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/resetlab/resetlab/harness/evidence"
)

// longestFile bounds a file of recordings, in bytes.
const longestFile = 256 << 20

// openRecordings reads the recordings in a file, one behind the other; - is
// stdin, unless that is nil because it has another use.
func openRecordings(path string, stdin io.Reader) ([]*evidence.Recording, error) {
	from := stdin
	if path != "-" || stdin == nil {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		from = file
	}
	all, err := readRecordings(from)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return all, nil
}

func readRecordings(r io.Reader) ([]*evidence.Recording, error) {
	limited := &io.LimitedReader{R: r, N: longestFile + 1}
	documents := json.NewDecoder(limited)
	var all []*evidence.Recording
	for {
		var document json.RawMessage
		var syntax *json.SyntaxError
		err := documents.Decode(&document)
		switch {
		case limited.N == 0:
			return nil, fmt.Errorf("it has more than %d MiB", longestFile>>20)
		case errors.Is(err, io.EOF) && len(all) > 0:
			return all, nil
		case errors.Is(err, io.EOF):
			return nil, errors.New("it is empty")
		case errors.Is(err, io.ErrUnexpectedEOF):
			return nil, fmt.Errorf("recording %d is cut off", len(all)+1)
		case errors.As(err, &syntax):
			return nil, fmt.Errorf("recording %d is no JSON from byte %d of the file on", len(all)+1, syntax.Offset)
		case err != nil:
			return nil, err
		}
		recording, err := evidence.Read(bytes.NewReader(document))
		if err != nil {
			return nil, err
		}
		all = append(all, recording)
	}
}

// writeRecording writes a recording so that openRecordings reads it.
func writeRecording(w io.Writer, r *evidence.Recording) error { return r.Write(w) }
