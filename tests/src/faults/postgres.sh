# Two PostgreSQL servers, of which one copies the other: a commit is answered when both have it. The programs are in
# $1; the servers listen at 127.0.0.1 at the ports $2 and $3, also by TLS where there is a directory $4 with the
# certificate and the key for that.
# Says `ready` once they can be connected to, does what standard input says line by line and repeats the line then:
#   restart    the one that takes writes ends as in a crash, and comes back
#   stop       both end as in a crash
#   start      they come back
#   failover   the one that takes writes ends as in a crash, and the other one takes its place
#   rebuild    the one that ended becomes the copy of the other
# Ends when standard input ends, however whoever started it went.
set -eu
trap '' HUP INT TERM
bin=$1
ports="$2 $3"
first=$2
second=$3

# The servers refuse to be root.
server() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=postgres --regid=postgres --init-groups "$@"
    else
        "$@"
    fi
}

place=$(mktemp -d "${TMPDIR:-/tmp}/registry-pair-XXXXXX")
[ "$(id -u)" != 0 ] || chown postgres: "$place"
cd "$place"
begin() { server "$bin/pg_ctl" -D "$1" -l "$place/$1.log" -w start >/dev/null 2>&1 || { tail -n 50 "$1.log" >&2; exit 1; }; }
crash() { server "$bin/pg_ctl" -D "$1" -m immediate stop >/dev/null 2>&1 || true; }
end() {
    crash "$first"
    crash "$second"
    cd /
    rm -rf "$place"
}
trap end EXIT

# The second one as a copy of the first.
copy() {
    rm -rf "$second"
    server "$bin/pg_basebackup" -D "$second" -c fast -X stream -R \
        -d "host=127.0.0.1 port=$first user=registry application_name=copy" >log 2>&1 || { cat log >&2; exit 1; }
    echo "port = $second" >>"$second/postgresql.conf"
    begin "$second"
}

stop() { crash "$first"; crash "$second"; }
start() { begin "$first"; begin "$second"; }
restart() { crash "$first"; begin "$first"; }
failover() {
    crash "$first"
    server "$bin/pg_ctl" -D "$second" -w promote >/dev/null
    set -- "$first" "$second"
    first=$2
    second=$1
}
rebuild() { copy; }

server "$bin/initdb" -D "$first" -U registry -A trust -E UTF8 --no-sync >log 2>&1 || { cat log >&2; exit 1; }
cat >>"$first/postgresql.conf" <<SETTINGS
listen_addresses = '127.0.0.1'
port = $first
unix_socket_directories = ''
wal_level = replica
wal_keep_size = 64MB
max_wal_size = 256MB
synchronous_standby_names = 'copy'
wal_retrieve_retry_interval = 200ms
SETTINGS
if [ -n "${4:-}" ]; then
    cp "$4/certificate" certificate
    cp "$4/key" key
    chmod 600 key
    [ "$(id -u)" != 0 ] || chown postgres: certificate key
    cat >>"$first/postgresql.conf" <<SETTINGS
ssl = on
ssl_cert_file = '$place/certificate'
ssl_key_file = '$place/key'
SETTINGS
fi
begin "$first"
copy
server "$bin/createdb" -h 127.0.0.1 -p "$first" -U registry registry
echo ready
while read -r what; do
    "$what"
    echo "$what"
done
