// Package point has the words for where an audit strikes: at which place of a
// conversation, with which fault, how often, at which operation. A [Cell] is one
// of each, such as P7/rst/once/write.
//
// A [Protocol] knows the places. Those of package protocols come with ResetLab;
// others can be written outside this module.
package point
