package supervisor

import (
	"os"
	"strconv"
	"strings"
	"time"
)

// A turn is what the scheduler has made of a thread until now.
type turn struct {
	ran, waited time.Duration // on a processor, and for one since it could have run
	runnable    bool          // it runs, or waits for a processor
}

// grant waits for a condition as wait does, but the time passes only while the
// machine runs the processes. For as long as one of their threads waited for a
// processor it goes on, up to the supervisor's patience: a process that did not
// get to run in its time did nothing wrong.
func (s *supervisor) grant(most time.Duration, of func() []int, condition func() bool) bool {
	if s.wait(0, condition) {
		return true
	}
	for given := time.Duration(0); most >= time.Millisecond; {
		before := s.turns(of)
		if s.wait(most, condition) {
			return true
		}
		given += most
		most = min(waited(before, s.turns(of), most), patience-given)
	}
	return false
}

// turns returns those of the threads of processes, by thread id.
func (s *supervisor) turns(of func() []int) map[string]turn {
	s.mu.Lock()
	pids := of()
	s.mu.Unlock()
	all := map[string]turn{}
	for _, pid := range pids {
		directory := "/proc/" + strconv.Itoa(pid) + "/task/"
		threads, _ := os.ReadDir(directory) // none if it has gone
		for _, thread := range threads {
			if t, ok := turnOf(directory + thread.Name()); ok {
				all[thread.Name()] = t
			}
		}
	}
	return all
}

// turnOf reads proc_pid_stat(5), and schedstat, which the kernel describes in
// Documentation/scheduler/sched-stats.rst; kernels without CONFIG_SCHED_INFO
// have none.
func turnOf(thread string) (t turn, ok bool) {
	told, err := os.ReadFile(thread + "/schedstat")
	times := strings.Fields(string(told))
	if err != nil || len(times) < 2 {
		return t, false
	}
	stat, _ := os.ReadFile(thread + "/stat")
	_, state, _ := strings.Cut(string(stat[strings.LastIndexByte(string(stat), ')')+1:]), " ")
	ran, _ := strconv.ParseInt(times[0], 10, 64)
	waited, _ := strconv.ParseInt(times[1], 10, 64)
	return turn{time.Duration(ran), time.Duration(waited), strings.HasPrefix(state, "R")}, true
}

// waited says for how long a thread waited for a processor, of the time between
// two looks. The kernel adds a wait when it is over: a thread that could run at
// the second look is taken to have waited for all the time in which it did not.
func waited(before, after map[string]turn, between time.Duration) (longest time.Duration) {
	for id, now := range after {
		was := before[id]
		longest = max(longest, now.waited-was.waited)
		if now.runnable {
			longest = max(longest, between-(now.ran-was.ran))
		}
	}
	return min(longest, between)
}
