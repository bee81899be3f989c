package servers

import (
	"context"
	"io"

	"github.com/resetlab/resetlab/harness/lab"
)

// ReadLineThenClose reads a line, byte for byte so that nothing behind it is
// taken, and closes.
func ReadLineThenClose(ctx context.Context, c *lab.Conn) {
	readLine(c)
}

// readLine reads up to the line feed and returns what stands before it.
func readLine(r io.Reader) (string, error) {
	var line []byte
	for one := make([]byte, 1); ; {
		if _, err := r.Read(one); err != nil {
			return string(line), err
		}
		if one[0] == '\n' {
			return string(line), nil
		}
		line = append(line, one[0])
	}
}
