# A PostgreSQL server in a directory of its own, reached by the socket there. Its programs are in $1.
# Says where the directory is once it can be connected to, and does what standard input says line by line and repeats
# the line then:
#   copy       makes a standby, which is reached by the same socket's directory and port 5433
#   stop       the standby ends as in a crash
#   start      it comes back
# Stops, and removes the directory, when its standard input ends: however whoever started it went.
set -eu
trap '' HUP INT TERM
bin=$1

# The server refuses to be root.
server() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=postgres --regid=postgres --init-groups "$@"
    else
        "$@"
    fi
}

place=$(mktemp -d "${TMPDIR:-/tmp}/registry-postgres-XXXXXX")
[ "$(id -u)" != 0 ] || chown postgres: "$place"
cd "$place"
stop() { server "$bin/pg_ctl" -D copy -m immediate stop >/dev/null 2>&1 || true; }
start() { server "$bin/pg_ctl" -D copy -l copy.log -w start >started 2>&1 || { cat started copy.log >&2; exit 1; }; }
copy() {
    server "$bin/pg_basebackup" -D copy -c fast -X stream -R --no-sync \
        -d "host=$place user=registry application_name=copy" >copied 2>&1 || { cat copied >&2; exit 1; }
    echo "port = 5433" >>copy/postgresql.conf
    start
}
end() {
    stop
    server "$bin/pg_ctl" -D data -m immediate stop >/dev/null 2>&1 || true
    cd /
    rm -rf "$place"
}
trap end EXIT

# Texts are sorted as people do, so that a comparison that forgets to go by bytes shows.
server "$bin/initdb" -D data -U registry -A trust -E UTF8 --locale=C.UTF-8 \
    --locale-provider=icu --icu-locale=en-US --no-sync >made 2>&1 || { cat made >&2; exit 1; }
cat >>data/postgresql.conf <<SETTINGS
listen_addresses = ''
unix_socket_directories = '$place'
max_connections = 200
fsync = off
full_page_writes = off
# Nobody waits for this standby but who says so.
synchronous_standby_names = 'nobody'
synchronous_commit = local
# Nothing goes on but what the tests do.
autovacuum = off
wal_retrieve_retry_interval = 100ms
SETTINGS
server "$bin/pg_ctl" -D data -l log -w start >started 2>&1 || { cat started log >&2; exit 1; }
echo "$place"
while read -r what; do
    "$what"
    echo "$what"
done
