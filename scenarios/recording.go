package scenarios

import (
	"errors"
	"fmt"
	"os"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
)

// RecordingsVariable is the environment variable that names the directory
// where the specs put a recording of each of their labs, one file each, by
// name in the order of recording. Without it nothing is recorded.
const RecordingsVariable = "RESETLAB_RECORDINGS"

// lanes are what the specs record with; nil while nothing is recorded.
var lanes *evidence.Lanes

// They are opened before any spec looks what is open.
var _ = BeforeSuite(func() {
	if os.Getenv(RecordingsVariable) == "" {
		return
	}
	lanes = evidence.Open()
	DeferCleanup(lanes.Close)
})

// newLab makes a lab on IPv4's loopback: where specs are recorded, at an
// address of its own.
func newLab() (*lab.Lab, error) {
	if lanes == nil {
		return lab.New(), nil
	}
	return lab.NewAt(lanes.Address())
}

// record records what happens in a lab. Call it before the cleanup that closes
// the lab is deferred: the recording ends behind that.
func record(l *lab.Lab) {
	GinkgoHelper()
	if lanes == nil {
		return
	}
	recorder, err := evidence.Start(l, CurrentSpecReport().FullText(), evidence.Options{Lanes: lanes})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() {
		recording, err := recorder.Stop()
		Expect(err).NotTo(HaveOccurred())
		Expect(store(recording, os.Getenv(RecordingsVariable))).To(Succeed())
	})
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
