// Package origins has servers that count what they execute, by the ids of the
// calls: the truth of an audit.
package origins
