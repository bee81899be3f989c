package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/harness/watch"
)

// watch watches until it is over, which is its good end.
func (f *watchFlags) watch(cmd *cobra.Command, o watch.Options) error {
	var views watchViews
	if f.prometheus != "" {
		metrics, err := f.listenMetrics()
		if err != nil {
			return err
		}
		defer metrics.listener.Close() // it may be closed already
		f.metrics = metrics
		views = append(views, metrics)
	}
	w, err := watch.Open(o)
	if err != nil {
		return fmt.Errorf("watch: %w: see '%s'", err, commandLine("doctor"))
	}
	defer w.Close()
	out := cmd.OutOrStdout()
	if f.outputs().toStdout() {
		out = cmd.ErrOrStderr()
	}
	files, err := f.files(cmd.OutOrStdout())
	if err != nil {
		return err
	}
	views = append(append(views, files...), f.newView(out))
	var summary watch.Summary
	err = views.begin(f.introduction(w))
	if err == nil {
		err = f.follow(cmd.Context(), w, views, &summary)
	}
	seen, lost := w.Counts()
	return errors.Join(err, views.end(&summary, seen, lost), w.Close(), f.judge(lost))
}

// follow shows what comes, until it is over.
func (f *watchFlags) follow(ctx context.Context, w *watch.Watcher, view watchView, summary *watch.Summary) error {
	if f.lasts > 0 {
		bounded, cancel := context.WithTimeout(ctx, f.lasts)
		defer cancel()
		ctx = bounded
	}
	for {
		some, err := w.Next(ctx)
		if f.metrics != nil {
			f.metrics.turn(w.Counts())
		}
		for i := range some {
			if !f.wants(&some[i]) {
				continue
			}
			summary.Add(&some[i])
			if !slices.ContainsFunc(f.known, func(e watch.Expectation) bool { return e.Covers(&some[i]) }) {
				f.unexpected++
			}
			if err := view.show(&some[i]); err != nil {
				return err
			}
			if f.count > 0 && summary.Total() >= f.count {
				return nil
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// judge says whether anything came that was not expected. Where events are lost
// that is not known.
func (f *watchFlags) judge(lost uint64) error {
	switch {
	case f.expect == "":
		return nil
	case f.unexpected > 0:
		return &failure{fmt.Errorf("%s came that %s does not list", counted(f.unexpected, "reset"), f.expect), exitUnproven}
	case lost > 0:
		return &failure{fmt.Errorf("%s are lost: whether all that came is expected is not known", counted(int64(lost), "event")), exitUnproven}
	}
	return nil
}

// A watchIntroduction says by which source is watched, and what that does not
// tell.
type watchIntroduction struct {
	Kind       string   `json:"kind"` // "begin"
	Source     string   `json:"source"`
	Privileges string   `json:"privileges"`
	Metrics    string   `json:"metrics,omitempty"` // where Prometheus may ask
	Lacks      []string `json:"lacks"`
}

// introduction gives privileges up, and says what is left.
func (f *watchFlags) introduction(w *watch.Watcher) watchIntroduction {
	how := "with its privileges"
	if !f.keep {
		how = "as nobody, without privileges"
		if err := w.Drop(); err != nil {
			how = "with its privileges: " + err.Error()
		} else if kept := w.Kept(); kept != "" {
			how = "as nobody, with " + kept + ", without which this kernel does not tell who holds a socket"
		}
	}
	at := ""
	if f.metrics != nil {
		at = fmt.Sprintf("http://%v/metrics", f.metrics.listener.Addr())
	}
	return watchIntroduction{"begin", w.Source(), how, at, w.Lacks()}
}

// wants says whether it is of a cause that is asked for.
func (f *watchFlags) wants(d *watch.Diagnosis) bool {
	return len(f.causes) == 0 || slices.ContainsFunc(append([]string{d.Cause}, d.Or...), func(cause string) bool {
		return slices.Contains(f.causes, cause)
	})
}
