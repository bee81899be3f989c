package isolation_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/tcp"
	"github.com/resetlab/resetlab/scenarios/catalogue"
)

// A wanted is a RST that the specs of a situation expect: who sends it at which
// host, and why. It is written in their source by hand.
type wanted struct{ sender, host, reason string }

// expectations reads from the sources of the scenarios which resets they expect,
// by situation. What is in a variable there is left out.
func expectations(t *testing.T) map[string][]wanted {
	t.Helper()
	all := map[string][]wanted{}
	for _, s := range catalogue.All() {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(project, s.File), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && named(call.Fun) == "ShowReset" {
				if w := readWanted(call); w.sender != "" && w.reason != "" {
					all[s.Name] = append(all[s.Name], w)
				}
			}
			return true
		})
	}
	return all
}

// readWanted reads the conditions SentBy and Because.
func readWanted(call *ast.CallExpr) (w wanted) {
	for _, argument := range call.Args {
		condition, ok := argument.(*ast.CallExpr)
		if !ok {
			continue
		}
		switch named(condition.Fun) {
		case "SentBy":
			sender, ok := condition.Args[0].(*ast.SelectorExpr)
			if ok {
				w.sender, w.host = string(senders[sender.Sel.Name]), literal(condition.Args[1])
			}
		case "Because":
			w.reason = literal(condition.Args[0])
		}
	}
	return w
}

var senders = map[string]evidence.Sender{
	"Application": evidence.Application, "KernelReply": evidence.KernelReply, "Timer": evidence.Timer,
}

func named(e ast.Expr) string {
	if identifier, ok := e.(*ast.Ident); ok {
		return identifier.Name
	}
	return ""
}

func literal(e ast.Expr) string {
	if text, ok := e.(*ast.BasicLit); ok {
		value, _ := strconv.Unquote(text.Value) // it compiles
		return value
	}
	return ""
}

// reasonsByCalls are the reasons that an end's last call and what it has left
// unread make possible.
func reasonsByCalls(r *evidence.Recording, reset *evidence.Reset) []string {
	if reset.Sender != evidence.Application {
		return nil
	}
	switch last := lastCall(r, reset); {
	case last == tcp.Abort:
		return []string{"TCP_STATE", "TCP_ABORT_ON_CLOSE", "TCP_ABORT_ON_LINGER"}
	case last == tcp.Close:
		return []string{"TCP_ABORT_ON_CLOSE"}
	case last == tcp.Disconnect:
		return []string{"TCP_STATE", "TCP_DISCONNECT_WITH_DATA"}
	}
	return nil
}

// lastCall is the last one of the end that sent the RST, in this process's
// journal, that ends a connection; "" if there is none.
func lastCall(r *evidence.Recording, reset *evidence.Reset) (op tcp.Op) {
	for _, e := range r.Events[:reset.Event] {
		if e.Call != nil && e.Flow == reset.Flow && e.Host == reset.Host &&
			slices.Contains([]tcp.Op{tcp.Abort, tcp.Close, tcp.Disconnect}, e.Call.Op) {
			op = e.Call.Op
		}
	}
	return op
}

// byCalls says whether the journal's calls of the end that sent the RST are what
// the cause says that its program did. Scenarios have resets that are not what
// they are about.
func byCalls(r *evidence.Recording, reset *evidence.Reset, cause string) bool {
	called := func(ops ...tcp.Op) bool {
		return slices.ContainsFunc(r.Events[:reset.Event], func(e evidence.Event) bool {
			return e.Call != nil && e.Flow == reset.Flow && e.Host == reset.Host && slices.Contains(ops, e.Call.Op)
		})
	}
	switch cause {
	case "linger-zero":
		return called(tcp.Abort)
	case "unread":
		return called(tcp.Close, tcp.Abort) && len(reset.Lost) > 0
	case "listener-closed", "refused": // no program ever had it
		return !slices.ContainsFunc(r.Events, func(e evidence.Event) bool {
			return e.Call != nil && e.Flow == reset.Flow && e.Host == reset.Host
		})
	case "wrote-after-close":
		return called(tcp.Close, tcp.Abort)
	}
	return false
}
