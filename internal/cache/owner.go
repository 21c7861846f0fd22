package cache

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"net/url"
)

// Owner is who asks whom. What belongs to one owner is never shown to another.
type Owner struct {
	Site, BaseURL string
	// Credentials is a fingerprint of the keys, see [OwnerOf].
	Credentials [16]byte
}

// fingerprintLabel keeps the fingerprint apart from every other use of the same secrets.
const fingerprintLabel = "slo cache owner v1"

// OwnerOf is the owner with these secrets. Of the secrets it holds a keyed hash
// over all of them, cut short: it tells sets of secrets apart and gives none away.
func OwnerOf(site, baseURL string, secrets ...string) Owner {
	mac := hmac.New(sha256.New, []byte(fingerprintLabel))
	for _, s := range secrets {
		mac.Write(binary.AppendUvarint(nil, uint64(len(s))))
		mac.Write([]byte(s))
	}
	o := Owner{Site: site, BaseURL: baseURL}
	copy(o.Credentials[:], mac.Sum(nil))
	return o
}

// id is the name of the owner's folder.
func (o Owner) id() string {
	return digest(o.Site, o.BaseURL, string(o.Credentials[:]))
}

// ownerCard is the content of owner.json: what a survey shows.
type ownerCard struct {
	Site string `json:"site"`
	// Host stands for the base URL, which may hold a user and a password.
	Host string `json:"host,omitempty"`
}

func (o Owner) card() []byte {
	card := ownerCard{Site: o.Site}
	if u, err := url.Parse(o.BaseURL); err == nil {
		card.Host = u.Host
	}
	content, err := json.Marshal(card)
	if err != nil {
		return nil // two strings always marshal
	}
	return content
}

// digest is the hash of some strings in hexadecimal, as names are made of.
func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write(binary.AppendUvarint(nil, uint64(len(p))))
		h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
