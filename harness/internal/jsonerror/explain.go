// Package jsonerror says what is wrong with a JSON document for somebody who
// knows the document, and not the types of Go that it is read into.
package jsonerror

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Explain makes one line of an error of package encoding/json, about "it", the
// document. An error of reading, as of a disk, is returned as it is.
func Explain(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF), errors.As(err, &syntax) && syntax.Offset == 0:
		return errors.New("it is empty")
	case errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &syntax) && syntax.Error() == "unexpected end of JSON input":
		return errors.New("it is cut off")
	case syntax != nil:
		return fmt.Errorf("it is no JSON from byte %d on", syntax.Offset)
	case errors.As(err, &kind) && kind.Field == "":
		return fmt.Errorf("it is a JSON %s: want an object", kind.Value)
	case errors.As(err, &kind):
		return fmt.Errorf("its %s is a %s, which has no place there", kind.Field, kind.Value)
	case fromReader(err):
		return err
	}
	if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok { // it has no type of its own
		return fmt.Errorf("it has a field %s, which is not known", field)
	}
	return errors.New("a time, an address or a name in it is none")
}

// fromReader says whether an error is the system's.
func fromReader(err error) bool {
	_, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return ok
}
