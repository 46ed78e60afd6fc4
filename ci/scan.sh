#!/usr/bin/env bash
# Scan in a CI job: the report as text into the log, as SARIF into a file where one
# is named, as Markdown onto the job's page where GitHub has one. The exit code is
# that of the scan. It takes its settings from the environment, so that nothing in
# them is taken for shell.
set -euo pipefail

binary=${TWOKEY_BINARY:-}
if [ -z "$binary" ]; then
  root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
  binary=${RUNNER_TEMP:-${TMPDIR:-/tmp}}/twokey-$$
  trap 'rm -f "$binary"' EXIT
  (cd "$root" && CGO_ENABLED=0 go build -trimpath -o "$binary" ./cmd/twokey)
fi

args=(--fail-on "${TWOKEY_FAIL_ON:-medium}")
if [ -n "${TWOKEY_BASELINE:-}" ]; then args+=(--baseline "$TWOKEY_BASELINE"); fi
if [ "${TWOKEY_STRICT:-false}" = true ]; then args+=(--strict); fi

# The reports beside the log never decide: the scan in the log does.
path=${TWOKEY_PATH:-.}
if [ -n "${TWOKEY_SARIF:-}" ]; then
  "$binary" scan "${args[@]}" --exit-zero --format sarif --out "$TWOKEY_SARIF" -- "$path" || [ $? = 3 ]
fi
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
  "$binary" scan "${args[@]}" --exit-zero --format markdown -- "$path" >>"$GITHUB_STEP_SUMMARY" || [ $? = 3 ]
fi
"$binary" scan "${args[@]}" -- "$path"
