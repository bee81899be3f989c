package isolation_test

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// filesBelow lists what is below a directory.
func filesBelow(t *testing.T, directory string) (paths []string) {
	t.Helper()
	filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if path != directory {
			paths = append(paths, path)
		}
		return nil // what has gone meanwhile is not there
	})
	return paths
}

// mounted describes what is mounted where this process is (proc_pid_mountinfo(5)).
func mounted(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for line := range strings.Lines(string(text)) {
		all["mount "+line] = "there"
	}
	return all
}

// leaveTheFilesAlone fails the test if the machine's /etc, its firewall as nft(8)
// lists it, the list of its services, or what the programs keep in other directories
// is not at its end what it was.
func leaveTheFilesAlone(t *testing.T) {
	t.Helper()
	before, kept := machineFiles(t), programFiles(t)
	if len(before) < 10 || len(kept) < 10 {
		t.Fatalf("what the machine has is not found: %v, %v", before, kept)
	}
	t.Cleanup(func() {
		after := programFiles(t)
		t.Logf("the machine has %d parts of /etc, of its firewall and services, and %d files of the programs elsewhere",
			len(before), len(after))
		for _, difference := range append(differences(before, machineFiles(t)), differences(kept, after)...) {
			t.Errorf("the machine's %s", difference)
		}
	})
}

// whose finds the paths at which the daemons, and what they are written in, keep
// files unless they are told to do otherwise. Other paths are other programs', which
// go on while this test runs.
var whose = regexp.MustCompile(`(?i)rabbitmq|erlang|epmd|mysql|mariadb|postgres|\.s\.pgsql|redis|memcached|haproxy|nginx|` +
	`vsftpd|fail2ban|sshd|tomcat|hsperfdata|java_pid|\.java|mono`)

// programFiles describes what is at these paths below the directories in which
// programs keep files for a time, and below the homes of the users as whom they run.
// Of those for temporary files, and of homes, it looks at the highest ones alone: a
// run is told to use others, which are looked at whole.
func programFiles(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, path := range []string{"/tmp", "/var/tmp", "/root"} {
		entries, err := os.ReadDir(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			if whose.MatchString(entry.Name()) {
				all["file "+filepath.Join(path, entry.Name())] = entry.Type().String()
			}
		}
	}
	for _, root := range []string{"/var", "/run", "/dev/shm"} {
		filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !whose.MatchString(path) {
				return nil // it has gone, or is somebody else's
			}
			if info, err := entry.Info(); err == nil {
				all["file "+path] = fmt.Sprint(info.Mode(), info.Size(), info.ModTime())
			}
			return nil
		})
	}
	return all
}

// machineFiles describes /etc, the firewall and the services, by the names of
// their parts.
func machineFiles(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir("/etc", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		content := "" // of a directory: its parts
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			content, err = os.Readlink(path)
		case info.Mode().IsRegular():
			var text []byte
			text, err = os.ReadFile(path)
			content = fmt.Sprintf("%x", sha256.Sum256(text))
		}
		owner := info.Sys().(*syscall.Stat_t)
		all["file "+path] = fmt.Sprint(info.Mode(), owner.Uid, owner.Gid, content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range append(statusOfServices(t), []string{"nft", "--stateless", "list", "ruleset"}) {
		said, err := exec.Command(list[0], list[1:]...).CombinedOutput() // in a cleanup, too, the test's context is over
		all[strings.Join(list, " ")] = fmt.Sprint(string(said), err)
	}
	return all
}

// statusOfServices returns the commands that ask each of the machine's own services
// for its state. RabbitMQ's script is left out: to ask, it starts Erlang's port mapper
// (epmd(1)), which stays.
func statusOfServices(t *testing.T) [][]string {
	t.Helper()
	if _, err := os.Stat("/run/systemd/system"); err == nil { // sd_booted(3)
		return [][]string{{"systemctl", "list-units", "--type=service", "--all", "--plain", "--no-legend", "--no-pager"}}
	}
	scripts, err := filepath.Glob("/etc/init.d/*")
	if err != nil {
		t.Fatal(err)
	}
	var asked [][]string
	for _, script := range scripts {
		if name := filepath.Base(script); name != "rabbitmq-server" {
			asked = append(asked, []string{"service", name, "status"})
		}
	}
	return asked
}
