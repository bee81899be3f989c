//go:build !linux

package agent

import "os"

// taken would say whether all that was written into a pipe has been read, which
// is not asked here.
func taken(*os.File) bool { return true }
