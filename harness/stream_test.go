package harness_test

import (
	"fmt"
	"io"
	"net"
)

// streamSize is enough for many chunks of a link.
const streamSize = 300_000

// pattern is the byte at a place of a stream; its period is a prime, so that
// a lost or doubled chunk shows.
func pattern(at int) byte { return byte(at % 251) }

// exchange sends a stream with an end, and reads one and compares it.
func exchange(conn *net.TCPConn) error {
	sent := make(chan error, 1)
	go func() {
		stream := make([]byte, streamSize)
		for i := range stream {
			stream[i] = pattern(i)
		}
		if _, err := conn.Write(stream); err != nil {
			sent <- fmt.Errorf("send the stream: %w", err)
			return
		}
		sent <- conn.CloseWrite()
	}()
	stream, err := io.ReadAll(conn)
	if err != nil {
		return fmt.Errorf("after %d bytes: %w", len(stream), err)
	}
	if len(stream) != streamSize {
		return fmt.Errorf("got %d bytes, want %d", len(stream), streamSize)
	}
	for i, b := range stream {
		if b != pattern(i) {
			return fmt.Errorf("byte %d is %d, want %d", i, b, pattern(i))
		}
	}
	return <-sent
}
