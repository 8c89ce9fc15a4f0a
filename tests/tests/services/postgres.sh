# A PostgreSQL server in a directory of its own, reached by the socket there. Its programs are in $1.
# Where $2 is a port it also listens there, by TLS with the certificate and the key that are in the directory $3.
# Says where the directory is once it can be connected to, does what standard input says line by line
# (`stop`, `start`), and ends when that ends: however whoever started it went.
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

place=$(mktemp -d "${TMPDIR:-/tmp}/registry-cluster-XXXXXX")
[ "$(id -u)" != 0 ] || chown postgres: "$place"
cd "$place"
start() { server "$bin/pg_ctl" -D data -l "$place/server.log" -w start >/dev/null 2>&1 || { cat server.log >&2; exit 1; }; }
stop() { server "$bin/pg_ctl" -D data -m immediate stop >/dev/null 2>&1 || true; }
end() {
    stop
    cd /
    rm -rf "$place"
}
trap end EXIT

server "$bin/initdb" -D data -U registry -A trust -E UTF8 --no-sync >log 2>&1 || { cat log >&2; exit 1; }
cat >>data/postgresql.conf <<SETTINGS
listen_addresses = ''
unix_socket_directories = '$place'
SETTINGS
if [ -n "${2:-}" ]; then
    cp "$3/certificate" certificate
    cp "$3/key" key
    chmod 600 key
    [ "$(id -u)" != 0 ] || chown postgres: certificate key
    cat >>data/postgresql.conf <<SETTINGS
listen_addresses = '127.0.0.1'
port = $2
ssl = on
ssl_cert_file = '$place/certificate'
ssl_key_file = '$place/key'
SETTINGS
fi
start
echo "$place"
while read -r what; do
    "$what"
    echo "$what"
done
