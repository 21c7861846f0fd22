package transport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
)

// AttemptsError is a transport failure that was still there at the last attempt.
type AttemptsError struct {
	Attempts int
	Err      error
}

// Error is the last failure, and how often it was met.
func (e *AttemptsError) Error() string {
	if e.Attempts == 1 {
		return e.Err.Error()
	}
	return fmt.Sprintf("%v, tried %d times", e.Err, e.Attempts)
}

// Unwrap is the last failure.
func (e *AttemptsError) Unwrap() error { return e.Err }

// passing reports whether the same request may succeed a moment later. It
// knows what is permanent and believes in everything else: the ways in which a
// connection can break have no common type.
func passing(err error) bool {
	var (
		tooLarge    *BodyTooLargeError
		limited     *RateLimitError
		certificate *tls.CertificateVerificationError
		authority   x509.UnknownAuthorityError
		hostname    x509.HostnameError
		invalid     x509.CertificateInvalidError
		noTLS       tls.RecordHeaderError
		alert       tls.AlertError
		address     *url.Error
		proxy       *ProxyError
		dns         *net.DNSError
	)
	switch {
	case errors.As(err, &tooLarge), errors.As(err, &limited),
		errors.As(err, &certificate), errors.As(err, &authority), errors.As(err, &hostname),
		errors.As(err, &invalid), errors.As(err, &noTLS), errors.As(err, &alert):
		return false
	case errors.Is(err, http.ErrSchemeMismatch):
		return false
	case errors.As(err, &address):
		return false // only a URL that does not parse arrives as one here
	case errors.As(err, &proxy):
		return proxy.Status >= 500
	case errors.As(err, &dns):
		return dns.IsTemporary || dns.IsTimeout
	default:
		return true
	}
}

// checkAddress refuses what no attempt could reach.
func checkAddress(u *url.URL) error {
	if u == nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return errors.New("the API address must look like https://api.datadoghq.com")
	}
	return nil
}
