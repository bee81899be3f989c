// Package render shows the reports of audits: as a matrix in a terminal, JSON
// that can be read again, JUnit, Markdown and a page, and what differs between
// two of them.
package render
