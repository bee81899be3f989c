// Package answer shows what package diagnose finds in captures:
//
//	Text      for a terminal, with the card of each connection
//	Markdown  for a ticket
//	Mermaid   a sequenceDiagram for each connection
//	Page      one HTML file
//
// They all say the same: who sent the RST, what decided that and how sure it is,
// what else it can be and which measurement would tell, whether it matters, what
// each end saw, the cure, and what would show it happening. The JSON form is that
// of [offline.Report]. What comes from a capture is made harmless first.
//
// The package is pure, and builds for a browser.
package answer
