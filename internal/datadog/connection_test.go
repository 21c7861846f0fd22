package datadog_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/slo-cli/slo/internal/datadog"
	"github.com/slo-cli/slo/internal/datadog/transport"
	"github.com/slo-cli/slo/pkg/slo"
)

// connectionTo makes a client whose every connection fails alike.
func connectionTo(t *testing.T, base string, err error) *datadog.Client {
	t.Helper()
	return clientOf(t, datadog.Config{BaseURL: base, APIKey: testAPIKey, AppKey: testAppKey,
		Transport: transport.New(transport.Config{Base: failing{err}, Random: func() float64 { return 0 }})})
}

func TestConnectionFailuresSayWhatFailed(t *testing.T) {
	t.Parallel()
	system := func(op string, errno syscall.Errno) error {
		return &net.OpError{Op: op, Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, Err: os.NewSyscallError("connect", errno)}
	}
	proxied := func(err error) error { return &net.OpError{Op: "proxyconnect", Net: "tcp", Err: err} }
	missing := func(name string) error {
		return &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}}
	}
	timeout := &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}
	const origin = "http://127.0.0.1:1"
	for _, tt := range []struct {
		name, text, hint string
		err              error
	}{
		{"refused", "cannot connect to " + origin + " (connection refused), tried 4 times", "--api-url", system("dial", syscall.ECONNREFUSED)},
		{"no route", "cannot connect to " + origin + " (no route to host), tried 4 times", "--api-url", system("dial", syscall.EHOSTUNREACH)},
		{"reset", "the connection to " + origin + " broke off (connection reset by peer), tried 4 times", "slo doctor", system("read", syscall.ECONNRESET)},
		{"cut off", "the connection to " + origin + " broke off (the answer is incomplete), tried 4 times", "slo doctor", io.ErrUnexpectedEOF},
		{"dial timeout", "cannot connect to " + origin + " (timed out), tried 4 times", "--api-url", timeout},
		{"no host", "no such host api.no.test", "--site", missing("api.no.test")},
		{"name server", "the name server did not answer for api.no.test, tried 4 times", "--site", &net.DNSError{Err: "i/o timeout", Name: "api.no.test", IsTimeout: true}},
		{"lookup", "the lookup of api.no.test failed: server misbehaving, tried 4 times", "--site", &net.DNSError{Err: "server misbehaving", Name: "api.no.test", IsTemporary: true}},
		{"certificate", "cannot connect to " + origin + " (the certificate is not trusted: certificate signed by unknown authority)", "SSL_CERT_FILE", &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}},
		{"no TLS", "cannot connect to " + origin + " (the server does not speak TLS)", "http://", tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}},
		{"plain HTTP", "cannot connect to " + origin + " (the server does not speak TLS)", "http://", http.ErrSchemeMismatch},
		{"alert", "cannot connect to " + origin + " (tls: handshake failure)", "--api-url", &net.OpError{Op: "remote error", Err: tls.AlertError(40)}},
		{"nonsense", "no usable answer from " + origin + " (malformed HTTP response), tried 4 times", "slo doctor", errors.New("malformed HTTP response")},
		{"proxy refused", "cannot connect to the proxy 127.0.0.1:1 (connection refused), tried 4 times", "HTTPS_PROXY and HTTP_PROXY", proxied(system("dial", syscall.ECONNREFUSED))},
		{"proxy unknown", "cannot connect to the proxy (no such host proxy.test)", "HTTPS_PROXY and HTTP_PROXY", proxied(missing("proxy.test"))},
		{"proxy asks", "the proxy p:1 asks for credentials (407): put them into HTTPS_PROXY or HTTP_PROXY", "HTTPS_PROXY", &transport.ProxyError{Proxy: "p:1", Status: 407}},
		{"socks", "cannot connect to the proxy (connection refused), tried 4 times", "HTTPS_PROXY", &net.OpError{Op: "socks connect", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := connectionTo(t, origin+"/prefix", tt.err).SLOs(t.Context())
			wantDefect(t, err, slo.Unavailable, tt.hint)
			if want := "listing the SLOs: " + tt.text; err.Error() != want {
				t.Errorf("got  %s\nwant %s", err, want)
			}
			var d *slo.Defect
			errors.As(err, &d)
			all := d.Message + strings.Join(d.Hints, "")
			if strings.Contains(all, "`") || strings.Contains(all, "/prefix") {
				t.Errorf("got %q", all)
			}
			if proxy := strings.Contains(tt.text, "proxy"); proxy && strings.Contains(all, "--site") {
				t.Errorf("the site is blamed for the proxy: %q", all)
			}
		})
	}
}

func TestRealConnectionThatIsRefused(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	address := listener.Addr().String()
	client := clientOf(t, datadog.Config{BaseURL: "http://" + address, APIKey: testAPIKey, AppKey: testAppKey,
		Transport: transport.New(transport.Config{Random: func() float64 { return 0 }})})
	_, _, err = client.SLOs(t.Context())
	wantDefect(t, err, slo.Unavailable, "cannot connect to http://"+address+" (connection refused), tried 4 times")
}

func TestRealServerWithoutTLSAndWithAnUnknownCertificate(t *testing.T) {
	t.Parallel()
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	unknown := httptest.NewUnstartedServer(http.NotFoundHandler())
	unknown.Config.ErrorLog = log.New(io.Discard, "", 0)
	unknown.StartTLS()
	t.Cleanup(unknown.Close)
	for address, words := range map[string][]string{
		strings.Replace(plain.URL, "http:", "https:", 1): {"does not speak TLS", "http://"},
		unknown.URL: {"the certificate is not trusted", "SSL_CERT_FILE"},
	} {
		client := clientOf(t, datadog.Config{BaseURL: address, APIKey: testAPIKey, AppKey: testAppKey, Transport: transport.New(transport.Config{})})
		_, _, err := client.SLOs(t.Context())
		wantDefect(t, err, slo.Unavailable, append(words, "cannot connect to "+address)...)
	}
}

func TestKeyInTheAddressIsRedactedInHintsToo(t *testing.T) {
	t.Parallel()
	base := "https://api." + testAPIKey
	client := connectionTo(t, base, &net.DNSError{Err: "no such host", Name: "api." + testAPIKey, IsNotFound: true})
	_, _, err := client.SLOs(t.Context())
	wantDefect(t, err, slo.Unavailable, "no such host api.[redacted]") // which looks for the key in hints as well
	for _, status := range []int{302, 401, 403, 400, 503} {
		s := &server{handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://"+testAPIKey+".test/login")
			w.WriteHeader(status)
		}}
		client := clientOf(t, datadog.Config{BaseURL: base + "/" + testAppKey, APIKey: testAPIKey, AppKey: testAppKey,
			Transport: transport.New(transport.Config{Base: inProcess{s}, Random: func() float64 { return 0 }})})
		_, _, err := client.SLOs(t.Context())
		var d *slo.Defect
		if !errors.As(err, &d) {
			t.Fatalf("%d: %v", status, err)
		}
		wantDefect(t, err, d.Kind)
		if all := d.Message + strings.Join(d.Hints, ""); strings.Contains(all, "`") {
			t.Errorf("%d: %q", status, all)
		}
	}
}
