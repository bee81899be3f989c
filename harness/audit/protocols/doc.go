// Package protocols has the protocols that an audit knows: each names the
// moments of its conversations at which a fault can strike.
package protocols
