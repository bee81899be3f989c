package lab_test

import (
	"context"
	"errors"
	"syscall"
	"testing"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/lab"
)

func TestCloseUnread(t *testing.T) {
	client, server := pair(t, newLab(t))
	write(client)

	if err := server.CloseUnread(within(t)); err != nil {
		t.Fatal(err)
	}

	read(client)
	if saw := client.Outcome(); saw.First() != "read: reset" {
		t.Errorf("the peer saw %v, want read: reset", saw)
	}
	if saw := server.Outcome(); saw.First() != "close: closed" || saw.Received != 0 {
		t.Errorf("saw %v, want close: closed and nothing read", saw)
	}
}

func TestCloseUnreadCloses(t *testing.T) {
	client, server := pair(t, newLab(t))
	ended, cancel := context.WithCancel(within(t))
	cancel()

	if err := server.CloseUnread(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that it was cancelled", err)
	}

	read(client)
	if saw := client.Outcome(); saw.First() != "read: finished" {
		t.Errorf("the peer saw %v, want read: finished", saw)
	}
}

func TestDisconnect(t *testing.T) {
	client, server := pair(t, newLab(t))

	if err := server.Disconnect(); err != nil {
		t.Fatal(err)
	}

	read(client)
	if saw := client.Outcome(); saw.First() != "read: reset" {
		t.Errorf("the peer saw %v, want read: reset", saw)
	}
	if saw := server.Outcome(); saw.Ending != harness.Open || saw.Calls[len(saw.Calls)-1].Op != lab.Disconnect {
		t.Errorf("saw %v, want it open: the descriptor stays", saw)
	}
	if err := server.Close(); err != nil {
		t.Errorf("Close() = %v", err)
	}
}

func TestSocketErrorTakesTheError(t *testing.T) {
	client, server := pair(t, newLab(t))
	if err := client.SocketError(); err != nil {
		t.Errorf("without an error it gave %v", err)
	}
	server.Abort()
	if err := client.AwaitReset(within(t)); err != nil {
		t.Fatal(err)
	}

	first, second := client.SocketError(), client.SocketError()
	read(client)

	if !errors.Is(first, syscall.ECONNRESET) || second != nil {
		t.Errorf("SO_ERROR gave %v, then %v, want ECONNRESET, then nothing", first, second)
	}
	saw := client.Outcome()
	if saw.First() != "so_error: reset" || saw.Calls[len(saw.Calls)-1].String() != "read: finished" {
		t.Errorf("saw %v, want so_error: reset and end of stream behind it", saw)
	}
}
