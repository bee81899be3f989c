// Package audits puts real clients through the audit: libraries of Go, and
// programs of Debian, in front of real servers. One client a file; what each
// does is measured, and where that is bad or weak the file says why it is
// expected. README.md has the table.
package audits
