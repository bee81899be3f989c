package lab

// An Endpoint is an address of one of the lab's hosts: one that it listens on,
// or one from which its proxy dials. Or it is one that its proxy dials and that
// none of the hosts listens on.
type Endpoint struct {
	Host    string `json:"host"`    // its name; empty if it is none of the lab's
	Address string `json:"address"` // ip:port
	Proxy   bool   `json:"proxy"`   // a proxy's, whose calls no journal has
}

// endpointsKept bounds what a lab knows of its endpoints.
const endpointsKept = 1 << 14

// Endpoints returns the addresses that the lab's hosts have listened on, and
// that its proxies have dialled from and were to dial, the first 16,384 of them,
// in that order. The addresses of connections are in the [Journal].
func (l *Lab) Endpoints() []Endpoint {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Endpoint(nil), l.endpoints...)
}

// AddEndpoint tells the lab of a socket that somebody else has opened at its
// address, so that a recording shows whose it is.
func (l *Lab) AddEndpoint(e Endpoint) { l.noteEndpoint(e) }

// noteUpstream notes what a proxy dials, if it is none of the lab's.
func (l *Lab) noteUpstream(address string) {
	for _, e := range l.Endpoints() {
		if e.Address == address {
			return
		}
	}
	l.noteEndpoint(Endpoint{Address: address})
}

func (l *Lab) noteEndpoint(e Endpoint) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.endpoints) < endpointsKept {
		l.endpoints = append(l.endpoints, e)
	}
}
