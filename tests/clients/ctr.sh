#!/usr/bin/env bash
# containerd's ctr: imports, pushes, forgets and pulls an index of two platforms, by tag and by digest.
. "$(dirname "$0")/lib.sh"
. "$clients/image.sh"

debian containerd busybox-static jq curl
start_registry ADDR
layout "$work/image"
cat >"$work/containerd.toml" <<END
version = 2
root = "$work/root"
state = "$work/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "$work/containerd.sock"
END
spawn containerd containerd --config "$work/containerd.toml"
wait_for ctr --address "$work/containerd.sock" version
app=$ADDR/$space/app

ctr() {
  command ctr --address "$work/containerd.sock" --namespace tests "$@"
}

# forget: no image is left, and no content
forget() {
  local images left
  mapfile -t images < <(ctr images ls --quiet)
  ctr images rm --sync "${images[@]}"
  left=$(ctr content ls --quiet)
  same "content forgotten" "" "$left"
}

# same_content DIGEST...: what containerd keeps is what was in the layout
same_content() {
  local digest
  for digest in "$@"; do
    ctr content get "$digest" >"$work/content"
    same_file "$digest" "$(blob "$work/image" "$digest")" "$work/content"
  done
}

# same_payload IMAGE ARCH: the image unpacks to the files that went into its layers
same_payload() {
  mkdir -p "$work/mounted"
  ctr images mount --snapshotter native --platform "linux/$2" "$1" "$work/mounted"
  same_file "payload of $1" "$work/image.$2/payload" "$work/mounted/payload"
  same_file "busybox of $1" "$work/image.root/bin/busybox" "$work/mounted/bin/busybox"
  ctr images unmount --rm "$work/mounted"
}

echo "-- import and push both platforms"
tar --create --directory "$work/image" . | ctr images import --all-platforms --no-unpack --base-name "$app" -
ctr images push --plain-http "$app:v1"
same "digest pushed" "$index_digest" "$(digest_of "$ADDR" "$space/app" v1)"
forget

echo "-- pull all platforms by tag"
ctr images pull --plain-http --all-platforms --snapshotter native "$app:v1"
same_content "$index_digest" "${manifest_digest[@]}" "${config_digest[@]}" "${layer_digest[@]}"
same_payload "$app:v1" amd64
forget

echo "-- pull one platform by tag, and one by its own digest"
ctr images pull --plain-http --platform linux/amd64 --snapshotter native "$app:v1"
same_content "$index_digest" "${manifest_digest[amd64]}" "${layer_digest[root]}" "${layer_digest[amd64]}"
expect_fail 'not found' ctr content get "${layer_digest[arm64]}"
ctr images pull --plain-http --platform linux/arm64 --snapshotter native "$app@${manifest_digest[arm64]}"
same_content "${manifest_digest[arm64]}" "${layer_digest[arm64]}"
same_payload "$app@${manifest_digest[arm64]}" arm64

echo "-- push what was pulled to another repository"
ctr images tag "$app@${manifest_digest[arm64]}" "$ADDR/$space/arm:v1"
ctr images push --plain-http --platform linux/arm64 "$ADDR/$space/arm:v1"
same "digest in the other repository" "${manifest_digest[arm64]}" "$(digest_of "$ADDR" "$space/arm" v1)"
forget

echo "-- deleted, it can no longer be pulled"
expect_fail 'not found' ctr images pull --plain-http "$app:absent"
delete_manifest "$ADDR" "$space/app" "$index_digest"
expect_fail 'not found' ctr images pull --plain-http "$app:v1"
expect_fail 'not found' ctr images pull --plain-http "$app@$index_digest"
ctr images pull --plain-http --platform linux/arm64 --snapshotter native "$ADDR/$space/arm:v1"
same_payload "$ADDR/$space/arm:v1" arm64
