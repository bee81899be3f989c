package real

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/program"
	"github.com/resetlab/resetlab/harness/program/recipes"
)

// identify writes a certificate for a program's address and its key into the
// program's private directory, and returns their paths. It is its own authority.
// change has its way with the certificate before it is signed; nil changes nothing.
func identify(at program.Place, change func(*x509.Certificate)) (certificate, key string) {
	GinkgoHelper()
	pair, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	Expect(err).NotTo(HaveOccurred())
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		Subject:     pkix.Name{CommonName: "resetlab"}, // OpenSSL finds an authority by its name
		IPAddresses: []net.IP{at.Address.Addr().AsSlice()},
		IsCA:        true, BasicConstraintsValid: true,
	}
	if change != nil {
		change(template)
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, pair.Public(), pair)
	Expect(err).NotTo(HaveOccurred())
	private, err := x509.MarshalPKCS8PrivateKey(pair)
	Expect(err).NotTo(HaveOccurred())

	certificate, err = at.Write("certificate.pem", block("CERTIFICATE", signed), 0o644)
	Expect(err).NotTo(HaveOccurred())
	key, err = at.Write("key.pem", block("PRIVATE KEY", private), 0o600)
	Expect(err).NotTo(HaveOccurred())
	return certificate, key
}

// block is a block of PEM (RFC 7468).
func block(kind string, bytes []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}))
}

// authorityOf is the file of the authority that signed the certificate of a
// program that has one by identify.
func authorityOf(p *lab.Program) string { return filepath.Join(p.Dir(), "certificate.pem") }

// sessionOr says in the words of the claims whether a session came about.
func sessionOr(failed bool) string {
	if failed {
		return "no session"
	}
	return "session"
}

// served is what fetched says of a file that a server with TLS has served.
const served = "200 5"

// nginxWithTLS is nginx with a certificate of identify and with these directives for
// its only server.
func nginxWithTLS(change func(*x509.Certificate), directives ...string) program.Recipe {
	return recipes.NGINX(func(at program.Place) string {
		certificate, key := identify(at, change)
		return fmt.Sprintf("\tserver {\n\t\tlisten %v ssl;\n\t\tssl_certificate %s;\n\t\tssl_certificate_key %s;\n\t\t%s\n\t}",
			at.Address, certificate, key, strings.Join(directives, "\n\t\t"))
	})
}

// haproxyWithTLS is HAProxy with a certificate of identify, which answers each request
// itself. verify, if there is any, is what its bind line demands of clients before it
// names the file of their authority: "verify required ca-file ".
func haproxyWithTLS(verify string) program.Recipe {
	return recipes.HAProxy(func(at program.Place) string {
		certificate, key := identify(at, nil)
		Expect(os.Rename(key, certificate+".key")).To(Succeed()) // where HAProxy looks for it
		if verify != "" {
			verify += certificate
		}
		return fmt.Sprintf(`global
	log stdout format raw daemon
defaults
	mode http
	log global
	option httplog
	timeout client 1m
	timeout connect 1m
	timeout server 1m
frontend secure
	bind %v ssl crt %s %s
	http-request return status 200
`, at.Address, certificate, verify)
	})
}
