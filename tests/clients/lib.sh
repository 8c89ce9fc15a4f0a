# shellcheck shell=bash
# Sourced by the script of every client: its tools, its services, and their end. The assertions are in assert.sh.
#
# What a script gets: a scratch folder `$work` that is also its HOME, a repository prefix `$space` of its own, and
# the functions below. Everything started with `spawn` is stopped by process id when the script ends, however it
# ends. A registry comes from `start_registry`; REGISTRY_BIN names the program, and REGISTRY_ADDRESS (with
# REGISTRY_ADDRESS2 for the second) a registry that already runs, of which nothing is started or stopped.
set -Eeuo pipefail

clients=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$clients/assert.sh"
work=$(mktemp -d)
# shellcheck disable=SC2034 # for the scripts
space=$(basename "$0" .sh)-$$
user_home=$HOME
services=()
registries=0

export GOBIN=$clients/.bin HOME=$work/home TMPDIR=$work
export PATH=$GOBIN:$PATH
# They are for us; the server would take them for settings.
export -n REGISTRY_BIN REGISTRY_ADDRESS REGISTRY_ADDRESS2
mkdir "$HOME"
trap finish EXIT
trap 'echo "FAILED at ${BASH_SOURCE[0]##*/}:$LINENO: $BASH_COMMAND" >&2' ERR
trap 'exit 1' INT TERM

# --- end ---

finish() {
  local result=$? index
  for ((index = ${#services[@]} - 1; index >= 0; index--)); do
    stop "${services[index]}"
  done
  [ "$result" = 0 ] || tail -n 20 "$work"/*.log 2>/dev/null || true
  awk -v under="$work/" 'index($2, under) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r umount --lazy
  rm -rf --one-file-system "$work"
}

# stop PID: asks it to end, and insists after 20 seconds
stop() {
  kill "$1" 2>/dev/null || return 0
  timeout 20 tail --sleep-interval 0.1 --pid "$1" -f /dev/null || kill -KILL "$1"
}

# --- tools ---

# retry COMMAND...: for what depends on a network; four attempts, the pauses doubling
retry() {
  local pause=5
  until "$@"; do
    [ "$pause" -le 20 ] || return 1
    echo "failed, again in $pause s: $*" >&2
    sleep "$pause"
    pause=$((pause * 2))
  done
}

# debian PACKAGE[:COMMAND]...: installs those of which neither the command nor the package is there
debian() {
  local package missing=()
  for package in "$@"; do
    command -v "${package#*:}" >/dev/null || installed "${package%:*}" || missing+=("${package%:*}")
  done
  [ ${#missing[@]} = 0 ] || retry install_packages "${missing[@]}"
}

installed() {
  dpkg-query --show --showformat '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed
}

install_packages() {
  DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends "$@" && return
  apt-get update --quiet || true
  return 1
}

# go_tool PACKAGE VERSION: has `go install` build it, unless that version is there
go_tool() {
  go version -m "$GOBIN/$(basename "$1")" 2>/dev/null | grep -qwF "$2" || retry in_go install "$1@$2"
}

# go_program FOLDER: builds a program of ours
go_program() {
  cd "$clients/$1"
  retry in_go mod download
  in_go build -buildvcs=false -o "$GOBIN/$1-client" .
  cd "$work"
}

# Go keeps its caches in the user's own home
in_go() {
  HOME=$user_home nice -n 10 go "$@"
}

# --- services ---

# spawn NAME COMMAND...: in the background, its output in $work/NAME.log
spawn() {
  local name=$1
  shift
  "$@" >"$work/$name.log" 2>&1 &
  services+=($!)
}

# wait_for COMMAND...: until it succeeds, for a minute at most
wait_for() {
  local end=$((SECONDS + 60))
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || fail "not ready after a minute: $*"
    sleep 0.1
  done
}

# start_registry VARIABLE [FLAG...]: leaves the HOST:PORT of an empty registry in VARIABLE; it listens on a free port
# unless the flags say where
start_registry() {
  local variable=$1 given=REGISTRY_ADDRESS program=${REGISTRY_BIN:-$clients/../../target/release/registry} output line
  shift
  registries=$((registries + 1))
  [ "$registries" = 1 ] || given+=$registries
  if [ -n "${!given:-}" ]; then
    printf -v "$variable" %s "${!given}"
    return
  fi
  [[ " $* " == *" --listen "* ]] || set -- --listen 127.0.0.1:0 "$@"
  exec {output}< <(exec "$program" serve --data "$work/data$registries" "$@" 2>"$work/registry$registries.log")
  services+=($!)
  read -r -t 30 line <&"$output" || fail "$program printed no line"
  [[ $line =~ ^registry:\ ready\ at\ https?://(127\.0\.0\.1:[0-9]+)$ ]] || fail "$program printed: $line"
  printf -v "$variable" %s "${BASH_REMATCH[1]}"
}
