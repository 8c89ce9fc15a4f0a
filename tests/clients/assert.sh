# shellcheck shell=bash
# Sourced by lib.sh: assertions, each of which ends the script, and the registry seen without a client.

fail() {
  echo "FAILED at $(basename "$0"):${BASH_LINENO[-2]}: $*" >&2
  exit 1
}

# same WHAT EXPECTED ACTUAL
same() {
  [ "$2" = "$3" ] || fail "$1: expected $(printf '%q, got %q' "$2" "$3")"
}

# same_file WHAT EXPECTED ACTUAL: byte for byte
same_file() {
  cmp "$2" "$3" || fail "$1: $2 and $3 differ"
}

# contains WHAT TEXT PART
contains() {
  [[ $2 == *"$3"* ]] || fail "$1: no $(printf '%q in %q' "$3" "$2")"
}

# expect_fail PATTERN COMMAND...: it must fail, and say why
expect_fail() {
  local pattern=$1 output
  shift
  if output=$("$@" 2>&1); then fail "succeeded: $*"; fi
  grep -qiE "$pattern" <<<"$output" || fail "$* failed for another reason: $output"
  echo "refused, as it should be: ${output##*$'\n'}"
}

manifest_types='application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json,
  application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json'

# manifest HOST REPOSITORY REFERENCE: its bytes
manifest() {
  curl --fail --silent --show-error --header "Accept: ${manifest_types//$'\n'/}" "http://$1/v2/$2/manifests/$3"
}

# digest_of HOST REPOSITORY REFERENCE: computed from the bytes that are served
digest_of() {
  manifest "$@" | sha256sum | sed 's/^\(.*\)  -$/sha256:\1/'
}

# delete_manifest HOST REPOSITORY DIGEST: for clients that cannot
delete_manifest() {
  same "status of deletion" 202 \
    "$(curl --silent --output /dev/null --write-out '%{http_code}' -X DELETE "http://$1/v2/$2/manifests/$3")"
}
