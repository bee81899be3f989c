package packets

// An Omission is a kind of thing in a source that was not read as a segment,
// although it may have been one.
type Omission struct {
	What    string `json:"what"`              // a phrase, as "IP fragment", "line not understood"
	Count   uint64 `json:"count"`             // how many there were
	Example string `json:"example,omitempty"` // the first of them, cut to 200 bytes; it comes from the source as it is, control characters included
}
