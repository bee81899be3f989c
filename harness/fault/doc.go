// Package fault reads cuts and toxics as they are written on a command line:
//
//	toward=client,after=100,with=reset,on=2,times=1
//	latency,toward=client,latency=200,jitter=50
//
// The words are those of package harness.
package fault
