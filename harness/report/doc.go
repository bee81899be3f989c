// Package report shows a recording of package evidence:
//
//	Card     a drawing for the terminal
//	Page     one HTML file with a gallery and a sequence diagram for each run
//	Mermaid  a sequenceDiagram for Markdown
//	Pcapng   a capture for Wireshark, with the reasons as packet comments
//
// They all draw the same steps: one for each segment, call or change of a
// socket's state, where a segment, the call that sent it and the states it
// brought about share a step and long runs of data are folded into one.
// A recording may come from anywhere: its strings are made harmless and its
// indices are checked before anything is drawn.
package report
