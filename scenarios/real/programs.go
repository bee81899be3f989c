package real

import (
	"context"
	"errors"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/program"
	"github.com/resetlab/resetlab/harness/program/recipes"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// A tool is a real program that specs are made with.
type tool struct {
	recipe program.Recipe // or one like it
	// release is the part of its version that what it does depends on.
	release func() (string, error)
}

// tools are the programs, by the names in the labels.
var tools = map[string]tool{
	"bash":         released(2, command("bash", "bash", "--version")),
	"curl":         released(2, command("curl", "curl", "--version")),
	"fail2ban":     released(2, recipes.Fail2Ban(recipes.Jail{})),
	"gcc":          released(1, command("gcc", "gcc", "--version")),
	"go":           released(2, program.Recipe{Name: "go", Package: "golang-go", Path: "go", Version: []string{"version"}}), // with this user's cache
	"haproxy":      released(2, recipes.HAProxy(nil)),
	"java":         released(1, recipes.Java("", "", nil)),
	"javac":        released(1, program.Recipe{Name: "javac", Package: "default-jdk-headless", Path: "javac", Version: []string{"-J-XX:-UsePerfData", "-version"}}),
	"lftp":         released(2, recipes.LFTP()),
	"mariadb":      released(2, recipes.MariaDBClient("")), // of mariadbd's version: the one that it tells is another
	"mariadbd":     released(2, recipes.MariaDB()),
	"memcached":    released(2, recipes.Memcached()),
	"mono":         released(2, program.Recipe{Name: "mono", Package: "mono-mcs", Path: "mono", Library: "/usr/bin/mcs", Version: []string{"--version"}, AnyUser: true}),
	"nc":           released(2, command("nc", "netcat-openbsd", "-h")),
	"nft":          released(2, recipes.NFT()),
	"nginx":        released(2, recipes.NGINX(nil)),
	"node":         released(1, command("node", "nodejs", "--version")),
	"perl":         released(2, command("perl", "perl-base", "--version")),
	"php":          released(2, command("php", "php-cli", "--version")),
	"pika":         released(2, recipes.Pika("", "")),
	"postgres":     released(1, recipes.PostgreSQL("")),
	"psql":         released(1, recipes.PSQL("")),
	"python3":      released(2, program.Recipe{Name: "python3", Package: "python3", Path: "/usr/bin/python3", Version: []string{"--version"}, AnyUser: true}),
	"rabbitmq":     released(2, recipes.RabbitMQ()),
	"redis-cli":    released(2, recipes.RedisCLI("")),
	"redis-server": released(2, recipes.Redis()),
	"ruby":         released(2, command("ruby", "ruby", "--version")),
	"rustc":        released(2, command("/usr/bin/rustc", "rustc", "--version")),
	"ssh":          released(2, recipes.SSH("", recipes.Client{})),
	"sshd":         released(2, recipes.SSHD(recipes.Server{})),
	"strace":       released(2, command("strace", "strace", "--version")),
	"telnet":       released(2, command("inetutils-telnet", "inetutils-telnet", "--version")),
	"tomcat":       released(2, recipes.Tomcat("", "", nil)),
	"vsftpd":       released(2, recipes.VSFTPD()),
}

// command is the recipe of a command that is asked for its version so.
func command(name, pkg, version string) program.Recipe {
	return program.Recipe{Name: name, Package: pkg, Path: name, Version: []string{version}, AnyUser: true}
}

// released is a tool whose releases are told apart by so many numbers of its
// version. It is asked once.
func released(numbers int, r program.Recipe) tool {
	return tool{r, sync.OnceValues(func() (string, error) {
		version, err := r.VersionOf(context.Background())
		parts := strings.FieldsFunc(version, func(c rune) bool { return c < '0' || c > '9' })
		return strings.Join(parts[:min(numbers, len(parts))], "."), err
	})}
}

// A spec of real programs is skipped where one of them is not installed. Where
// all are it says which releases they are, since what they do depends on that.
var _ = BeforeEach(func() {
	var with []string
	for _, name := range claims.Programs(CurrentSpecReport().Labels()) {
		t, known := tools[name]
		Expect(known).To(BeTrue(), "there is no program "+name)
		release, err := t.release()
		if errors.Is(err, program.ErrUnavailable) {
			Skip(err.Error() + " (README: how to install daemons that do not start)")
		}
		Expect(err).NotTo(HaveOccurred())
		with = append(with, name+" "+release)
	}
	if len(with) > 0 {
		MadeWith(strings.Join(with, ", "))
	}
})
