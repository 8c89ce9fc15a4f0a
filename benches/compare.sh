#!/usr/bin/env bash
# This registry beside its peers: every scenario on each of them in turns, in one run, each with a
# configuration of its own in a directory that is removed. Usage:
#
#   benches/compare.sh RESULTS [OPTION...]       writes RESULTS.json and RESULTS.md
#
# Options go to `load compare` (--only, --seconds, --rounds, --large, ...). The peers are distribution 2.8
# and nginx from Debian, which are installed where this runs as root, distribution 3.1 by `go install`, and
# zot if ZOT names its program. PEERS chooses among `d2 d3 zot nginx`; REGISTRY names a program of ours that
# is built already. A peer that cannot be had is left out, and named.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"
source .ci/lib.sh

[ $# -gt 0 ] || { sed -n '2,12s/^# \{0,1\}//p' "$0"; exit 2; }
results=$1
shift
peers=" ${PEERS:-d2 d3 zot nginx} "
tools=$top/benches/.bin
place=$(mktemp -d)
servers=()

# The load tool stops what it has started, by process id, when it ends: it is waited for before anything
# is removed.
load=
finish() {
    [ -z "$load" ] || { kill "$load" 2>/dev/null || true; wait "$load" || true; }
    rm -rf "$place"
}
trap finish EXIT
trap 'exit 1' INT TERM

wanted() { [[ $peers == *" $1 "* ]]; }

left_out() { echo "left out: $*" >&2; }

# debian PROGRAM PACKAGE: whether it is there, or can be installed.
debian() {
    PATH=$PATH:/usr/sbin command -v "$1" >/dev/null && return
    [ "$(id -u)" = 0 ] && packages "$2" >&2
}

# An address that nobody has.
address() {
    local port
    while :; do
        port=$((20000 + RANDOM % 12000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    echo "127.0.0.1:$port"
}

# server KEY=VALUE... COMMAND...: one more to measure.
server() { servers+=(--server "$*"); }

ours() {
    local program=${REGISTRY:-}
    if [ -z "$program" ]; then
        cargo build --locked --release -p registry
        program=${CARGO_TARGET_DIR:-target}/release/registry
    fi
    server "name=ours_$("$program" --version | cut -d' ' -f2) durability=strict files=$place/ours" \
        "$program serve --data $place/ours --listen 127.0.0.1:0"
}

# distribution_config ADDRESS: its defaults, but that manifests can be deleted, and no log of requests.
distribution_config() {
    cat <<EOF
version: 0.1
log:
  level: error
  accesslog:
    disabled: true
storage:
  filesystem:
    rootdirectory: $place/$2
  delete:
    enabled: true
  cache:
    blobdescriptor: inmemory
http:
  addr: $1
EOF
}

d2() {
    debian docker-registry docker-registry || return
    local at
    at=$(address)
    distribution_config "$at" d2 >"$place/d2.yml"
    server "name=distribution_2.8 durability=closes_without_sync url=http://$at files=$place/d2" \
        "$(command -v docker-registry) serve $place/d2.yml"
}

d3() {
    if ! [ -x "$tools/registry" ]; then
        mkdir -p "$tools"
        GOBIN=$tools retry go install github.com/distribution/distribution/v3/cmd/registry@v3.1.2 >&2 || return
    fi
    local at
    at=$(address)
    distribution_config "$at" d3 >"$place/d3.yml"
    server "name=distribution_3.1.2 durability=files_and_directories_synced url=http://$at files=$place/d3" \
        "env OTEL_TRACES_EXPORTER=none $tools/registry serve $place/d3.yml"
}

zot() {
    [ -x "${ZOT:-}" ] || return
    local at
    at=$(address)
    cat >"$place/zot.json" <<EOF
{
  "distSpecVersion": "1.1.1",
  "storage": { "rootDirectory": "$place/zot", "commit": true, "dedupe": true, "gc": true },
  "http": { "address": "${at%:*}", "port": "${at#*:}" },
  "log": { "level": "error" }
}
EOF
    server "name=zot durability=commit:_true url=http://$at files=$place/zot $ZOT serve $place/zot.json"
}

# Files of the same sizes under the same paths: what serving them costs at the least.
nginx() {
    debian nginx nginx-light || return
    local at program
    at=$(address)
    program=$(PATH=$PATH:/usr/sbin type -P nginx)
    mkdir -p "$place/nginx/files" "$place/nginx/logs"
    cat >"$place/nginx.conf" <<EOF
daemon off;
worker_processes auto;
pid $place/nginx/pid;
error_log $place/nginx/logs/error error;
events { worker_connections 1024; }
http {
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    default_type application/octet-stream;
    client_body_temp_path $place/nginx/body;
    proxy_temp_path $place/nginx/proxy;
    fastcgi_temp_path $place/nginx/fastcgi;
    uwsgi_temp_path $place/nginx/uwsgi;
    scgi_temp_path $place/nginx/scgi;
    server {
        listen $at;
        root $place/nginx/files;
        location = /v2/ { return 200 "{}"; }
    }
}
EOF
    # Its workers are somebody else's when it is root's.
    chmod -R a+rX "$place"
    server "name=nginx_(files) durability=takes_no_pushes url=http://$at files=$place/nginx/files" \
        "serves=$place/nginx/files $program -c $place/nginx.conf -e $place/nginx/logs/start"
}

# What the disk takes of one who writes 512 MiB to it and waits, in the units of dd.
disk() {
    dd if=/dev/zero of="$place/disk" bs=256K count=2048 conv=fsync 2>&1 | sed -n 's/.*, //p'
    rm "$place/disk"
}

cargo build --locked --release -p registry-benches --bin load
ours
for peer in d2 d3 zot nginx; do
    wanted "$peer" || continue
    "$peer" || left_out "$peer"
done
# What an earlier run left is not taken for the results of one that could not write its own.
rm -f "$results.json" "$results.md"
before=$(disk)
"${CARGO_TARGET_DIR:-target}/release/load" compare "${servers[@]}" --json "$results.json" "$@" &
load=$!
# A server that fails in one scenario is measured in the others; the tables say so.
code=0
wait "$load" || code=$?
load=
[ -e "$results.json" ] || exit "$code"
"${CARGO_TARGET_DIR:-target}/release/load" table "$results.json" >"$results.md"
echo "The disk: $before before and $(disk) after it (\`dd bs=256K count=2048 conv=fsync\`)." >>"$results.md"
echo "written: $results.json, $results.md"
exit "$code"
