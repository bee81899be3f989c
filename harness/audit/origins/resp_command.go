package origins

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Bounds of a command. Redis has larger ones; no audit needs them.
const (
	maxWords   = 1 << 16
	maxCommand = 8 << 20 // bytes, all words together
)

// A protocolError is what Redis says of bytes that are no command. It ends the
// connection.
type protocolError string

// Error returns the words of Redis.
func (e protocolError) Error() string { return "ERR Protocol error: " + string(e) }

// readCommand reads a command, an array of bulk strings or a line. It returns
// no words for an empty one, which has no reply.
func readCommand(from *bufio.Reader) (words []string, err error) {
	line, err := readLine(from)
	if err != nil {
		return nil, err
	}
	count, isArray := strings.CutPrefix(line, "*")
	if !isArray {
		return strings.Fields(line), nil
	}
	n, err := strconv.Atoi(count)
	if err != nil || n > maxWords {
		return nil, protocolError("invalid multibulk length")
	}
	for room := maxCommand; len(words) < n; {
		word, err := readWord(from, room)
		if err != nil {
			return nil, err
		}
		room -= len(word)
		words = append(words, word)
	}
	return words, nil
}

// readWord reads a bulk string that is no longer than there is room for.
func readWord(from *bufio.Reader, room int) (string, error) {
	line, err := readLine(from)
	if err != nil {
		return "", err
	}
	length, isBulk := strings.CutPrefix(line, "$")
	if !isBulk {
		return "", protocolError(fmt.Sprintf("expected '$', got '%.1s'", line))
	}
	size, err := strconv.Atoi(length)
	if err != nil || size < 0 || size > room {
		return "", protocolError("invalid bulk length")
	}
	var word strings.Builder // it grows with what has come, not with what was announced
	if _, err := io.CopyN(&word, from, int64(size)); err != nil {
		return "", err
	}
	_, err = from.Discard(len("\r\n"))
	return word.String(), err
}

func readLine(from *bufio.Reader) (string, error) {
	line, err := from.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		return "", protocolError("too big inline request")
	}
	return strings.TrimRight(string(line), "\r\n"), err
}
