package recipes

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/resetlab/resetlab/harness/program"
)

// VSFTPD is an FTP server, in the foreground, that lets anonymous in at an empty
// directory, with options as lines of its vsftpd.conf. It writes what is said at
// its control connections to the file "log" in its private directory. See
// vsftpd.conf(5).
func VSFTPD(options ...string) program.Recipe {
	return program.Recipe{
		Name: "vsftpd", Package: "vsftpd", Path: "vsftpd", Version: []string{"-v"},
		AnyUser: true, Listens: true,
		Command: func(at program.Place) (program.Command, error) {
			root, err := at.Write("root/file", "hello\n", 0o644)
			if err != nil {
				return program.Command{}, err
			}
			lines := append([]string{
				"listen=YES", "listen_address=" + at.Address.Addr().String(), fmt.Sprintf("listen_port=%d", at.Address.Port()),
				"background=NO", "run_as_launching_user=YES", "seccomp_sandbox=NO",
				"anonymous_enable=YES", "anon_root=" + filepath.Dir(root), "secure_chroot_dir=" + filepath.Dir(root),
				"xferlog_enable=YES", "vsftpd_log_file=" + filepath.Join(at.Dir, "log"), "log_ftp_protocol=YES",
			}, options...)
			path, err := at.Write("vsftpd.conf", strings.Join(lines, "\n")+"\n", 0o644)
			return program.Command{Args: []string{path}}, err
		},
	}
}

// LFTP is an FTP client that runs commands, one a line, without settings of its
// user, and tells what it does and what it is told. See lftp(1).
func LFTP(commands ...string) program.Recipe {
	return program.Recipe{
		Name: "lftp", Package: "lftp", Path: "lftp", Version: []string{"--version"},
		AnyUser: true,
		Command: func(at program.Place) (program.Command, error) {
			path, err := at.Write("commands", "debug 3\n"+strings.Join(commands, "\n")+"\n", 0o644)
			return program.Command{Args: []string{"--norc", "-f", path}, Env: []string{}}, err
		},
	}
}
