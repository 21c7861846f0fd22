#!/usr/bin/env bash
# The JUnit XML of slo gate against the schema that Jenkins publishes: run.sh SLO,
# where SLO is the binary to test. The schema comes from npm, into a directory of
# its own, so that the checkout stays as it is; it needs node 18 or later with npm.
set -euo pipefail

if [ $# -ne 1 ]; then
  echo "usage: $0 SLO, the slo binary to test" >&2
  exit 2
fi
slo=$(realpath "$1")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
golden=$(cd "$here/../../report/testdata/gate" && pwd)
# Nothing of the user's own setup may change the outcome.
unset DD_SITE DD_HOST DD_API_KEY DD_APP_KEY DATADOG_API_KEY DATADOG_APP_KEY DD_ACCESS_TOKEN SLO_CONFIG SLO_CACHE_DIR

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

cp "$here"/package.json "$here"/package-lock.json "$here"/*.mjs "$tmp"
cd "$tmp"
# The package that has the schema wants a test runner beside it, which we do not need.
npm ci --legacy-peer-deps --ignore-scripts --no-audit --no-fund --loglevel=error
mkdir config

# live NAME CODE ARGUMENTS… keeps the answer of a run that has to end with the code.
live() {
  local name=$1 want=$2 code=0
  shift 2
  XDG_CONFIG_HOME=$tmp/config XDG_CACHE_HOME=$tmp/cache timeout 120 "$slo" "$@" -o junit >"live-$name.xml" 2>"live-$name.log" || code=$?
  if [ "$code" -ne "$want" ]; then
    cat "live-$name.log" >&2
    echo "slo $* ended with code $code, want $want" >&2
    exit 1
  fi
}
live demo 3 demo -- gate
live nothing 7 demo -- gate --tag "no:such-tag"
live keys 4 gate --site datadoghq.invalid

timeout 120 node validate.mjs "$golden"/*.junit.xml live-*.xml
