#!/usr/bin/env bash
# Imports what the real distribution server has written, and holds each tag against what skopeo sees: there, here,
# in a layout, and in another distribution server that it is exported to.
. "$(dirname "$0")/../clients/lib.sh"
. "$clients/image.sh"

debian skopeo busybox-static jq curl docker-registry
program=$(realpath "${REGISTRY_BIN:-$clients/../../target/release/registry}")

# distribution VARIABLE FOLDER: a server of Debian's docker-registry over that folder; leaves its HOST:PORT
distribution() {
  cat >"$work/$2.yml" <<YAML
version: 0.1
log: {level: info}
storage:
  filesystem: {rootdirectory: $work/$2}
http: {addr: "127.0.0.1:0"}
YAML
  mkdir -p "$work/$2"
  spawn "$2" docker-registry serve "$work/$2.yml"
  wait_for grep -q 'listening on 127' "$work/$2.log"
  printf -v "$1" %s "$(grep -oE 'listening on 127\.0\.0\.1:[0-9]+' "$work/$2.log" | cut -d ' ' -f 3)"
}

# seen HOST [NAMESPACE/]: the digest of each tag, as skopeo sees it; NAMESPACE is that of the one short name
seen() {
  local image
  for image in team/app:v1 team/app:arm team/app:v2s2 "${2:-}single:amd"; do
    echo "${image#"${2:-}"} $(skopeo inspect --tls-verify=false --raw "docker://$1/$image" | sha256sum)"
  done
}

echo "-- skopeo pushes to the other server, and that is stopped"
layout "$work/image"
distribution OTHER theirs
theirs=${services[-1]}
plain=(--src-tls-verify=false --dest-tls-verify=false)
there=docker://$OTHER/team/app
skopeo copy --all --preserve-digests "${plain[@]}" "oci:$work/image:v1" "$there:v1"
skopeo copy --preserve-digests "${plain[@]}" "$there@${manifest_digest[arm64]}" "$there:arm"
skopeo copy --format v2s2 "${plain[@]}" "$there@${manifest_digest[amd64]}" "$there:v2s2"
skopeo copy --preserve-digests "${plain[@]}" "$there@${manifest_digest[amd64]}" "docker://$OTHER/single:amd"
seen "$OTHER" >"$work/before"
same "index pushed" "$index_digest" "$(digest_of "$OTHER" team/app v1)"
stop "$theirs"

echo "-- everything is imported, and a second time nothing"
start_registry ADDR
import() { "$program" import "distribution:$work/theirs" --data "$@"; }
contains "import" "$(import "$work/data1")" "images: 4 copied, 0 already there"
seen "$ADDR" >"$work/after"
same_file "what skopeo sees" "$work/before" "$work/after"
skopeo copy --all --preserve-digests "${plain[@]}" "docker://$ADDR/team/app:v1" "oci:$work/back:v1"
same_layout "$work/image" "$work/back"
contains "import again" "$(import "$work/data1")" "images: 0 copied, 4 already there"

echo "-- exported to a layout, which skopeo reads"
"$program" export "oci:$work/exported" --data "$work/data1"
skopeo copy --all --preserve-digests "oci:$work/exported:team/app:v1" "oci:$work/again:v1"
same_layout "$work/image" "$work/again"

echo "-- exported to a tar, which skopeo reads, and the tar that skopeo makes of it imported"
"$program" export "oci-archive:$work/exported.tar" --data "$work/data1"
same "index in the tar" "$index_digest" \
  "$(skopeo inspect --raw "oci-archive:$work/exported.tar:team/app:v1" | sha256sum | sed 's/^/sha256:/; s/ .*//')"
skopeo copy --all --preserve-digests "oci-archive:$work/exported.tar:team/app:v1" "oci:$work/unpacked:v1"
same_layout "$work/image" "$work/unpacked"
skopeo copy --all --preserve-digests "oci:$work/image:v1" "oci-archive:$work/skopeo.tar:v1"
start_registry TARRED
contains "import" "$("$program" import "oci-archive:$work/skopeo.tar" --as team/app --data "$work/data2")" "images: 1 copied"
same "index" "$index_digest" "$(digest_of "$TARRED" team/app v1)"
result=0
gzip <"$work/skopeo.tar" >"$work/skopeo.tar.gz"
output=$("$program" import "oci-archive:$work/skopeo.tar.gz" --as team/app --data "$work/data2" 2>&1) || result=$?
same "exit code" 2 "$result"
contains "what to do" "$output" gunzip

echo "-- exported to another server of that kind"
distribution THIRD third
contains "export" "$("$program" export "http://$THIRD" --data "$work/data1")" "images: 4 copied"
seen "$THIRD" library/ >"$work/exported.seen"
same_file "what skopeo sees there" "$work/before" "$work/exported.seen"

echo "-- exported to a storage directory, by hard link, which a server of that kind then serves"
contains "export" "$("$program" export "distribution:$work/fourth" --data "$work/data1")" "images: 4 copied"
encoded=${layer_digest[arm64]#sha256:}
links=$(stat --format %h "$work/fourth/docker/registry/v2/blobs/sha256/${encoded:0:2}/$encoded/data")
[ "$links" -ge 2 ] || fail "a layer has $links name"
contains "export again" "$("$program" export "distribution:$work/fourth" --data "$work/data1")" "images: 0 copied, 4 already"
distribution FOURTH fourth
seen "$FOURTH" library/ >"$work/stored.seen"
same_file "what skopeo sees there" "$work/before" "$work/stored.seen"
skopeo copy --all --preserve-digests "${plain[@]}" "docker://$FOURTH/team/app:v1" "oci:$work/stored:v1"
same_layout "$work/image" "$work/stored"
skopeo copy --preserve-digests "${plain[@]}" "docker://$FOURTH/team/app:arm" "docker://$FOURTH/team/more:arm"
same "pushed there" "${manifest_digest[arm64]}" "$(digest_of "$FOURTH" team/more arm)"

echo "-- a damaged layer is told, and the rest is imported"
encoded=${layer_digest[arm64]#sha256:}
data=$work/theirs/docker/registry/v2/blobs/sha256/${encoded:0:2}/$encoded/data
size=$(stat --format %s "$data")
head -c "$size" /dev/zero >"$data"
start_registry FRESH
result=0
output=$(import "$work/data3" 2>&1) || result=$?
same "exit code" 1 "$result"
contains "the digest" "$output" "${layer_digest[arm64]}"
contains "summary" "$output" "failed: 2"
same "the rest" "${manifest_digest[amd64]}" "$(digest_of "$FRESH" single amd)"
