package keeper

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"reflect"
	"syscall"

	"golang.org/x/sys/unix"
)

// variable tells a re-executed binary that it is a keeper. Its value names
// the network namespace of the parent.
const variable = "RESETLAB_KEEPER"

// controlDescriptor is the keeper's end of the control socket.
const controlDescriptor = 3

// The hook by which a binary that imports this package executes itself again
// as a keeper.
func init() {
	parent, asked := os.LookupEnv(variable)
	if !asked {
		return
	}
	// Not os.Exit: the race detector would wait a second for more reports.
	if err := keep(newChannel(controlDescriptor), parent); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", variable, err)
		syscall.Exit(1)
	}
	syscall.Exit(0)
}

// A keeper holds network namespaces and acts in them on request.
type keeper struct {
	actions map[string]reflect.Type
	hosts   map[string]*namespace
	first   *namespace // the one that the process was started in, until it has its host
}

// keep serves requests until the channel ends, which it does when the parent
// closes it or is gone.
func keep(c *channel, parent string) error {
	k, err := newKeeper(parent)
	if sendErr := c.send(respond(nil, err), -1); err != nil || sendErr != nil {
		return errors.Join(err, sendErr)
	}
	for {
		var q request
		given, err := c.receive(&q)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		result, opened, err := k.serve(q, given)
		// What the other side does next must find no copy of a socket here: the
		// last one to be closed is the one that counts.
		if given >= 0 {
			unix.Close(given)
		}
		if opened >= 0 {
			handOverErr := c.send(response{More: true}, opened)
			unix.Close(opened)
			if handOverErr != nil {
				return handOverErr
			}
		}
		if err := c.send(respond(result, err), -1); err != nil {
			return err
		}
	}
}

// newKeeper settles in the namespace that the process was started in, which
// shows what it is allowed to do there.
func newKeeper(parent string) (*keeper, error) {
	k := &keeper{actions: map[string]reflect.Type{}, hosts: map[string]*namespace{}}
	for _, a := range actions() {
		k.actions[reflect.TypeOf(a).Name()] = reflect.TypeOf(a)
	}
	if err := verify(parent); err != nil {
		return nil, err
	}
	var err error
	k.first, err = k.newNamespace(false)
	return k, err
}

// verify makes sure that this process is in a network namespace that was made
// for it: not its parent's, and with no interface up, as none but a new one is.
func verify(parent string) error {
	own, err := os.Readlink(ownNamespace)
	if err != nil {
		return err
	}
	interfaces, err := net.Interfaces()
	if err != nil {
		return fmt.Errorf("list the interfaces: %w", err)
	}
	used := own == parent
	for _, i := range interfaces {
		used = used || i.Flags&net.FlagUp != 0
	}
	if used {
		return fmt.Errorf("network namespace %s is not a new one: refusing to touch it", own)
	}
	return nil
}

// serve does what a request asks for.
func (k *keeper) serve(q request, given int) (result any, opened int, err error) {
	kind, ok := k.actions[q.Action]
	if !ok {
		return nil, -1, fmt.Errorf("unknown action %q", q.Action)
	}
	a := reflect.New(kind)
	if err := json.Unmarshal(q.Arguments, a.Interface()); err != nil {
		return nil, -1, fmt.Errorf("decode %s: %w", q.Action, err)
	}
	n, ok := k.hosts[q.Host]
	_, making := a.Interface().(*MakeHost)
	switch {
	case making && ok:
		return nil, -1, errors.New("the network has a host of this name already")
	case !making && !ok && q.Host != "":
		return nil, -1, errors.New("the network has no host of this name")
	case !ok:
		if n, err = k.settle(q.Host); err != nil {
			return nil, -1, err
		}
	}
	n.act(func() { result, opened, err = perform(a.Elem().Interface(), n, given) })
	return result, opened, err
}

// perform runs an action, of whichever sort it is, on the thread of n.
func perform(a any, n *namespace, given int) (result any, opened int, err error) {
	switch a := a.(type) {
	case doer:
		return nil, -1, a.do(n)
	case receiver:
		return nil, -1, a.receive(n, given)
	case opener:
		return opening(a.open(n))
	case exchanger:
		return opening(a.exchange(n, given))
	case answerer:
		result, err = a.answer(n)
		return result, -1, err
	}
	return nil, -1, fmt.Errorf("%T is no action", a)
}

func opening(fd int, err error) (any, int, error) {
	if err != nil {
		return nil, -1, err
	}
	return nil, fd, nil
}
