package recipes

import (
	"fmt"
	"maps"
	"path/filepath"
	"strings"

	"github.com/resetlab/resetlab/harness/program"
)

// A Server is how an sshd is configured. The zero Server lets nobody log in.
type Server struct {
	HostKey Key
	User    Key // who may log in, as root
	// Options are lines of its sshd_config, before those that every one has.
	Options []string
	// Files are further ones below /etc and /run, such as /etc/hosts.deny.
	Files map[string]string
	// Log is a file in its private directory that has its log in the place of
	// standard error. Empty: none.
	Log string
}

// SSHD is OpenSSH's server, in the foreground, with its log on standard error.
// It runs as root only, which is the one user that it knows beside its own, and
// resolves no names by asking others. See sshd(8) and sshd_config(5); the file
// "sshd_config" in its private directory is read again at a SIGHUP.
func SSHD(s Server) program.Recipe {
	files := map[string]string{
		"/etc/passwd":        "root:x:0:0:root:/run:/bin/sh\nsshd:x:100:65534::/run/sshd:/usr/sbin/nologin\n",
		"/etc/group":         "root:x:0:\nnogroup:x:65534:\n",
		"/etc/shadow":        "root:*:19000:0:99999:7:::\nsshd:!:19000:0:99999:7:::\n",
		"/etc/nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files\n",
		"/etc/hosts.deny":    "",
		"/etc/hosts.allow":   "",
		"/run/sshd/":         "",
	}
	maps.Copy(files, s.Files)
	return program.Recipe{
		Name: "sshd", Package: "openssh-server", Path: "sshd", Version: []string{"-V"},
		Listens: true, Files: files,
		Command: func(at program.Place) (program.Command, error) {
			path, err := s.Write(at)
			log := []string{"-e"}
			if s.Log != "" {
				log = []string{"-E", filepath.Join(at.Dir, s.Log)}
			}
			return program.Command{Args: append(log, "-D", "-f", path)}, err
		},
	}
}

// Write writes the server's configuration and keys to where it runs, and returns
// the path of its sshd_config.
func (s Server) Write(at program.Place) (path string, err error) {
	host, err := at.Write("host_key", s.HostKey.Private, 0o600)
	if err != nil {
		return "", err
	}
	user, err := at.Write("authorized_keys", s.User.Public+"\n", 0o600)
	if err != nil {
		return "", err
	}
	lines := append(append([]string{}, s.Options...),
		"Port "+fmt.Sprint(at.Address.Port()), "ListenAddress "+at.Address.Addr().String(),
		"HostKey "+host, "AuthorizedKeysFile "+user, "PidFile none", "UsePAM no", "StrictModes no", "UseDNS no",
		"PasswordAuthentication no", "KbdInteractiveAuthentication no", "PermitRootLogin prohibit-password")
	return at.Write("sshd_config", strings.Join(lines, "\n")+"\n", 0o600)
}

// A Client is how ssh and sftp are configured.
type Client struct {
	HostKey Key // the server's, by which it is known
	User    Key
	// Options are those of -o, before those that every client has.
	Options []string
}

// SSH is OpenSSH's client, which logs in at a server, host:port, and runs a
// command there. It reads no configuration but this, asks nobody anything, and
// uses no agent. See ssh(1).
func SSH(server string, c Client, command ...string) program.Recipe {
	return program.Recipe{
		Name: "ssh", Package: "openssh-client", Path: "ssh", Version: []string{"-V"}, AnyUser: true,
		Command: func(at program.Place) (program.Command, error) {
			args, host, port, err := c.arguments(at, server)
			args = append(args, "-p", port, "root@"+host)
			return program.Command{Args: append(args, command...)}, err
		},
	}
}

// SFTP is OpenSSH's client for files, which logs in at a server, host:port, and
// has it carry out commands, a line each. See sftp(1).
func SFTP(server string, c Client, batch string) program.Recipe {
	return program.Recipe{
		Name: "sftp", Package: "openssh-client", Path: "sftp", AnyUser: true,
		Command: func(at program.Place) (program.Command, error) {
			args, host, port, err := c.arguments(at, server)
			if err != nil {
				return program.Command{}, err
			}
			path, err := at.Write("batch", batch, 0o600)
			return program.Command{Args: append(args, "-b", path, "-P", port, "root@"+host)}, err
		},
	}
}

// arguments are the ones that ssh and sftp have in common.
func (c Client) arguments(at program.Place, server string) (args []string, host, port string, err error) {
	host, port, ok := strings.Cut(server, ":")
	if !ok || strings.Contains(port, ":") {
		return nil, "", "", fmt.Errorf("the address of the server is %q: allowed is an IPv4 address with a port", server)
	}
	known, err := at.Write("known_hosts", fmt.Sprintf("[%s]:%s %s\n", host, port, c.HostKey.Public), 0o600)
	if err != nil {
		return nil, "", "", err
	}
	identity, err := at.Write("identity", c.User.Private, 0o600)
	if err != nil {
		return nil, "", "", err
	}
	options := append(append([]string{}, c.Options...),
		"BindAddress="+at.Address.Addr().String(), "UserKnownHostsFile="+known, "GlobalKnownHostsFile=none", "StrictHostKeyChecking=yes",
		"IdentityFile="+identity, "IdentitiesOnly=yes", "IdentityAgent=none", "BatchMode=yes")
	args = []string{"-F", "none"}
	for _, option := range options {
		args = append(args, "-o", option)
	}
	return args, host, port, nil
}
