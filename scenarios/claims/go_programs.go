package claims

// The last part of the guide: two Go programs and what they teach.
const (
	GoRead       ID = "go-read"
	GoWrite      ID = "go-write"
	GoDifference ID = "go-difference"
	GoUnreadData ID = "go-unread-data"
	GoHandle     ID = "go-handle"
)

func goPrograms() []Claim {
	return []Claim{
		{ID: GoRead, Document: "guide", Seen: []string{"read: reset"},
			Says: "a server reads one byte of two and closes: the client's next read fails with ECONNRESET",
			Real: map[string]string{"php": "PHP says nothing of a read that fails: it is the end of the stream to its programs"}},
		{ID: GoWrite, Document: "guide", Seen: []string{"write: broken-pipe"}, KnownOn: "macOS and BSD",
			Says: "the same server, but the client's next call is a write: it fails with EPIPE"},
		{ID: GoDifference, Document: "guide", Seen: []string{"read: reset", "write: broken-pipe"},
			Says: "after a RST a read gives ECONNRESET and a write EPIPE"},
		{ID: GoUnreadData, Document: "guide", Seen: []string{"read: reset with 1 unread; read: finished with 0 unread"},
			Says: "the RST comes because bytes were left in the server's receive buffer"},
		{ID: GoHandle, Document: "guide", Seen: []string{"executions: 1"},
			Says: "the client needs no special handling: it may log, ignore or retry"},
	}
}
