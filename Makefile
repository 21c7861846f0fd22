# Each target is one go command, for those who forget its flags. CI runs .ci/run.
export CGO_ENABLED = 0

# What "make fuzz" runs: make fuzz TARGET=FuzzProject PACKAGE=./internal/config
TARGET ?= FuzzParse
PACKAGE ?= ./internal/metricquery
TIME ?= 60s

.PHONY: build test lint fmt cover bench judge fuzz golden demo release-snapshot

build:
	go build ./cmd/slo

test:
	go test ./...

lint:
	go tool -modfile=internal/tools.mod staticcheck ./...

fmt:
	go fmt ./...

cover:
	go test -cover ./...

bench:
	go test -run '^$$' -bench . -benchmem -timeout 30m ./...

# Writes JUDGE.md: what pkg/anomaly finds, misses and makes up.
judge:
	go run ./internal/judge/cmd JUDGE.md

fuzz:
	go test -run '^$$' -fuzz '^$(TARGET)$$' -fuzztime $(TIME) $(PACKAGE)

golden:
	SLO_UPDATE=1 go test ./...

demo:
	go run ./cmd/slo demo

release-snapshot:
	go run github.com/goreleaser/goreleaser/v2@v2.15.0 release --snapshot --clean --parallelism 1
