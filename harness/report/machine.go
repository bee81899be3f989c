package report

import (
	"fmt"
	"strings"
)

// A machine is the state diagram of RFC 9293, figure 5, with the path that
// the ends of a recording took.
type machine struct {
	Nodes  []machineNode
	Edges  []machineEdge
	Tokens []machineToken
}

type machineNode struct {
	State   string
	Kind    string
	X, Y    int // of its middle
	Visited int // the first step that reaches it; 0 if none does
}

type machineEdge struct {
	Path  string
	Taken int  // the first step that takes it; 0 if none does
	Extra bool // not in the figure: a RST, a timeout or a jump
}

// A machineToken is an end of a connection, moving from state to state.
type machineToken struct {
	Label string
	Name  string
	X, Y  int    // where it ends
	DX    int    // beside the other tokens in the same state
	Track string // "step:state" for each move
}

const (
	mostTokens = 4  // how many ends are drawn in the machine
	tokenDrop  = 16 // how far below the middle of a state they stand
)

// nodes returns the states in the kernel's names. CLOSE stands for both boxes
// CLOSED of the figure.
func nodes() []machineNode {
	return []machineNode{
		{State: "CLOSE", X: 180, Y: 24}, {State: "LISTEN", X: 180, Y: 84},
		{State: "SYN_RECV", X: 66, Y: 144}, {State: "SYN_SENT", X: 294, Y: 144},
		{State: "ESTABLISHED", X: 180, Y: 204},
		{State: "FIN_WAIT1", X: 66, Y: 264}, {State: "CLOSE_WAIT", X: 294, Y: 264},
		{State: "FIN_WAIT2", X: 66, Y: 324}, {State: "CLOSING", X: 180, Y: 324}, {State: "LAST_ACK", X: 294, Y: 324},
		{State: "TIME_WAIT", X: 180, Y: 384},
	}
}

// A transition is an arrow of the figure.
type transition struct{ from, to, path string }

// transitions returns the figure's arrows as paths of an SVG.
func transitions() []transition {
	return []transition{
		{"CLOSE", "LISTEN", "M180 38 V69"},
		{"CLOSE", "SYN_SENT", "M228 24 H294 V130"},
		{"LISTEN", "SYN_RECV", "M132 84 H66 V130"},
		{"LISTEN", "SYN_SENT", "M228 84 L270 130"},
		{"SYN_SENT", "SYN_RECV", "M246 144 H114"},
		{"SYN_RECV", "ESTABLISHED", "M84 158 L150 190"},
		{"SYN_SENT", "ESTABLISHED", "M276 158 L210 190"},
		{"SYN_RECV", "FIN_WAIT1", "M48 158 V250"},
		{"ESTABLISHED", "FIN_WAIT1", "M150 218 L84 250"},
		{"ESTABLISHED", "CLOSE_WAIT", "M210 218 L276 250"},
		{"FIN_WAIT1", "FIN_WAIT2", "M66 278 V310"},
		{"FIN_WAIT1", "CLOSING", "M92 278 L156 310"},
		{"CLOSE_WAIT", "LAST_ACK", "M294 278 V310"},
		{"FIN_WAIT2", "TIME_WAIT", "M66 338 V384 H132"},
		{"CLOSING", "TIME_WAIT", "M180 338 V370"},
		{"LAST_ACK", "CLOSE", "M342 324 H352 V12 H228"},
		{"TIME_WAIT", "CLOSE", "M228 384 H356 V8 H212 V10"},
	}
}

// machine draws the path of the ends, nil if no change of state is known.
func (t *timeline) machine() *machine {
	p := newPath()
	for i := range t.steps {
		for _, n := range t.steps[i].notes {
			for _, change := range n.changes {
				p.move(t, n, change, i+1)
			}
		}
	}
	if len(p.order) == 0 {
		return nil
	}
	m := &machine{Nodes: p.nodes, Tokens: p.tokens}
	figure := map[[2]string]bool{}
	for _, tr := range transitions() {
		key := [2]string{tr.from, tr.to}
		figure[key] = true
		m.Edges = append(m.Edges, machineEdge{Path: tr.path, Taken: p.taken[key]})
	}
	for _, key := range p.order {
		if !figure[key] {
			m.Edges = append(m.Edges, machineEdge{Path: jump(p.at[key[0]], p.at[key[1]]), Taken: p.taken[key], Extra: true})
		}
	}
	return m
}

// A path is the way of the ends through the states.
type path struct {
	nodes  []machineNode
	at     map[string]*machineNode
	taken  map[[2]string]int // the first step of each transition
	order  [][2]string       // of the transitions
	tokens []machineToken
	token  map[[2]int]int // which one, by lifeline and flow
}

func newPath() *path {
	p := &path{nodes: nodes(), at: map[string]*machineNode{}, taken: map[[2]string]int{}, token: map[[2]int]int{}}
	for i := range p.nodes {
		p.nodes[i].Kind = stateKind(p.nodes[i].State)
		p.at[p.nodes[i].State] = &p.nodes[i]
	}
	return p
}

// move takes a change of state into the path.
func (p *path) move(t *timeline, n note, change stateSpan, step int) {
	from, to := p.at[machineState(change.from)], p.at[machineState(change.to)]
	if from == nil || to == nil || from == to {
		return
	}
	for _, node := range []*machineNode{from, to} {
		if node.Visited == 0 {
			node.Visited = step
		}
	}
	if key := [2]string{from.State, to.State}; p.taken[key] == 0 {
		p.taken[key] = step
		p.order = append(p.order, key)
	}
	p.moveToken(t, n, step, from, to)
}

// machineState folds the kernel's two states of a connection request.
func machineState(state string) string {
	if state == "NEW_SYN_RECV" {
		return "SYN_RECV"
	}
	return state
}

// jump returns the path of a transition that the figure does not have: a curve
// from the side of one state to the side of the other.
func jump(from, to *machineNode) string {
	side := 48
	if from.X < 180 {
		side = -48
	}
	if from.X != to.X {
		return fmt.Sprintf("M%d %d Q%d %d %d %d", from.X, from.Y-14, from.X, to.Y, to.X+side, to.Y)
	}
	return fmt.Sprintf("M%d %d C%d %d %d %d %d %d", from.X+side, from.Y, from.X+side+16, from.Y,
		to.X+side+16, to.Y, to.X+side, to.Y+6)
}

// moveToken moves the token of an end, a new one if the end has none yet.
func (p *path) moveToken(t *timeline, n note, step int, from, to *machineNode) {
	end := [2]int{n.host, n.flow}
	i, ok := p.token[end]
	if !ok {
		if i = len(p.tokens); i == mostTokens {
			return
		}
		p.token[end] = i
		name, label := t.hosts[n.host].Name, "?"
		for _, r := range strings.ToUpper(name) {
			label = string(r)
			break
		}
		if len(t.rec.Flows) > 1 {
			label += fmt.Sprint(n.flow + 1)
			name += fmt.Sprintf(" of connection %d", n.flow+1)
		}
		p.tokens = append(p.tokens, machineToken{Label: label, Name: name, DX: -33 + 22*i, Track: "0:" + from.State})
	}
	token := &p.tokens[i]
	token.Track += fmt.Sprintf(" %d:%s", step, to.State)
	token.X, token.Y = to.X+token.DX, to.Y+tokenDrop
}
