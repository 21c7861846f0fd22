package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/slo-cli/slo/cmd/slo/cli"
	"github.com/slo-cli/slo/internal/iostreams"
)

// The first line of stdout is the bare URL, the server answers when it is
// there, and an interrupt ends it.
func TestSimulatorCommand(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	out, write := io.Pipe()
	var errs bytes.Buffer
	streams := iostreams.New(strings.NewReader(""), write, &errs, iostreams.Terminal{}, func(string) string { return "" })
	ended := make(chan int, 1)
	go func() {
		code := cli.Main(ctx, []string{"simulator", "--scenario", "steady"}, func(string) (string, bool) { return "", false }, streams)
		write.Close()
		ended <- code
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("no first line: %v; %s", err, errs.String())
	}
	if !regexp.MustCompile(`^http://127\.0\.0\.1:\d+\n$`).MatchString(line) {
		t.Fatalf("first line %q, want a bare URL", line)
	}
	url := strings.TrimSpace(line)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/api/v1/validate", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("DD-API-KEY", "x")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	answer.Body.Close()
	if err != nil || answer.StatusCode != http.StatusOK || !strings.Contains(string(body), `"valid":true`) {
		t.Errorf("validate: %s %s (%v), want 200 and valid", answer.Status, body, err)
	}
	// With the real clock the world is placed so that the board is that of its own present.
	board := runSLO(t.Context(), url, nil, "status", "shop*")
	if board.code != 0 || !strings.Contains(board.stdout, "shop availability") {
		t.Errorf("a board of the served world: code %d\n%s%s", board.code, board.stdout, board.stderr)
	}
	interrupt()
	if code := <-ended; code != 130 {
		t.Errorf("exit code %d after an interrupt, want 130", code)
	}
}
