package recipes

import (
	"fmt"
	"net"
	"path/filepath"
	"slices"

	"github.com/resetlab/resetlab/harness/program"
)

// Redis is a server that keeps nothing, with its log on standard output, and
// options as arguments: "--maxclients", "1". See redis.io/docs, redis.conf.
func Redis(options ...string) program.Recipe {
	return program.Recipe{
		Name: "redis-server", Package: "redis-server", Path: "redis-server", Version: []string{"--version"},
		AnyUser: true, Listens: true,
		Command: func(at program.Place) (program.Command, error) {
			args := []string{"--bind", at.Address.Addr().String(), "--port", fmt.Sprint(at.Address.Port()),
				"--dir", at.Dir, "--save", "", "--protected-mode", "no"}
			return program.Command{Args: append(args, options...)}, nil
		},
	}
}

// RedisCLI is Redis' client, which sends one command to a server, host:port, or
// what it reads on standard input if there is none. See redis-cli(1).
func RedisCLI(server string, command ...string) program.Recipe {
	return client(program.Recipe{Name: "redis-cli", Package: "redis-tools", Path: "redis-cli", Version: []string{"--version"}},
		server, func(host, port string) []string { return append([]string{"-h", host, "-p", port}, command...) })
}

// Memcached is a server, which tells of its connections on standard error, and
// options as arguments: "-c", "1". See memcached(1).
func Memcached(options ...string) program.Recipe {
	return program.Recipe{
		Name: "memcached", Package: "memcached", Path: "memcached", Version: []string{"--version"},
		AnyUser: true, NeverRoot: true, Listens: true,
		Command: func(at program.Place) (program.Command, error) {
			args := []string{"-l", at.Address.Addr().String(), "-p", fmt.Sprint(at.Address.Port()), "-U", "0", "-t", "1", "-vv"}
			return program.Command{Args: append(args, options...)}, nil
		},
	}
}

// MariaDB is a server without databases and without users, whose clients may do
// anything, with its log on standard error. Options are arguments:
// "--wait-timeout=1". See mariadbd(8).
func MariaDB(options ...string) program.Recipe {
	return program.Recipe{
		Name: "mariadbd", Package: "mariadb-server", Path: "mariadbd", Version: []string{"--version"},
		AnyUser: true, NeverRoot: true, Listens: true,
		Command: func(at program.Place) (program.Command, error) {
			// Without InnoDB and users an empty directory is all that it takes.
			in := func(name string) string { return filepath.Join(at.Dir, name) }
			args := []string{"--no-defaults", "--datadir=" + at.Dir, "--tmpdir=" + at.Dir, "--socket=" + in("socket"), "--pid-file=" + in("pid"),
				"--skip-grant-tables", "--skip-innodb", "--default-storage-engine=Aria",
				"--bind-address=" + at.Address.Addr().String(), fmt.Sprintf("--port=%d", at.Address.Port()), "--log-warnings=2"}
			return program.Command{Args: append(args, options...)}, nil
		},
	}
}

// MariaDBClient is MariaDB's client, which executes the statements that it reads
// on standard input at a server, host:port, and stops at the first that fails.
// See mariadb(1).
func MariaDBClient(server string, options ...string) program.Recipe {
	return client(program.Recipe{Name: "mariadb", Package: "mariadb-client", Path: "mariadb", Version: []string{"--version"}},
		server, func(host, port string) []string {
			return append([]string{"--no-defaults", "--unbuffered", "--skip-column-names", "-h", host, "-P", port}, options...)
		})
}

// InitDB makes the directory "data" for a PostgreSQL below its own. See initdb(1).
func InitDB() program.Recipe {
	return program.Recipe{
		Name: "initdb", Package: "postgresql", Path: ofPostgreSQL("initdb"), Version: []string{"--version"},
		AnyUser: true, NeverRoot: true,
		Command: func(at program.Place) (program.Command, error) {
			return program.Command{Args: []string{"-D", filepath.Join(at.Dir, "data"), "-U", "postgres", "-A", "trust",
				"--no-sync", "--no-locale", "-E", "UTF8"}}, nil
		},
	}
}

// PostgreSQL is a server whose directory InitDB has made, with its log on standard
// error. Options are settings: "idle_session_timeout=1s". See postgres(1).
func PostgreSQL(data string, options ...string) program.Recipe {
	return program.Recipe{
		Name: "postgres", Package: "postgresql", Path: ofPostgreSQL("postgres"), Version: []string{"--version"},
		AnyUser: true, NeverRoot: true, Listens: true,
		Command: func(at program.Place) (program.Command, error) {
			args := []string{"-D", data}
			for _, option := range append(options, "listen_addresses="+at.Address.Addr().String(),
				fmt.Sprintf("port=%d", at.Address.Port()), "unix_socket_directories=", "fsync=off") {
				args = append(args, "-c", option)
			}
			return program.Command{Args: args}, nil
		},
	}
}

// PSQL is PostgreSQL's client, which executes the statements that it reads on
// standard input at a server, host:port. See psql(1).
func PSQL(server string, options ...string) program.Recipe {
	return client(program.Recipe{Name: "psql", Package: "postgresql-client", Path: "psql", Version: []string{"--version"}},
		server, func(host, port string) []string {
			return append([]string{"-X", "-q", "-A", "-t", "-h", host, "-p", port, "-U", "postgres"}, options...)
		})
}

// client completes the recipe of a client of a server, host:port. Nothing of this
// process's environment tells it what to do, as PGOPTIONS would.
func client(r program.Recipe, server string, arguments func(host, port string) []string) program.Recipe {
	r.AnyUser = true
	r.Command = func(at program.Place) (program.Command, error) {
		host, port, err := net.SplitHostPort(server)
		if err != nil {
			return program.Command{}, fmt.Errorf("the address of the server: %w", err)
		}
		return program.Command{Args: arguments(host, port), Env: []string{}}, nil
	}
	return r
}

// ofPostgreSQL is the path of a program of its newest version, which Debian keeps
// out of PATH, or its name if there is none.
func ofPostgreSQL(name string) string {
	paths, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name) // the pattern is well-formed
	if len(paths) == 0 {
		return name
	}
	return slices.Max(paths)
}
