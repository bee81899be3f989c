package evidence

import "strings"

func hasFlag(flags, flag string) bool {
	for name := range strings.FieldsSeq(flags) {
		if name == flag {
			return true
		}
	}
	return false
}
