# Shared by the stages of .ci/run.

# retry COMMAND...: for downloads; three tries with a growing pause.
retry() {
    local try
    for try in 1 2 3; do
        "$@" && return 0
        echo "try $try of 3 failed: $*" >&2
        [ "$try" = 3 ] || sleep $((try * 5))
    done
    return 1
}

# packages NAME...: installs those Debian packages that are missing.
packages() {
    local name missing=()
    for name in "$@"; do
        dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'install ok installed' ||
            missing+=("$name")
    done
    [ ${#missing[@]} = 0 ] && return 0
    retry apt-get -qq update
    DEBIAN_FRONTEND=noninteractive retry apt-get -qq install -y --no-install-recommends "${missing[@]}"
}

# postgres: the package, without the server that it would make and start.
postgres() {
    local settings=/etc/postgresql-common/createcluster.conf
    if [ "$(id -u)" = 0 ] && [ ! -e "$settings" ]; then
        mkdir -p "$(dirname "$settings")"
        echo 'create_main_cluster = false' >"$settings"
    fi
    packages postgresql
}

# program PACKAGE VERSION: has `go install` put it into $tools, unless that version is there.
program() {
    go version -m "$tools/$(basename "$1")" 2>/dev/null | grep -qwF "$2" || GOBIN=$tools retry go install "$1@$2"
}

minio() { program github.com/minio/minio v0.0.0-20260212201848-7aac2a2c5b7c; }
