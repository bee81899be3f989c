package model

import (
	"slices"
	"strings"

	"github.com/resetlab/resetlab/harness/script"
)

// Agrees says whether a kernel did what one of the [Outcomes] says, as far as it
// says something, and up to a difference that may be the machine's doing.
func Agrees(predicted, happened script.Answer) bool {
	same, doubt := compare(predicted, happened)
	return same || doubt
}

// Doubted says whether the two agree only up to such a difference.
func Doubted(predicted, happened script.Answer) bool {
	same, doubt := compare(predicted, happened)
	return !same && doubt
}

// compare says whether the two are the same, and if not, whether the first line
// that differs is in doubt; behind the last line, whether that is.
func compare(predicted, happened script.Answer) (same, doubt bool) {
	doubted := func(i int) bool { return i >= 0 && happened.Steps[i].Doubt != "" }
	for i, step := range predicted.Steps {
		if i >= len(happened.Steps) {
			return false, doubted(i - 1)
		}
		if !Same(step, happened.Steps[i]) {
			return false, doubted(i)
		}
	}
	if strings.HasPrefix(predicted.Stopped, NotModelled) {
		return true, false
	}
	same = len(happened.Steps) == len(predicted.Steps) && slices.Equal(predicted.Waiting, happened.Waiting) &&
		(predicted.Stopped == "") == (happened.Stopped == "")
	return same, doubted(len(predicted.Steps) - 1)
}

// Same says whether what came of a line is what was predicted.
func Same(predicted, happened script.Step) bool {
	return slices.EqualFunc(predicted.Results, happened.Results, sameResult)
}

// sameResult compares two results. The model has no sizes of buffers: of a drain
// it says only whether it reads all that there was.
func sameResult(predicted, happened script.Result) bool {
	if predicted.Of != "" {
		return happened.Kind == script.Then && happened.End == predicted.End &&
			(happened.Read == happened.Written) == (predicted.Of == script.All)
	}
	return predicted.Kind == happened.Kind && predicted.String() == happened.String()
}
