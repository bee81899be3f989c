// Package scenarios holds every way a TCP connection dies as Ginkgo specs, one
// situation a file. Each file opens with why it happens and a drawing, and
// shows the negative twin beside the positive.
//
//	go tool ginkgo ./scenarios
//	go tool ginkgo --focus "unread data" ./scenarios
//	go tool ginkgo --label-filter "cause: containsAny unread" ./scenarios
//
// After a run the suite prints what became of each claim of the documents, and
// which of the kernel's reasons for a RST were provoked, and where.
//
// What several scenarios share is in files named suite_… To add a scenario, copy
// one of the others and change it: it registers itself, as a value
// that says what the situation is. Then 'make tables' brings it into package
// catalogue, which the command line reads.
package scenarios
