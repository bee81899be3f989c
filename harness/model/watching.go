package model

import "github.com/resetlab/resetlab/harness/script"

// everything is what poll and watch ask for unless they name events.
const everything = script.IN | script.PRI | script.OUT | script.RDHUP

// asked are the events that poll(2) and epoll tell of: those that were named,
// and ERR and HUP always (poll(2)).
func asked(events script.Events) script.Events {
	if events == 0 {
		events = everything
	}
	return events | script.ERR | script.HUP
}

// poll makes poll(2) (do_poll, fs/select.c). One that waits holds the file
// (__pollwait).
func (m *machine) poll(line script.Line, s *sock) script.Result {
	c := line.Call
	return m.begin(line, s, func(*call) (script.Result, bool) {
		if m.names[line.Actor.Name] != s {
			// It asks the descriptor's number again, which may be another's by now.
			beyond("a poll that waits, and whose descriptor was closed")
		}
		events := s.events() & asked(c.Events)
		return happened(events), events != 0 || !c.Forever
	})
}

// selects makes select(2) with all three sets: an error or an end makes a
// socket readable, an error writable too (POLLIN_SET, POLLOUT_SET, fs/select.c).
func selects(s *sock) script.Result {
	events := s.events()
	selected := events & (script.IN | script.OUT | script.PRI)
	if events&(script.HUP|script.ERR) != 0 {
		selected |= script.IN
	}
	if events&script.ERR != 0 {
		selected |= script.OUT
	}
	return happened(selected)
}

func happened(events script.Events) script.Result {
	if events == 0 {
		return script.Result{Kind: script.Nothing}
	}
	return script.Result{Kind: script.Happens, Events: events}
}

// A watch is a socket in an epoll set (struct epitem, fs/eventpoll.c).
type watch struct {
	name       string // the descriptor that is watched
	events     script.Events
	edge, once bool
	on         bool // it was not told once already
	ready      bool // it is on the ready list
}

// watch makes epoll_ctl(2) (ep_insert, ep_modify): what is there already counts
// as having happened.
func (s *sock) watch(name string, c script.Call) script.Result {
	w := s.watched(name)
	if w == nil {
		w = &watch{name: name}
		s.watches = append(s.watches, w)
	}
	w.events, w.edge, w.once, w.on = asked(c.Events), c.How == "edge", c.How == "once", true
	w.ready = w.ready || s.events()&w.events != 0
	return script.Result{Kind: script.OK}
}

func (s *sock) watched(name string) *watch {
	for _, w := range s.watches {
		if w.name == name {
			return w
		}
	}
	return nil
}

// happenings makes epoll_wait(2), not waiting (ep_send_events): of what is on
// the ready list it tells what is still so. Without edge it stays on the list.
func (s *sock) happenings(name string) script.Result {
	w := s.watched(name)
	if w == nil {
		wrong("%s watches nothing: %s watch IN RDHUP", name, name)
	}
	if !w.ready {
		return script.Result{Kind: script.Nothing}
	}
	events := s.events() & w.events
	w.ready = events != 0 && !w.edge && !w.once
	if w.once && events != 0 {
		w.on = false
	}
	return happened(events)
}
