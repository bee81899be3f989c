package real

import (
	"errors"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/program"
)

// supervise starts what the programs of a spec run below. They are gone when the
// spec ends. Their process ids are those that the kernel's traces tell.
func supervise(ctx SpecContext) *program.Supervisor {
	GinkgoHelper()
	s, err := program.Supervise(ctx, program.Options{SamePIDs: true})
	if errors.Is(err, program.ErrUnavailable) {
		Skip(err.Error())
	}
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(s.Close()).To(Succeed()) })
	return s
}

// said runs a program to its end, and returns its exit status and what it said,
// line by line.
func said(ctx SpecContext, s *program.Supervisor, args ...string) (status int, lines []string) {
	GinkgoHelper()
	p, err := s.Start(ctx, program.Command{Args: args})
	Expect(err).NotTo(HaveOccurred())
	Eventually(ctx, p.Drained()).Should(BeClosed())
	var exit *program.ExitError
	if err := p.Err(); errors.As(err, &exit) {
		status = exit.Code
	} else {
		Expect(err).NotTo(HaveOccurred())
	}
	kept, _ := p.Lines()
	for _, line := range kept {
		lines = append(lines, line.Text)
	}
	return status, lines
}
