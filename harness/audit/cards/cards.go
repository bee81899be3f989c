// Package cards records the cells of an audit: what was on the wire, and why
// the kernel reset, as the cards of package report.
package cards

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
	"github.com/resetlab/resetlab/harness/evidence/record"
	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/report"
)

// New makes a recorder of lanes, which must stay open while it is used. The
// cards say what these lanes can tell: see [capture.Open].
func New(lanes *capture.Lanes) audit.Recorder { return recorder{lanes} }

type recorder struct{ lanes *capture.Lanes }

// Record begins to record a cell, at an address of its own.
func (r recorder) Record(c point.Cell) (audit.Recording, error) {
	l, err := lab.NewAt(r.lanes.Address())
	if err != nil {
		return nil, err
	}
	running, err := record.Start(l, c.ID(), record.Options{Lanes: r.lanes})
	if err != nil {
		l.Close()
		return nil, err
	}
	return &recording{l, running}, nil
}

type recording struct {
	lab     *lab.Lab
	running *record.Recorder
}

func (r *recording) IP() netip.Addr { return r.lab.IP() }

func (r *recording) Note(host, address string) {
	r.lab.AddEndpoint(lab.Endpoint{Host: host, Address: address, Proxy: host == "proxy"})
}

func (r *recording) Stop() (string, error) {
	if err := r.lab.Close(); err != nil {
		return "", fmt.Errorf("close the lab of the recording: %w", err)
	}
	recorded, err := r.running.Stop()
	if err != nil {
		return "", err
	}
	if recorded.Lacks(evidence.Wire) {
		return "", nil // nothing was seen that the report does not say already
	}
	var card strings.Builder
	if err := report.Card(&card, recorded, report.CardOptions{}); err != nil {
		return "", err
	}
	return card.String(), nil
}
