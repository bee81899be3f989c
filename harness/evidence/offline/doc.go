// Package offline diagnoses the connections of capture files and of printed
// traces, where nothing but the segments is known.
//
//	capture files ──▶ connections ──▶ diagnose ──▶ Report: each reset one by one,
//	printed traces      joined                     causes, patterns, lacks
//
// A connection that several inputs have, as those of both its ends or of both
// sides of a NAT, is joined and judged once. What is kept of many connections
// is bounded.
//
// The package is pure, and builds for a browser.
package offline
