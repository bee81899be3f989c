package sockdiag

// ListenersIn reads a part of a dump.
var ListenersIn = listenersIn
