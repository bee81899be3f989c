package isolation_test

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/harness/program"
	"github.com/resetlab/resetlab/harness/program/recipes"
)

// plays are what becomes of connections to real programs, by what happens.
var plays = map[string]func(*stage) toSay{
	"nginx aborts on purpose": func(s *stage) toSay {
		p := s.run(prefork("reset_timedout_connection on;\nreturn 444;"))
		s.isReset(s.dial(p.Addr(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
		return toSay{server: p.Addr(), cause: "linger-zero", name: "nginx", pids: s.children(p.PID())}
	},
	"a client aborts what a worker of nginx has": func(s *stage) toSay {
		p := s.run(prefork("return 204;"))
		c := s.dial(p.Addr(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		s.hear(c, "HTTP/1.1 204 No Content\r\n")
		worker := s.holder(s.children(p.PID()), c.LocalAddr().String())
		s.must(c.TCP().SetLinger(0))
		s.must(c.Close())
		return toSay{server: p.Addr(), atPeer: true, cause: "unread", name: "nginx", pids: []int{worker}, doubt: true}
	},
	"redis turns one too many away": func(s *stage) toSay {
		p := s.run(recipes.Redis("--maxclients", "1"))
		container, named := confine(s, p.PID(), 1<<30)
		if !named { // version 2 goes by where the socket was made
			container = ""
		}
		first := s.dial(p.Addr(), "PING\r\n")
		s.hear(first, "+PONG\r\n")
		var second *lab.Conn
		s.must(p.AcceptUnread(s.ctx, 6, func() error { second = s.dial(p.Addr(), "PING\r\n"); return nil }))
		s.isReset(second)
		return toSay{server: p.Addr(), cause: "unread", name: "redis-server", pids: []int{p.PID()}, unread: 6, container: container}
	},
	"redis is killed": func(s *stage) toSay {
		p := s.run(recipes.Redis())
		c := s.dial(p.Addr(), "PING\r\n")
		s.hear(c, "+PONG\r\n")
		s.must(p.Pause(s.ctx))
		s.say(c, "PING\r\n")
		s.arrived(c)
		s.must(p.Signal(syscall.SIGKILL))
		p.Err() // it is known how it ended
		s.isReset(c)
		return toSay{server: p.Addr(), cause: "killed", sure: true, signal: "SIGKILL", name: "redis-server", pids: []int{p.PID()}, unread: 6}
	},
	"http.server refuses an upload": func(s *stage) toSay {
		p := s.run(python("", "-m", "http.server", "--bind", "ADDRESS", "PORT"))
		const body = 200_000
		c := s.dial(p.Addr(), fmt.Sprintf("POST / HTTP/1.0\r\nContent-Length: %d\r\n\r\n", body))
		c.Write(make([]byte, body)) // it may be reset meanwhile
		s.isOver(c)                 // it shuts down before it closes
		return toSay{server: p.Addr(), cause: "unread", name: "python3", pids: []int{p.PID()}, unread: -1}
	},
	"sshd is asked for a page": func(s *stage) toSay {
		host, err := recipes.NewKey()
		s.must(err)
		p := s.run(recipes.SSHD(recipes.Server{HostKey: host}))
		listener := p.PID()
		const line, behind = "GET / HTTP/1.1\r\n", "Host: x\r\n\r\n"
		var c *lab.Conn
		s.must(p.AcceptUnread(s.ctx, len(line+behind), func() error { c = s.dial(p.Addr(), line+behind); return nil }))
		s.isReset(c)
		return toSay{server: p.Addr(), cause: "unread", name: "sshd", pids: childrenSince(listener), unread: int64(len(behind))}
	},
	"a client aborts what Java has": func(s *stage) toSay {
		p := s.run(selector(s))
		c := s.dial(p.Addr(), "a")
		s.hear(c, "a")
		s.must(c.TCP().SetLinger(0))
		s.must(c.Close())
		return toSay{server: p.Addr(), atPeer: true, cause: "linger-zero", sure: true, name: "java", pids: []int{p.PID()}, doubt: true}
	},
	"a process uses too much memory": func(s *stage) toSay {
		p := s.run(python(`import socket, sys
s = socket.create_server((sys.argv[1], int(sys.argv[2])))
c, _ = s.accept()
c.recv(1)
kept = []
while True:
    kept.append(b"x" * (1 << 20))`, "ADDRESS", "PORT"))
		confine(s, p.PID(), 32<<20)
		c := s.dial(p.Addr(), "hello")
		p.Err() // it is known how it ended
		s.isReset(c)
		return toSay{server: p.Addr(), cause: "killed", sure: true, signal: "SIGKILL", oom: true, name: "python3", pids: []int{p.PID()}, unread: 4}
	},
	"a full accept queue": func(s *stage) toSay {
		s.must(s.server.SetSysctl("net.ipv4.tcp_abort_on_overflow", "1"))
		p := s.run(python(`import signal, socket, sys
s = socket.create_server((sys.argv[1], int(sys.argv[2])), backlog=0)
signal.pause()`, "ADDRESS", "PORT"))
		here := netip.AddrPortFrom(s.client.IP(), 0)
		acks, err := s.server.Block(netlab.Rule{Hook: netlab.Input, Verdict: netlab.Drop, Source: here, NoSYN: true})
		s.must(err)
		late := s.dial(p.Addr(), "a")
		other, err := s.lab.Host("server").Dial(s.ctx, p.Addr()) // takes the only room
		s.must(err)
		s.lab.Own(other)
		s.must(acks.Lift())
		s.isReset(late)
		return toSay{server: p.Addr(), cause: "accept-queue-full", sure: true, name: "python3", pids: []int{p.PID()}}
	},
	"redis is restarted": func(s *stage) toSay {
		p := s.run(recipes.Redis())
		c := s.dial(p.Addr(), "PING\r\n")
		s.hear(c, "+PONG\r\n")
		s.must(p.Pause(s.ctx))
		s.say(c, "PING\r\n")
		s.arrived(c)
		lost, err := s.server.Block(netlab.Rule{Hook: netlab.Output, Verdict: netlab.Drop, Destination: netip.AddrPortFrom(s.client.IP(), 0)})
		s.must(err)
		s.must(p.Signal(syscall.SIGKILL))
		p.Err()
		address := netip.MustParseAddrPort(p.Addr())
		again := recipes.Redis("--port", fmt.Sprint(address.Port()))
		again.Listens = false // at the old address
		q := s.run(again)
		s.must(q.AwaitListening(s.ctx, address))
		s.must(lost.Lift())
		s.say(c, "PING\r\n")
		s.isReset(c)
		return toSay{server: p.Addr(), cause: "restarted", name: "redis-server", pids: []int{q.PID()}}
	},
}

// prefork is nginx with a master and two workers.
func prefork(directives string) program.Recipe {
	r := recipes.NGINX(func(at program.Place) string {
		return fmt.Sprintf("server {\nlisten %v;\n%s\n}", at.Address, directives)
	})
	single := r.Command
	r.Command = func(at program.Place) (program.Command, error) {
		c, err := single(at)
		if err != nil {
			return c, err
		}
		path := filepath.Join(at.Dir, "nginx.conf")
		text, err := os.ReadFile(path)
		if err != nil {
			return c, err
		}
		return c, os.WriteFile(path, []byte(strings.Replace(string(text), "master_process off;", "worker_processes 2;", 1)), 0o644)
	}
	return r
}

// python runs a script, or a module, at its address.
func python(script string, arguments ...string) program.Recipe {
	return program.Recipe{
		Name: "python3", Package: "python3", Path: "/usr/bin/python3", AnyUser: true, Listens: true,
		Command: func(at program.Place) (program.Command, error) {
			var args []string
			if script != "" {
				args = []string{"-c", script}
			}
			for _, argument := range arguments {
				argument = strings.ReplaceAll(argument, "ADDRESS", at.Address.Addr().String())
				args = append(args, strings.ReplaceAll(argument, "PORT", fmt.Sprint(at.Address.Port())))
			}
			return program.Command{Args: args}, nil
		},
	}
}

// selector is the server in Java with one selector that the scenarios of real
// programs have.
func selector(s *stage) program.Recipe {
	s.Helper()
	const class = "SelectorServer"
	source, err := os.ReadFile(filepath.Join(project, "scenarios/real/testdata", class+".java"))
	s.must(err)
	directory := s.TempDir()
	s.must(recipes.Javac(s.ctx, class+".java", string(source), directory))
	return recipes.Java(directory, class, func(at program.Place) []string {
		return []string{at.Address.Addr().String(), fmt.Sprint(at.Address.Port()), "handled"}
	})
}

// childrenSince are all numbers that the children of a process can have: it has
// started one for a connection, which has ended.
func childrenSince(pid int) (pids []int) {
	for n := pid + 1; n < pid+1<<12; n++ {
		pids = append(pids, n)
	}
	return pids
}

// confine puts a process into a memory cgroup of its own, of whichever version
// the machine has, that is named as a container is.
func confine(s *stage, pid int, bytes int) (container string, older bool) {
	s.Helper()
	directory, limits := memoryGroup(s)
	s.must(os.Mkdir(directory, 0o755))
	s.Cleanup(func() {
		if err := os.Remove(directory); err != nil {
			s.Error(err)
		}
	})
	for i, name := range limits {
		value := fmt.Sprint(bytes)
		if name == "memory.swap.max" {
			value = "0"
		}
		err := os.WriteFile(filepath.Join(directory, name), []byte(value), 0)
		if i > 0 && os.IsNotExist(err) { // without swap
			continue
		}
		s.must(err)
	}
	s.must(os.WriteFile(filepath.Join(directory, "cgroup.procs"), []byte(fmt.Sprint(pid)), 0))
	return filepath.Base(directory), limits[0] == "memory.limit_in_bytes"
}

// memoryGroup is where such a cgroup can be, below this process's own, and what
// limits it.
func memoryGroup(s *stage) (directory string, limits []string) {
	s.Helper()
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	s.must(err)
	own, err := os.ReadFile("/proc/self/cgroup")
	s.must(err)
	path := map[string]string{}
	for line := range strings.Lines(string(own)) {
		if fields := strings.SplitN(strings.TrimSpace(line), ":", 3); len(fields) == 3 {
			path[fields[1]] = fields[2]
		}
	}
	name := fmt.Sprintf("%064x", os.Getpid())
	for line := range strings.Lines(string(mounts)) {
		before, after, _ := strings.Cut(strings.TrimSpace(line), " - ")
		at := strings.Fields(before)[4]
		switch kind, options, _ := strings.Cut(after, " "); {
		case kind == "cgroup" && strings.HasSuffix(options, ",memory"):
			return filepath.Join(at, path["memory"], name), []string{"memory.limit_in_bytes", "memory.memsw.limit_in_bytes"}
		case kind == "cgroup2":
			directory = filepath.Join(at, path[""], name)
		}
	}
	if controllers, _ := os.ReadFile(filepath.Join(filepath.Dir(directory), "cgroup.subtree_control")); !strings.Contains(string(controllers), "memory") {
		s.Skipf("the cgroup of this process gives no memory controller to those below it: %q", directory)
	}
	return directory, []string{"memory.max", "memory.swap.max"}
}
