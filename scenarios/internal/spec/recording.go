package spec

import (
	"errors"
	"fmt"
	"os"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
	"github.com/resetlab/resetlab/harness/evidence/record"
	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/report"
	"github.com/resetlab/resetlab/scenarios/internal/suite"
)

// lanes are what the specs record with, recorders those of the running spec.
var (
	lanes     *capture.Lanes
	recorders = map[*lab.Lab]*record.Recorder{}
)

// They are opened before any spec looks what is open. These nodes take a
// context so that an interrupt waits for them.
var _ = BeforeSuite(func(SpecContext) {
	lanes = capture.Open()
	DeferCleanup(func(SpecContext) { Expect(lanes.Close()).To(Succeed()) })
})

// Recording says whether what specs are recorded with is open: it is not before
// the first spec, nor where none runs.
func Recording() bool { return lanes != nil }

// KernelReasons names the reasons for a RST that the running kernel has. The
// error says why they are not observed on this machine.
func KernelReasons() ([]string, error) { return lanes.Reasons() }

// NewLab makes a lab on IPv4's loopback, at an address of its own.
func NewLab() (*lab.Lab, error) { return lab.NewAt(lanes.Address()) }

// RecordLab records what happens in a lab. Call it before the cleanup that closes
// the lab is deferred: the recording ends behind that.
func RecordLab(l *lab.Lab) {
	GinkgoHelper()
	_, spec := suite.SpecOf(CurrentSpecReport())
	recorder, err := record.Start(l, spec.Text, record.Options{Lanes: lanes, Spec: spec.Name})
	Expect(err).NotTo(HaveOccurred())
	recorders[l] = recorder
	DeferCleanup(func(SpecContext) {
		delete(recorders, l)
		recording, err := recorder.Stop()
		Expect(err).NotTo(HaveOccurred())
		noteReasons(recording)
		if CurrentSpecReport().Failed() {
			AddReportEntry("recording", card(recording))
		}
		if directory := os.Getenv(suite.RecordingsVariable); directory != "" {
			Expect(store(recording, directory)).To(Succeed())
		}
	})
}

// Recorded closes the connections and the lab, so that everything in it is
// over, and returns what was recorded of it.
func Recorded(l *lab.Lab, open ...*lab.Conn) *evidence.Recording {
	GinkgoHelper()
	for _, conn := range open {
		Expect(conn.Close()).To(Succeed())
	}
	Expect(l.Close()).To(Succeed())
	recording, err := recorders[l].Stop()
	Expect(err).NotTo(HaveOccurred())
	return recording
}

// card draws a recording for a report, which Ginkgo indents by four columns: it
// fits a terminal of 80.
func card(r *evidence.Recording) string {
	var drawing strings.Builder
	Expect(report.Card(&drawing, r, report.CardOptions{Width: 76})).To(Succeed())
	return "\n" + drawing.String()
}

// store writes the recording under a name that is there when all of it is.
func store(r *evidence.Recording, directory string) error {
	const part = ".part"
	file, err := os.CreateTemp(directory, fmt.Sprintf("%020d-*.json%s", r.Started.UnixNano(), part))
	if err != nil {
		return err
	}
	if err := errors.Join(r.Write(file), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), strings.TrimSuffix(file.Name(), part))
}
