package recipes

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"

	"github.com/resetlab/resetlab/harness/program"
)

// RabbitMQ is a broker with a directory of its own, where nothing is kept, without
// plugins and with its log on standard output; its guest may come from anywhere.
// It takes a network of its own, since Erlang's name server (epmd) and the port by
// which nodes reach each other are the machine's. Its start is seconds of work.
// See rabbitmq.conf and the guides on rabbitmq.com.
func RabbitMQ() program.Recipe {
	const server = "/usr/lib/rabbitmq/bin/rabbitmq-server" // the one in PATH refuses other users than its own
	return program.Recipe{
		Name: "rabbitmq", Package: "rabbitmq-server", Path: "sh", Library: server,
		Version: []string{"-c", "ls -d /usr/lib/rabbitmq/lib/rabbitmq_server-*"},
		AnyUser: true, Listens: true,
		Command: func(at program.Place) (program.Command, error) {
			if at.Address.Addr().IsLoopback() {
				return program.Command{}, errors.New("RabbitMQ takes a network of its own")
			}
			settings := fmt.Sprintf("listeners.tcp.1 = %v\nloopback_users = none\nlog.console = true\nlog.file = false\n", at.Address)
			config, err := at.Write("rabbitmq.conf", settings, 0o644)
			if err != nil {
				return program.Command{}, err
			}
			in := func(name string) string { return filepath.Join(at.Dir, name) }
			// Erlang would start a name server that outlives it: this one ends with its group.
			const script = `epmd & until epmd -names >/dev/null 2>&1; do sleep 0.05; done; exec "$0"`
			return program.Command{Args: []string{"-c", script, server}, Env: []string{
				"PATH=/usr/bin:/bin:/usr/sbin:/sbin", "LANG=C.UTF-8", "ERL_EPMD_ADDRESS=127.0.0.1",
				"RABBITMQ_CONF_ENV_FILE=/dev/null", "RABBITMQ_CONFIG_FILE=" + config, "RABBITMQ_ENABLED_PLUGINS_FILE=" + in("plugins"),
				"RABBITMQ_NODENAME=rabbit@localhost", "RABBITMQ_DIST_PORT=25672",
				"RABBITMQ_MNESIA_BASE=" + in("mnesia"), "RABBITMQ_LOG_BASE=" + in("log"),
				"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=+S 1:1", // one thread: it starts with less work
			}}, nil
		},
	}
}

// Pika is a program in Python that has pika, a client of RabbitMQ's, and a
// server's host and port as its first arguments. See pika.readthedocs.io.
func Pika(server, source string, arguments ...string) program.Recipe {
	return program.Recipe{
		Name: "pika", Package: "python3-pika", Path: "/usr/bin/python3", Library: "/usr/lib/python3/dist-packages/pika/__init__.py",
		Version: []string{"-c", "import pika; print(pika.__version__)"}, AnyUser: true,
		Command: func(at program.Place) (program.Command, error) {
			host, port, err := net.SplitHostPort(server)
			if err != nil {
				return program.Command{}, fmt.Errorf("the address of the server: %w", err)
			}
			path, err := at.Write("client.py", source, 0o644)
			return program.Command{Args: append([]string{path, host, port}, arguments...)}, err
		},
	}
}
