package recipes

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"fmt"
)

// A Key is a pair of keys for ssh, of a host or of a user.
type Key struct {
	Private string // a PEM block, as in a file of HostKey or IdentityFile
	Public  string // its type and itself, as in a line of authorized_keys
}

// NewKey makes a pair of keys (ECDSA on P-256).
func NewKey() (Key, error) {
	pair, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Key{}, fmt.Errorf("make a key: %w", err)
	}
	private, err := x509.MarshalECPrivateKey(pair)
	if err != nil {
		return Key{}, fmt.Errorf("make a key: %w", err)
	}
	point, err := pair.PublicKey.Bytes()
	if err != nil {
		return Key{}, fmt.Errorf("make a key: %w", err)
	}
	// RFC 5656, section 3.1: the type, the curve and the point, each with its
	// length before it.
	const kind, curve = "ecdsa-sha2-nistp256", "nistp256"
	var blob []byte
	for _, part := range [][]byte{[]byte(kind), []byte(curve), point} {
		blob = binary.BigEndian.AppendUint32(blob, uint32(len(part)))
		blob = append(blob, part...)
	}
	return Key{
		Private: string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private})),
		Public:  kind + " " + base64.StdEncoding.EncodeToString(blob),
	}, nil
}
