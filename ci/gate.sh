#!/bin/sh
# Runs "slo gate" in a CI job, as the variables SLO_GATE_… say (action.yml and
# ci/gitlab/slo-gate.gitlab-ci.yml list them). It ends with slo's exit code, and
# with 0 only if slo left a whole document that says pass or warn. Plain POSIX
# shell, because images without bash and without jq exist.
set -eu

# output NAME VALUE sets an output of a GitHub step; the last value stands.
output() {
  [ -z "${GITHUB_OUTPUT:-}" ] || printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"
}
# What stands if this script is killed.
output verdict undecided
output exit-code 1
output summary 'slo gate did not finish'

on_github=
[ "${GITHUB_ACTIONS:-}" != true ] || on_github=yes

# The random end of the folder's name doubles as a word that nobody can foresee.
work=$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/slo-gate.XXXXXXXXXX")
token=slo-gate-${work##*.}
files=${SLO_GATE_DIR:-$work}
mkdir -p -- "$files"
json=$files/gate.json junit=$files/gate.xml markdown=$files/gate.md
# What an earlier run left behind must not be taken for an answer.
rm -f -- "$json" "$junit" "$markdown"
: >"$work/stderr"

# finish CODE VERDICT SUMMARY tells everybody and ends the job. The summary becomes one line.
finish() {
  set -- "$1" "$2" "$(printf '%s' "$3" | tr '\r\n' '  ')"
  if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
    # GitHub drops a summary above 1 MiB as a whole.
    if [ -s "$markdown" ] && [ "$(wc -c <"$markdown")" -lt 1000000 ]; then
      cat -- "$markdown" >>"$GITHUB_STEP_SUMMARY"
    else
      printf '# slo gate: %s\n\n~~~\n%s\n~~~\n' "$2" "$3" >>"$GITHUB_STEP_SUMMARY"
    fi
  fi
  # Only annotations are commands to GitHub. The rest quotes names of SLOs, which
  # somebody else typed, and GitHub would obey them anywhere in the log.
  if [ -n "$on_github" ]; then
    grep -E '^::(error|warning|notice)[ :]' "$work/stderr" || :
    if [ "$1" -ne 0 ] && ! grep -q '^::error[ :]' "$work/stderr"; then
      printf '::error title=slo gate::%s\n' "$(printf '%s' "$3" | sed 's/%/%25/g')"
    fi
    printf '::stop-commands::%s\n' "$token"
  fi
  told='^::(error|warning|notice)[ :]'
  if [ -s "$markdown" ]; then
    cat -- "$markdown"
    told="$told|^[{]\"error\":" # the same for machines
  fi
  grep -v -E "$told" "$work/stderr" || :
  printf '\nslo gate: %s (exit code %s): %s\n' "$2" "$1" "$3"
  [ -z "$on_github" ] || printf '::%s::\n' "$token"
  output verdict "$2"
  output exit-code "$1"
  output summary "$3"
  [ ! -s "$json" ] || output json "$json"
  [ ! -s "$junit" ] || output junit "$junit"
  exit "$1"
}

# give_up CODE REASON ends the job without an answer of slo.
give_up() {
  finish "$1" undecided "$2"
}

# trim TEXT puts the text without the blanks around it into $trimmed.
trim() {
  trimmed=${1#"${1%%[![:space:]]*}"}
  trimmed=${trimmed%"${trimmed##*[![:space:]]}"}
}

# go_without_keys ARGUMENTS… runs go. Neither it nor what it downloads needs the keys.
go_without_keys() (
  unset DD_API_KEY DD_APP_KEY DATADOG_API_KEY DATADOG_APP_KEY DD_ACCESS_TOKEN
  CGO_ENABLED=0 GOBIN=$work/bin go "$@"
)

trim "${SLO_GATE_BINARY:-}"
slo=$trimmed
trim "${SLO_GATE_VERSION:-}"
version=$trimmed
if [ -n "$slo" ]; then
  named=$slo
  case $slo in
  */* | *\\*) ;;
  *) slo=$(command -v "$slo") || slo= ;;
  esac
  if [ ! -f "$slo" ] || [ ! -x "$slo" ]; then give_up 2 "there is no program $named"; fi
else
  slo=$work/bin/slo
  command -v go >/dev/null || give_up 1 "slo cannot be installed: this job has no Go; use an image with Go, or name a program"
  if [ -z "$version" ] && [ -n "${GITHUB_ACTION_PATH:-}" ]; then
    # The source beside this script is the version that the workflow names behind "uses".
    go_without_keys build -C "$GITHUB_ACTION_PATH" -buildvcs=false -o "$work/bin/" ./cmd/slo ||
      give_up 1 "slo cannot be built; the log says why"
  else
    go_without_keys install "github.com/slo-cli/slo/cmd/slo@${version:-latest}" ||
      give_up 1 "slo ${version:-latest} cannot be installed; the log says why"
  fi
  [ -f "$slo" ] || give_up 1 "slo cannot be installed: go ended well, but there is no program"
fi

# The command line grows in the positional parameters, the one array that every
# shell has. A value stays one argument, whatever it holds.
set -- gate
for pair in \
  "service=${SLO_GATE_SERVICE:-}" \
  "env=${SLO_GATE_ENV:-}" \
  "team=${SLO_GATE_TEAM:-}" \
  "timeframe=${SLO_GATE_TIMEFRAME:-}" \
  "policy=${SLO_GATE_POLICY:-}" \
  "expect=${SLO_GATE_EXPECT:-}" \
  "change=${SLO_GATE_CHANGE:-}" \
  "on-undecided=${SLO_GATE_ON_UNDECIDED:-}" \
  "on-unavailable=${SLO_GATE_ON_UNAVAILABLE:-}" \
  "site=${SLO_GATE_SITE:-}"; do
  trim "${pair#*=}"
  [ -z "$trimmed" ] || set -- "$@" "--${pair%%=*}=$trimmed"
done
while IFS= read -r line; do
  trim "$line"
  [ -z "$trimmed" ] || set -- "$@" "--tag=$trimmed"
done <<LINES
${SLO_GATE_TAG:-}
LINES
# One of these without its value takes the next for it: what is read below, and then there is no document.
while IFS= read -r line; do
  trim "$line"
  case $trimmed in
  '') ;;
  -- | [!-]*) give_up 2 "args: want one flag a line, such as --min-budget=10, not $trimmed" ;;
  *) set -- "$@" "$trimmed" ;;
  esac
done <<LINES
${SLO_GATE_ARGS:-}
LINES
# These come after the flags of "args", so that none of those takes the place of what is read below.
set -- "$@" --output=json "--junit=$junit" "--summary=$markdown"
[ -z "$on_github" ] || set -- "$@" --annotations
set -- "$@" --
while IFS= read -r line; do
  trim "$line"
  [ -z "$trimmed" ] || set -- "$@" "$trimmed"
done <<LINES
${SLO_GATE_SLOS:-}
LINES

code=0
"$slo" "$@" >"$json" 2>"$work/stderr" || code=$?

# field NAME prints a value of the document's outermost level, as JSON. slo
# indents that level by two blanks, and no JSON string contains a line break.
field() {
  LC_ALL=C sed -n "s/^  \"$1\": \(.*[^,]\),\{0,1\}\$/\1/p" "$json"
}

# whole says whether one document is there, from its first line to its last, and is of this run.
whole() {
  [ "$(sed -n 1p "$json")" = '{' ] && [ "$(sed -n '$p' "$json")" = '}' ] &&
    [ "$(LC_ALL=C grep -c '^[^ ]' "$json")" = 2 ] && [ "$(field schema)" = '"slo.gate/v1"' ] &&
    [ "$(field exit_code)" = "$code" ]
}

# unquoted makes plain text of what is inside a JSON string. \\ is \u005c for a moment, so that \\n is no line break.
unquoted() {
  LC_ALL=C sed -e 's/\\\\/\\u005c/g' -e 's/\\[bfnrt]/ /g' -e 's/\\"/"/g' -e 's/\\u005c/\\/g'
}

verdict=
if whole; then
  case $code:$(field verdict) in
  0:'"pass"' | 0:'"warn"' | 3:'"fail"' | 7:'"undecided"' | [1245]:'"fail"' | [1245]:'"undecided"')
    verdict=$(field verdict | tr -d '"')
    ;;
  *) ;; # the two contradict each other
  esac
fi
if [ -z "$verdict" ]; then
  [ "$code" -ne 0 ] || give_up 1 "slo ended with exit code 0, but left no document that says so"
  why=$(LC_ALL=C sed -n 's/^{"error":{"code":[0-9]*,"message":"\(.*\)","hints":.*/\1/p' "$work/stderr" | unquoted)
  give_up "$code" "slo ended with exit code $code and without a verdict: ${why:-the log may say why}"
fi
[ "$code" -ne 0 ] || [ -s "$junit" ] || give_up 1 "slo ended with exit code 0, but wrote no JUnit file"
finish "$code" "$verdict" "$(field summary | LC_ALL=C sed -e 's/^"//' -e 's/"$//' | unquoted)"
