package scenarios

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness"
)

// An authority issues certificates that live as long as a spec.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pool        *x509.CertPool // the authority alone
}

func newAuthority() authority {
	GinkgoHelper()
	a := authority{key: newKey(), pool: x509.NewCertPool()}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.certificate = sign(template, template, a.key, a.key)
	a.pool.AddCert(a.certificate)
	return a
}

// issue makes a certificate for server.example, after change has had its way
// with the template; nil changes nothing.
func (a authority) issue(change func(*x509.Certificate)) tls.Certificate {
	GinkgoHelper()
	key := newKey()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"server.example"},
	}
	if change != nil {
		change(template)
	}
	leaf := sign(template, a.certificate, key, a.key)
	return tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key}
}

// trusting is the configuration of a client that trusts the authority.
func (a authority) trusting() *tls.Config {
	return &tls.Config{RootCAs: a.pool, ServerName: "server.example"}
}

func newKey() *ecdsa.PrivateKey {
	GinkgoHelper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	Expect(err).NotTo(HaveOccurred())
	return key
}

func sign(template, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) *x509.Certificate {
	GinkgoHelper()
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	Expect(err).NotTo(HaveOccurred())
	certificate, err := x509.ParseCertificate(raw)
	Expect(err).NotTo(HaveOccurred())
	return certificate
}

// tlsSaw says what TLS made of a connection at one end: "session", the alert
// that came, what it found wrong itself, or else the connection's ending.
func tlsSaw(err error) string {
	var alert *net.OpError
	var header tls.RecordHeaderError
	switch {
	case err == nil:
		return "session"
	case errors.As(err, &alert) && alert.Op == "remote error": // crypto/tls's name for it
		return "alert: " + alert.Err.Error()
	case errors.As(err, &header):
		return "not TLS"
	case harness.EndingOf(err) == harness.Other:
		return "refused it"
	}
	return string(harness.EndingOf(err))
}

// sessionOr says whether a session came about.
func sessionOr(err error) string {
	if err != nil {
		return "no session"
	}
	return "session"
}
