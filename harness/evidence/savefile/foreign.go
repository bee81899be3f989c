package savefile

import (
	"fmt"
	"strings"
)

// describe says what a file is that cannot be read here, and what to do with it
// if that is known.
func describe(in *stream) string {
	start, _ := in.b.Peek(16)
	if len(start) == 0 {
		return "the file is empty"
	}
	for _, known := range []struct{ magic, says string }{
		{"\x28\xb5\x2f\xfd", "compressed by zstd: decompress it first"},
		{"\xfd7zXZ\x00", "compressed by xz: decompress it first"},
		{"BZh", "compressed by bzip2: decompress it first"},
		{"\x04\x22\x4d\x18", "compressed by lz4: decompress it first"},
		{"PK\x03\x04", "a zip archive: take the capture out of it first"},
		{"snoop\x00\x00\x00", "a capture of snoop: editcap converts it to pcapng"},
		{"GMBU", "a capture of Microsoft Network Monitor: editcap converts it to pcapng"},
		{"RTSS", "a capture of Microsoft Network Monitor: editcap converts it to pcapng"},
		{"TRSNIFF data", "a capture of Sniffer: editcap converts it to pcapng"},
		{"XCP\x00", "a capture of NetXRay: editcap converts it to pcapng"},
	} {
		if strings.HasPrefix(string(start), known.magic) {
			return known.says
		}
	}
	return fmt.Sprintf("it begins with % x", start)
}
