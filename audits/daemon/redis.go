package daemon

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/point"
)

// A Redis is a Redis server. A write is INCR of the id, a read is
// RedisRead.
type Redis struct {
	*Daemon
	admin *redis.Client
}

// StartRedis starts a server that keeps nothing on disk.
func StartRedis(ctx context.Context) (*Redis, error) {
	server, err := find("redis-server", "redis-server")
	if err != nil {
		return nil, err
	}
	d, err := newDaemon(ctx)
	if err != nil {
		return nil, err
	}
	r := &Redis{Daemon: d}
	r.admin = redis.NewClient(&redis.Options{Addr: d.Address})
	ready := func(ctx context.Context) error { return r.admin.Ping(ctx).Err() }
	err = r.start(ctx, ready, server, "--bind", "127.0.0.1", "--port", r.port(), "--save", "", "--appendonly", "no",
		"--dir", r.dir, "--protected-mode", "no") // which refuses the loopback's other addresses; it is bound to the loopback
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// Addr returns the address of the server.
func (r *Redis) Addr() string { return r.Address }

// RedisRead is a script that counts its execution and returns the value that is
// read.
const RedisRead = `redis.call('INCR', KEYS[1]) return 'the value of ' .. KEYS[1]`

// Reply returns the value that a read gets; INCR returns no data.
func (r *Redis) Reply(c audit.Call) []byte {
	if c.Operation == point.Write {
		return nil
	}
	return []byte("the value of " + c.ID)
}

// Account reads the counter of an id, on a connection of its own.
func (r *Redis) Account(ctx context.Context, c audit.Call) (a audit.Account, err error) {
	a.Executed, err = r.admin.Get(ctx, c.ID).Int()
	if errors.Is(err, redis.Nil) {
		return a, nil
	}
	return a, err
}

// Settle waits until the server serves no connection from the address any more.
func (r *Redis) Settle(ctx context.Context, source netip.Addr, _ int) error {
	for {
		list, err := r.admin.ClientList(ctx).Result()
		if err != nil || !strings.Contains(list, " addr="+source.String()+":") {
			return err
		}
		select { // the server has no event for it
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("the server still serves %v: %w", source, ctx.Err())
		}
	}
}

// Forget does nothing: the counters end with the server.
func (r *Redis) Forget(netip.Addr, ...audit.Call) {}

// Close ends the server.
func (r *Redis) Close() error {
	r.admin.Close() // its connections end with the server anyway
	return r.Daemon.Close()
}
