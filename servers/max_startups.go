package servers

import (
	"context"
	"io"
	"math/rand/v2"
	"sync"

	"github.com/resetlab/resetlab/harness/lab"
)

// MaxStartups is sshd's limit on connections that have not authenticated
// (sshd_config(5)), such as 10:30:100. The zero value drops every connection.
type MaxStartups struct {
	Begin int // connections, from which on some are dropped
	Rate  int // percent of them that are dropped at Begin
	Full  int // connections, from which on all are dropped
}

// DropPercent returns how likely, in percent, a new connection is dropped
// while so many others have not authenticated. From Begin to Full it rises
// linearly, in whole numbers as in sshd.c, should_drop_connection.
func (m MaxStartups) DropPercent(startups int) int {
	switch {
	case startups >= m.Full:
		return 100
	case startups < m.Begin:
		return 0
	}
	return m.Rate + (100-m.Rate)*(startups-m.Begin)/(m.Full-m.Begin)
}

// LimitStartups makes a handler that echoes under the limit. A connection that
// is not dropped gets the Banner; its first line authenticates it, and is
// echoed when it no longer counts. One that is dropped was accepted before,
// and is left to drop. The seed decides who is dropped.
func LimitStartups(limit MaxStartups, seed uint64, drop lab.Handler) lab.Handler {
	var mu sync.Mutex
	chance := rand.New(rand.NewPCG(seed, 0))
	startups := 0
	admit := func() bool {
		mu.Lock()
		defer mu.Unlock()
		if chance.IntN(100) < limit.DropPercent(startups) {
			return false
		}
		startups++
		return true
	}
	authenticate := func(c *lab.Conn) (string, error) {
		defer func() {
			mu.Lock()
			defer mu.Unlock()
			startups--
		}()
		if _, err := io.WriteString(c, Banner); err != nil {
			return "", err
		}
		return readLine(c)
	}
	return func(ctx context.Context, c *lab.Conn) {
		if !admit() {
			drop(ctx, c)
			return
		}
		line, err := authenticate(c)
		if err != nil {
			return
		}
		if _, err := io.WriteString(c, line+"\n"); err != nil {
			return
		}
		echo(c) // how it ended is in the outcome
	}
}
