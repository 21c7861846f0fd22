package datadog

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/slo-cli/slo/internal/datadog/transport"
)

// unreached says why no answer came, and what to do about it.
func (c *Client) unreached(op operation, err error) (text string, hints []string) {
	var tried *transport.AttemptsError
	if errors.As(err, &tried) {
		text, hints = c.unreached(op, tried.Err)
		if tried.Attempts > 1 {
			text += fmt.Sprintf(", tried %d times", tried.Attempts)
		}
		return text, hints
	}
	var (
		limited  *transport.RateLimitError
		large    *transport.BodyTooLargeError
		slow     *transport.TimeoutError
		proxy    *transport.ProxyError
		dns      *net.DNSError
		untrust  *tls.CertificateVerificationError
		notTLS   tls.RecordHeaderError
		alert    tls.AlertError
		network  *net.OpError
		overtime interface{ Timeout() bool }
	)
	const (
		checkProxy   = "check HTTPS_PROXY and HTTP_PROXY, which name the proxy, and NO_PROXY, which lists the hosts that need none"
		checkAddress = "check --site and --api-url, or DD_SITE and DD_HOST; slo doctor checks the connection"
	)
	switch {
	case errors.As(err, &limited):
		return err.Error(), []string{"wait for the reset, or give the run more time with --timeout"}
	case errors.As(err, &large) && op.kind == CallSeries:
		return err.Error(), []string{"group by fewer tags"}
	case errors.As(err, &large):
		return err.Error(), []string{"check --api-url: no answer of Datadog is that large"}
	case errors.As(err, &slow):
		return slow.Error() + " from " + c.origin, []string{"slo doctor checks the connection"}
	case errors.As(err, &proxy):
		return proxy.Error(), []string{checkProxy}
	case errors.As(err, &network) && (network.Op == "proxyconnect" || strings.HasPrefix(network.Op, "socks")):
		name := "the proxy"
		var dial *net.OpError
		if errors.As(network.Err, &dial) && dial.Addr != nil {
			name += " " + dial.Addr.String()
		}
		return fmt.Sprintf("cannot connect to %s (%s)", name, reason(network.Err)), []string{checkProxy}
	case errors.As(err, &dns):
		return reason(err), []string{checkAddress}
	case errors.As(err, &untrust):
		return fmt.Sprintf("cannot connect to %s (%s)", c.origin, reason(err)),
			[]string{"a proxy that inspects TLS needs its certificate among the trusted ones of this machine (SSL_CERT_FILE)"}
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &notTLS):
		return fmt.Sprintf("cannot connect to %s (the server does not speak TLS)", c.origin),
			[]string{"where the server speaks plain HTTP, write http:// in --api-url"}
	case errors.As(err, &alert):
		return fmt.Sprintf("cannot connect to %s (%s)", c.origin, alert), []string{checkAddress}
	case errors.As(err, &network) && network.Op == "dial", errors.As(err, &overtime) && overtime.Timeout():
		return fmt.Sprintf("cannot connect to %s (%s)", c.origin, reason(err)), []string{checkAddress}
	case errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Sprintf("the connection to %s broke off (%s)", c.origin, reason(err)), []string{"slo doctor checks the connection"}
	default:
		return fmt.Sprintf("no usable answer from %s (%s)", c.origin, reason(err)), []string{"slo doctor checks the connection"}
	}
}

// reason is the innermost cause in few words, without the addresses and the
// names of system calls that Go's errors put around it.
func reason(err error) string {
	var (
		dns      *net.DNSError
		untrust  *tls.CertificateVerificationError
		network  *net.OpError
		system   *os.SyscallError
		overtime interface{ Timeout() bool }
	)
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "no such host " + dns.Name
	case errors.As(err, &dns) && dns.IsTimeout:
		return "the name server did not answer for " + dns.Name
	case errors.As(err, &dns):
		return fmt.Sprintf("the lookup of %s failed: %s", dns.Name, dns.Err)
	case errors.As(err, &untrust):
		return "the certificate is not trusted: " + strings.TrimPrefix(untrust.Err.Error(), "x509: ")
	case errors.As(err, &overtime) && overtime.Timeout():
		return "timed out"
	case errors.As(err, &system):
		return system.Err.Error()
	case errors.As(err, &network):
		return reason(network.Err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the answer is incomplete"
	default:
		return err.Error()
	}
}
