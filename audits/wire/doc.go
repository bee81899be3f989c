// Package wire teaches the audit the protocols of databases: where in a
// conversation with PostgreSQL or MySQL a fault can strike. It uses nothing of
// the audit but what every importer can.
package wire
