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
