// Package real holds the situations of package scenarios once more, with the
// programs of which the documents speak in the place of toys: specs labelled
// real:PROGRAM, one situation a file. They take Linux.
//
//	go tool ginkgo ./scenarios/real
//	go tool ginkgo --label-filter "real: containsAny haproxy" ./scenarios/real
//
// A spec whose program is not installed is skipped, and says which package has
// it. After a run the suite prints what became of each claim of the documents to
// which a real program speaks, by its version; 'resetlab claims' puts that
// beside what the toys showed.
package real
