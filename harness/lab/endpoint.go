package lab

// An Endpoint is an address of one of the lab's hosts: one that it listens on,
// or one from which its proxy dials.
type Endpoint struct {
	Host    string `json:"host"`    // its name
	Address string `json:"address"` // ip:port
	Proxy   bool   `json:"proxy"`   // a proxy's, whose calls no journal has
}

// endpointsKept bounds what a lab knows of its endpoints.
const endpointsKept = 1 << 14

// Endpoints returns the addresses that the lab's hosts have listened on and
// its proxies have dialled from, the first 16,384 of them, in that order. The
// addresses of connections are in the [Journal].
func (l *Lab) Endpoints() []Endpoint {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Endpoint(nil), l.endpoints...)
}

func (l *Lab) noteEndpoint(e Endpoint) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.endpoints) < endpointsKept {
		l.endpoints = append(l.endpoints, e)
	}
}
