package lab_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/lab"
)

func TestJournalOrder(t *testing.T) {
	l := newLab(t)
	client, server := pair(t, l)
	before := len(l.Journal().Entries()) // connect and accept return in either order

	write(client)
	read(server)
	server.Abort()
	read(client)

	var got []string
	for _, entry := range l.Journal().Entries()[before:] {
		got = append(got, fmt.Sprintf("%s %d %v", entry.Host, entry.Conn, entry.Call))
	}
	want := []string{"client 1 write: 3 bytes", "server 2 read: 3 bytes", "server 2 abort: ok", "client 1 read: reset"}
	if !slices.Equal(got, want) {
		t.Errorf("the journal has %q, want %q", got, want)
	}
	first := l.Journal().Entries()[0]
	if first.Local == "" || first.Remote == "" {
		t.Errorf("an entry lacks its addresses: %+v", first)
	}
}

func TestJournalBound(t *testing.T) {
	l := newLab(t)
	record := l.Host("host").Record("", "")
	const kept = 16384
	for i := range kept + 5 {
		record.Remember(lab.Read, time.Now(), i, nil)
	}

	entries := l.Journal().Entries()
	if len(entries) != kept || l.Journal().Lost() != 5 {
		t.Errorf("%d entries, %d lost, want %d and 5", len(entries), l.Journal().Lost(), kept)
	}
	if last := entries[len(entries)-1].Call.Bytes; last != kept-1 {
		t.Errorf("the last one is number %d, want %d: the first ones are kept", last, kept-1)
	}
}
