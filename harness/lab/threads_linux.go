package lab

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// spareThreads makes threads that the runtime will find idle, and returns how
// many the process has then. A Go program ends when it wants another thread
// and the kernel gives it none, so it must not want one when it is limited.
func spareThreads() (uint64, error) {
	spare := runtime.GOMAXPROCS(0) + 16 // all that can run, and some that block in calls
	var locked, unlocked sync.WaitGroup
	release := make(chan struct{})
	locked.Add(spare)
	for range spare {
		unlocked.Go(func() {
			runtime.LockOSThread() // a thread of its own, which is idle once unlocked
			defer runtime.UnlockOSThread()
			locked.Done()
			<-release
		})
	}
	locked.Wait()
	close(release)
	unlocked.Wait()
	// The runtime may still be making threads, by another thread. It has made
	// them all when that sleeps and the number stays the same. The threads are
	// looked at one after the other, so that one may have woken another that had
	// been looked at before: that they slept is believed when it was so for
	// several times.
	const believed = 5
	for before, times := 0, 0; ; {
		threads, asleep, err := sleepingThreads()
		if err != nil {
			return 0, fmt.Errorf("count the threads: %w", err)
		}
		if times++; !asleep || threads != before {
			times = 0
		}
		if times == believed {
			return uint64(threads), nil
		}
		before = threads
		runtime.Gosched()
	}
}

// sleepingThreads counts the threads of this process and says whether all but
// the calling one sleep (proc(5), /proc/pid/stat, state).
func sleepingThreads() (threads int, asleep bool, err error) {
	const directory = "/proc/self/task/"
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	own := strconv.Itoa(unix.Gettid())
	tasks, err := os.ReadDir(directory)
	if err != nil {
		return 0, false, err
	}
	asleep = true
	for _, task := range tasks {
		stat, err := os.ReadFile(directory + task.Name() + "/stat")
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH) {
			return len(tasks), false, nil // it has ended since
		}
		if err != nil {
			return 0, false, err
		}
		// The state is the field behind the name, which stands in parentheses.
		state := stat[bytes.LastIndexByte(stat, ')')+1:]
		if task.Name() != own && !bytes.HasPrefix(state, []byte(" S ")) {
			asleep = false
		}
	}
	return len(tasks), asleep, nil
}
