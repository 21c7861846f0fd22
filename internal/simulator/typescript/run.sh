#!/usr/bin/env bash
# Datadog's TypeScript client against the simulator: run.sh SLO, where SLO is
# the binary to test. It installs the client into a directory of its own, so
# that the checkout stays as it is, and needs node 18 or later with npm.
set -euo pipefail

if [ $# -ne 1 ]; then
  echo "usage: $0 SLO, the slo binary to test" >&2
  exit 2
fi
slo=$(realpath "$1")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
now=2026-11-09T09:30:00Z
# Nothing of the user's own setup may change the outcome.
unset DD_SITE DD_HOST DD_API_KEY DD_APP_KEY DATADOG_API_KEY DATADOG_APP_KEY DD_ACCESS_TOKEN SLO_CONFIG

tmp=$(mktemp -d)
simulator=
stop() {
  if [ -n "$simulator" ]; then
    kill "$simulator" 2>/dev/null || true
    wait "$simulator" 2>/dev/null || true
    simulator=
  fi
}
trap 'stop; rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

cp "$here"/package.json "$here"/package-lock.json "$here"/*.mjs "$tmp"
cd "$tmp"
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
mkdir config

failed=0
for world in default corrections; do
  exec {lines}< <(XDG_CONFIG_HOME=$tmp/config exec "$slo" simulator --scenario "$world" --now "$now" 2>"$tmp/simulator.log")
  simulator=$!
  if ! read -r -t 60 url <&"$lines"; then
    cat "$tmp/simulator.log" >&2
    echo "the simulator of the world $world did not say where it listens" >&2
    exit 1
  fi
  timeout 300 node client.mjs "$url" "$world" "$now" || failed=1
  stop
  exec {lines}<&-
done
exit "$failed"
