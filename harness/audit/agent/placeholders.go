package agent

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/point"
)

// placeholders say to a program what is to be done, by their names and values.
type placeholders []placeholder

type placeholder struct{ name, value string }

// placeholders are those of a call.
func (c Command) placeholders(call audit.Call) (placeholders, error) {
	t, err := c.placeholdersOf(audit.Target{Address: call.Address, Healthy: call.Healthy})
	if err != nil {
		return nil, err
	}
	word := c.Method
	if word == nil {
		word = method
	}
	if call.Healthy == "" {
		call.Healthy = call.Address
	}
	t = append(t, placeholders{
		{"id", call.ID}, {"operation", string(call.Operation)}, {"method", word(call.Operation)}, {"shape", call.Shape},
	}...)
	if c.URL != nil {
		t = append(t, placeholder{"url", c.URL(call)})
		call.Address = call.Healthy
		t = append(t, placeholder{"healthy_url", c.URL(call)})
	}
	return t, nil
}

// placeholdersOf are those that say where the server is.
func (c Command) placeholdersOf(to audit.Target) (placeholders, error) {
	host, port, err := net.SplitHostPort(to.Address)
	if err != nil {
		return nil, fmt.Errorf("agent: the call's address: %w", err)
	}
	if to.Healthy == "" {
		to.Healthy = to.Address // so that one command line does for every cell
	}
	return placeholders{{"address", to.Address}, {"host", host}, {"port", port}, {"healthy", to.Healthy}, {"ca", c.CA}}, nil
}

// method is the method of RFC 9110, section 9.2, that says what an operation is.
func method(o point.Operation) string {
	switch o {
	case point.Read:
		return "GET"
	case point.Idempotent:
		return "PUT"
	}
	return "POST"
}

// in replaces the placeholders in arguments.
func (all placeholders) in(args []string) []string {
	var oldnew []string
	for _, p := range all {
		oldnew = append(oldnew, "{"+p.name+"}", p.value)
	}
	replacer := strings.NewReplacer(oldnew...)
	replaced := make([]string, 0, len(args))
	for _, arg := range args {
		replaced = append(replaced, replacer.Replace(arg))
	}
	return replaced
}

func (all placeholders) environment() []string {
	var list []string
	for _, p := range all {
		list = append(list, "RESETLAB_"+strings.ToUpper(p.name)+"="+p.value)
	}
	return list
}

// inherited is this process's environment, without what would take the program
// past the audit's proxy.
func inherited() []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(strings.ToLower(variable), "=")
		return strings.HasSuffix(name, "_proxy") && name != "no_proxy"
	})
}
