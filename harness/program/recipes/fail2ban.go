package recipes

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/resetlab/resetlab/harness/program"
)

// A Jail is how a fail2ban is configured that watches an sshd.
type Jail struct {
	// Log is the sshd's log file. Each line of it is one message, as sshd -E
	// writes it, or if Named with what a log of syslog(3) has between the time and
	// the message: the machine's name, and the process's with its id.
	Log   string
	Named bool
	// Process is a regular expression for the name of the process that a Named
	// message is of. Empty: the one of the package's filter.
	Process string
	// Port is the one that is closed to who is banned.
	Port uint16
	// MaxRetry is how many failures of an address bring the ban.
	MaxRetry int
	// Block is what becomes of a segment from there, as a statement of nft(8):
	// "reject", "reject with tcp reset" or "drop".
	Block string
	// Banned is a file in fail2ban's private directory that is there as soon as
	// the rule has the first address.
	Banned string
}

// Fail2Ban is a daemon that bans by nftables, in the foreground, with its log on
// standard output and a configuration of its own; the filter of sshd's messages
// and the action are its package's. It says "Server ready" when it watches, and
// takes its rules away when it is stopped. It runs as root only. See
// fail2ban-server(1) and jail.conf(5).
func Fail2Ban(j Jail) program.Recipe {
	return program.Recipe{
		Name: "fail2ban", Package: "fail2ban", Path: "fail2ban-server", Version: []string{"-V"},
		Command: func(at program.Place) (program.Command, error) {
			nft, err := NFT().Find()
			if err != nil {
				return program.Command{}, err
			}
			for name, text := range j.files(at.Dir, nft) {
				if _, err := at.Write(name, text, 0o600); err != nil {
					return program.Command{}, err
				}
			}
			for _, name := range []string{"filter.d", "action.d/nftables.conf"} {
				if err := os.Symlink(filepath.Join("/etc/fail2ban", name), filepath.Join(at.Dir, name)); err != nil {
					return program.Command{}, err
				}
			}
			return program.Command{
				Args: []string{"-c", at.Dir, "-f", "start"},
				Env:  []string{"PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "PYTHONDONTWRITEBYTECODE=1", "PYTHONUNBUFFERED=1"},
			}, nil
		},
	}
}

// NFT is the command that writes the kernel's firewall of nftables. See nft(8).
func NFT(arguments ...string) program.Recipe {
	return program.Recipe{
		Name: "nft", Package: "nftables", Path: "nft", Version: []string{"--version"},
		Command: func(program.Place) (program.Command, error) { return program.Command{Args: arguments}, nil },
	}
}

// filter is the package's filter with its parameters. sshd -E writes no name before
// a message, which the filter is told.
func (j Jail) filter() string {
	switch {
	case !j.Named:
		return `sshd[__prefix_line=""]`
	case j.Process != "":
		return fmt.Sprintf("sshd[_daemon=%q]", j.Process)
	}
	return "sshd"
}

// files are the configuration, by name in the private directory. There are no times
// in the log, which the jail is told. The socket is named from the private
// directory, where fail2ban runs: the whole path may be longer than a socket's name
// can be (unix(7), 108 bytes).
func (j Jail) files(dir, nft string) map[string]string {
	return map[string]string{
		"fail2ban.conf": "[Definition]\nloglevel = INFO\nlogtarget = STDOUT\nsyslogsocket = auto\nallowipv6 = no\n" +
			"dbpurgeage = 1d\nsocket = socket\npidfile = " + dir + "/pid\ndbfile = " + dir + "/db\n",
		"jail.conf": fmt.Sprintf("[sshd]\nenabled = true\nbackend = polling\nlogpath = %s\n"+
			"filter = %s\ndatepattern = {NONE}\nmaxretry = %d\nfindtime = 3600\nbantime = 3600\n"+
			"usedns = no\nignoreself = false\naction = nftables[nftables=\"%s\", port=%d, blocktype=\"%s\"]\n\tbanned\n",
			j.Log, j.filter(), j.MaxRetry, nft, j.Port, j.Block),
		"action.d/banned.conf": "[Definition]\nactionban = touch " + filepath.Join(dir, j.Banned) + "\n",
	}
}
