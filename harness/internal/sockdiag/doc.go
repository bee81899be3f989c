// Package sockdiag asks the kernel about a TCP socket of this machine by its
// two addresses (sock_diag(7)): one exact request, where others dump.
package sockdiag
