package audit

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"sync"
	"time"
)

// An Authority issues certificates for whatever name or address a client
// dials, while an audit lasts. A client that trusts it needs to be told
// nothing else:
//
//	authority, err := audit.NewAuthority()
//	...
//	subject.TLS = authority.Server("h2", "http/1.1") // by ALPN; nothing for protocols without
//	transport.TLSClientConfig = &tls.Config{RootCAs: authority.Pool()}
//
// The proxy then speaks TLS with the client and plain text with the origin.
// A client in another process is given [Authority.PEM] in a file: SSL_CERT_FILE
// for OpenSSL and Go, NODE_EXTRA_CA_CERTS for Node, REQUESTS_CA_BUNDLE for
// Python's requests, --cacert for curl.
type Authority struct {
	root *x509.Certificate
	key  *ecdsa.PrivateKey // of the authority, and of all that it issues

	mu     sync.Mutex
	issued map[string]*tls.Certificate // by name
}

// NewAuthority makes an authority with a key of its own.
func NewAuthority() (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make an authority: %w", err)
	}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "resetlab audit"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign,
	}
	a := &Authority{root: template, key: key, issued: map[string]*tls.Certificate{}}
	if a.root, err = a.sign(template); err != nil {
		return nil, fmt.Errorf("make an authority: %w", err)
	}
	return a, nil
}

// sign completes a template and signs it.
func (a *Authority) sign(template *x509.Certificate) (*x509.Certificate, error) {
	now := time.Now()
	template.SerialNumber = big.NewInt(now.UnixNano())
	template.NotBefore, template.NotAfter = now.Add(-time.Hour), now.Add(7*24*time.Hour)
	raw, err := x509.CreateCertificate(rand.Reader, template, a.root, a.key.Public(), a.key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(raw)
}

// Server is a configuration for [Subject.TLS], which offers these protocols by
// ALPN, if any.
func (a *Authority) Server(protocols ...string) *tls.Config {
	return &tls.Config{GetCertificate: a.certificate, NextProtos: protocols}
}

// Pool has the authority's own certificate: what clients are to trust.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.root)
	return pool
}

// PEM is the authority's own certificate for a file.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.root.Raw})
}

// certificate issues one for the name that a client asks for, or, as clients
// do not name addresses (RFC 6066, section 3), for the address it came to.
func (a *Authority) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	template := &x509.Certificate{DNSNames: []string{hello.ServerName}}
	name := hello.ServerName
	if name == "" {
		address := hello.Conn.LocalAddr().(*net.TCPAddr)
		template.DNSNames, template.IPAddresses = nil, []net.IP{address.IP}
		name = address.IP.String()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if issued := a.issued[name]; issued != nil {
		return issued, nil
	}
	leaf, err := a.sign(template)
	if err != nil {
		return nil, fmt.Errorf("issue a certificate for %s: %w", name, err)
	}
	a.issued[name] = &tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: a.key, Leaf: leaf}
	return a.issued[name], nil
}
