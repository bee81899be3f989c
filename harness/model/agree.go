package model

import (
	"slices"
	"strings"

	"github.com/resetlab/resetlab/harness/script"
)

// Agrees says whether a kernel did what one of the [Outcomes] says, as far as it
// says something, and up to a difference that may be the machine's doing.
func Agrees(predicted, happened script.Answer) bool {
	open := strings.HasPrefix(predicted.Stopped, NotModelled)
	for i, step := range predicted.Steps {
		if i >= len(happened.Steps) {
			return false
		}
		if !Same(step, happened.Steps[i]) {
			return happened.Steps[i].Doubt != ""
		}
	}
	return open || len(happened.Steps) == len(predicted.Steps) &&
		slices.Equal(predicted.Waiting, happened.Waiting) && (predicted.Stopped == "") == (happened.Stopped == "")
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
