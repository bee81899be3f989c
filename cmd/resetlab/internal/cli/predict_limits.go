package cli

import (
	"fmt"
	"io"

	"github.com/resetlab/resetlab/harness/model"
	"github.com/resetlab/resetlab/harness/model/kernels"
)

// writeLimits lists what the model does not cover, on which systems a script comes
// out otherwise, and how far the model was compared with a kernel.
func writeLimits(w io.Writer) error {
	systems, err := kernels.All()
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "A prediction is of %s. It ends with %q at:\n", kernels.Model, model.NotModelled)
	for _, limit := range model.Limits() {
		writeWrapped(w, "  - ", limit)
	}
	fmt.Fprintln(w, "\nOf these scripts the last line comes out otherwise on:")
	for _, s := range systems {
		for _, d := range s.Differences {
			writeWrapped(w, "  - ", fmt.Sprintf("%s: %s: %s, not %s; %s: %s", s.System, d.Script, d.Here, d.Model, s.Known, d.Source))
		}
	}
	fmt.Fprintln(w, "\nThe model was compared with:")
	for _, s := range systems {
		for _, a := range s.Asked {
			what := fmt.Sprintf("walk %s, %d calls deep, %d states, %d pairs of a state and a call", a.Walk, a.Depth, a.States, a.Pairs)
			if a.Walk == "" {
				what = fmt.Sprintf("%d random scripts", a.Scripts)
			}
			writeWrapped(w, "  - ", fmt.Sprintf("%s: %s: %d calls, %s", s.System, what, a.Calls, counted(int64(a.Different), "difference")))
		}
	}
	return nil
}
