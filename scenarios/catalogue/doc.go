// Package catalogue has the situations of package scenarios as data: what each
// is called, its cause, the exchange, what either end sees, its twin and its
// specs.
//
// A situation is registered in its own file of package scenarios, as a value.
// From these values 'make tables' writes the file of this package that [All]
// reads, for all who cannot ask Ginkgo, or need the answer at once: the command
// line, the pages, a browser. It is pure, as package causes is.
package catalogue
