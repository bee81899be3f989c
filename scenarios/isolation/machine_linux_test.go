package isolation_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/netlab"
)

// leaveTheMachineAlone fails the test if the machine's own network is not at
// its end what it was: interfaces, addresses, routes, every rule of the
// firewall, every sysctl, every namespace that is kept by a mount.
func leaveTheMachineAlone(t *testing.T) {
	t.Helper()
	loadModules(t)
	before := machine(t)
	t.Cleanup(func() {
		for _, difference := range differences(before, machine(t)) {
			t.Errorf("the machine's %s", difference)
		}
	})
}

// differences says what is not as it was.
func differences(before, after map[string]string) (all []string) {
	for name, was := range before {
		if is, there := after[name]; !there || is != was {
			all = append(all, fmt.Sprintf("%s was %q and is %q", name, was, is))
		}
	}
	for name, is := range after {
		if _, there := before[name]; !there {
			all = append(all, fmt.Sprintf("%s was not there and is %q", name, is))
		}
	}
	return all
}

// What leaveTheMachineAlone looks at shows when it is touched. This is tried
// where nobody minds: in a network namespace of a thread.
func TestWhatIsTouchedShows(t *testing.T) {
	runtime.LockOSThread() // for ever: the thread ends with the goroutine
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("run it as root, who may unshare a network namespace: %v", err)
	}
	for _, touch := range []struct {
		what string
		do   func() error
	}{
		{"interface", func() error {
			return netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "touched"}, PeerName: "there"})
		}},
		{"sysctl", func() error {
			return os.WriteFile("/proc/sys/net/ipv4/tcp_syn_retries", []byte("1"), 0)
		}},
		{"rule", addRule},
	} {
		before := machine(t)
		if err := touch.do(); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(fmt.Sprint(differences(before, machine(t))), touch.what) {
			t.Errorf("%s was touched, and it does not show: %v", touch.what, differences(before, machine(t)))
		}
	}
}

// addRule adds a rule that drops nothing.
func addRule() error {
	firewall, err := nftables.New()
	if err != nil {
		return err
	}
	table := firewall.AddTable(&nftables.Table{Family: nftables.TableFamilyIPv4, Name: "touched"})
	chain := firewall.AddChain(&nftables.Chain{Table: table, Name: "touched"})
	firewall.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: []expr.Any{
		&expr.Verdict{Kind: expr.VerdictReturn},
	}})
	return firewall.Flush()
}

// loadModules has the kernel load what networks need: a module brings sysctls
// with it.
func loadModules(t *testing.T) {
	t.Helper()
	n, err := netlab.New()
	if errors.Is(err, netlab.ErrUnavailable) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []netlab.Feature{netlab.Rejection, netlab.ConnectionTracking, netlab.Translation, netlab.TUN,
		netlab.MPTCP, netlab.SocketDestruction} {
		n.Require(f) // what is not there cannot be loaded
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
}

// machine describes the machine's own network, by the names of its parts.
func machine(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	describeLinks(t, all)
	describeFirewall(t, all)
	describeSysctls(all)
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, " - nsfs ") {
			all["mount of a namespace "+line] = "there"
		}
	}
	return all
}

func describeLinks(t *testing.T, all map[string]string) {
	t.Helper()
	links, err := netlink.LinkList()
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		a := link.Attrs()
		addresses, err := netlink.AddrList(link, netlink.FAMILY_ALL)
		if err != nil {
			t.Fatal(err)
		}
		all["interface "+a.Name] = fmt.Sprint(link.Type(), a.Index, a.Flags, a.MTU, a.HardwareAddr, a.MasterIndex)
		for _, address := range addresses {
			all[fmt.Sprintf("address %v of %s", address.IPNet, a.Name)] = "there"
		}
	}
	routes, err := netlink.RouteList(nil, netlink.FAMILY_ALL)
	if err != nil {
		t.Fatal(err)
	}
	for _, route := range routes {
		all["route "+route.String()] = "there"
	}
}

// describeFirewall tells every rule, where reading them is allowed; counters
// count what others send, too.
func describeFirewall(t *testing.T, all map[string]string) {
	t.Helper()
	firewall, err := nftables.New()
	if err != nil {
		t.Fatal(err)
	}
	tables, err := firewall.ListTables()
	if err != nil {
		all["rules"] = err.Error()
		return
	}
	for _, table := range tables {
		all[fmt.Sprintf("table %d %s", table.Family, table.Name)] = fmt.Sprint(table.Flags)
	}
	chains, err := firewall.ListChains()
	if err != nil {
		t.Fatal(err)
	}
	for _, chain := range chains {
		place := fmt.Sprintf("chain %s of table %d %s", chain.Name, chain.Table.Family, chain.Table.Name)
		all[place] = string(chain.Type)
		rules, err := firewall.GetRules(chain.Table, chain)
		if err != nil {
			t.Fatal(err)
		}
		for i, rule := range rules {
			text := ""
			for _, e := range rule.Exprs {
				if _, counts := e.(*expr.Counter); !counts {
					text += fmt.Sprintf("%T%+v ", e, e)
				}
			}
			all[fmt.Sprintf("rule %d of %s", i, place)] = text
		}
	}
}

// describeSysctls tells every sysctl of the network that can be read and does
// not count.
func describeSysctls(all map[string]string) {
	fs.WalkDir(os.DirFS("/proc/sys"), "net", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(path, "_count") || strings.HasSuffix(path, "_nr") {
			return nil
		}
		if text, err := os.ReadFile("/proc/sys/" + path); err == nil {
			all["sysctl "+path] = string(text)
		}
		return nil
	})
}
