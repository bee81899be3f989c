package recipes

import "github.com/resetlab/resetlab/harness/program"

// HAProxy is a load balancer, with a configuration that may name its private
// directory and its address; "log stdout format raw local0" makes its log lines
// part of the evidence. Where the configuration binds nothing set Listens to
// false. See haproxy(1) and its configuration manual.
func HAProxy(configuration func(at program.Place) string) program.Recipe {
	return program.Recipe{
		Name: "haproxy", Package: "haproxy", Path: "haproxy", Version: []string{"-v"},
		AnyUser: true, Listens: true,
		Command: func(at program.Place) (program.Command, error) {
			path, err := at.Write("haproxy.cfg", configuration(at), 0o644)
			return program.Command{Args: []string{"-db", "-f", path}}, err
		},
	}
}
