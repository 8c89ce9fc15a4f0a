#!/usr/bin/env bash
# podman and buildah: build, push, pull by tag and by digest, run, compressions, formats, and lists of platforms.
. "$(dirname "$0")/lib.sh"
. "$clients/image.sh"

debian podman buildah runc busybox-static jq curl
start_registry ADDR
app=$ADDR/$space/app
printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$ADDR" >"$work/registries.conf"
export CONTAINERS_REGISTRIES_CONF=$work/registries.conf
storage=(--root "$work/store" --runroot "$work/run" --storage-driver vfs)

podman() {
  command podman --cgroup-manager cgroupfs --events-backend file --runtime runc --tmpdir "$work/tmp" \
    "${storage[@]}" "$@"
}

buildah() {
  command buildah "${storage[@]}" "$@"
}

# same_content IMAGE: runs it, and compares what it prints with the file that went into it
same_content() {
  podman run --rm --network none --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 "$1" >"$work/printed"
  same_file "$1" "$work/context/payload" "$work/printed"
}

# pushed_digest ARGUMENTS-OF-PUSH...
pushed_digest() {
  podman push --digestfile "$work/digest" "$@" >&2
  cat "$work/digest"
}

echo "-- build, push, forget, pull by tag and by digest, run"
rootfs "$work/context"
head -c 3000000 /dev/urandom >"$work/context/payload"
printf '%s\n' 'FROM scratch' 'COPY . /' 'RUN sha256sum /payload >/sum' 'CMD ["cat", "/payload"]' >"$work/Containerfile"
podman build --isolation chroot --network host --tag "$app:v1" --file "$work/Containerfile" "$work/context"
image=$(podman image inspect --format '{{.Id}}' "$app:v1")
digest=$(pushed_digest "$app:v1")
same "digest pushed" "$digest" "$(digest_of "$ADDR" "$space/app" v1)"
for reference in "$app:v1" "$app@$digest"; do
  podman rmi --force "$image"
  podman pull "$reference"
  same "image pulled as $reference" "$image" "$(podman image inspect --format '{{.Id}}' "$reference")"
  same_content "$reference"
done
expect_fail 'manifest unknown' podman pull "$app:absent"

echo "-- push again, and to another repository: no layer is sent twice"
podman tag "$image" "$app:again" "$ADDR/$space/mounted:v1"
layers=$(podman image inspect --format '{{len .RootFS.Layers}}' "$image")
podman --log-level debug push "$app:again" >"$work/again" 2>&1
same "layers that exist" "$layers" "$(grep -c 'Skipping blob .*already present' "$work/again")"
podman --log-level debug push "$ADDR/$space/mounted:v1" >"$work/mounted" 2>&1
same "layers not sent" "$layers" "$(grep -c 'Skipping blob .*already present' "$work/mounted")"
same "layers mounted" "$layers" "$(grep -c 'msg="POST .*mount=' "$work/mounted")"
same "digest in the other repository" "$digest" "$(digest_of "$ADDR" "$space/mounted" v1)"

echo "-- Docker's format"
docker_digest=$(pushed_digest --format v2s2 "$image" "docker://$app:v2s2")
same "digest of Docker's format" "$docker_digest" "$(digest_of "$ADDR" "$space/app" v2s2)"
podman rmi --force "$image"
podman pull "$app:v2s2"
same_content "$app:v2s2"
same "tags" "again v1 v2s2" \
  "$(podman search --list-tags --format json "$app" | jq -r '.[].Tags | sort | join(" ")')"

echo "-- a list of two platforms"
podman rmi --all --force
podman manifest create everywhere
for arch in amd64 arm64; do
  echo "$arch" >"$work/context/arch"
  printf '%s\n' 'FROM scratch' 'COPY . /' 'CMD ["cat", "/payload"]' >"$work/Containerfile"
  buildah build --platform "linux/$arch" --manifest everywhere --file "$work/Containerfile" "$work/context"
done
podman manifest push --all --digestfile "$work/digest" everywhere "docker://$app:all"
list=$(cat "$work/digest")
same "digest of the list" "$list" "$(digest_of "$ADDR" "$space/app" all)"
podman manifest inspect "$app:all" >"$work/list"
same "platforms of the list" "amd64 arm64" "$(jq -r '[.manifests[].platform.architecture] | sort | join(" ")' "$work/list")"
podman rmi --all --force
podman pull "$app:all"
same_content "$app:all"
podman rmi --all --force

echo "-- buildah starts from the list's other platform"
container=$(buildah from --platform linux/arm64 "$app@$list")
mounted=$(buildah mount "$container")
same "other platform" arm64 "$(cat "$mounted/arch")"
same_file "content of the other platform" "$work/context/payload" "$mounted/payload"

echo "-- buildah adds a layer, which goes in as zstd"
head -c 500000 /dev/urandom | tee "$work/extra" >"$mounted/extra"
buildah commit "$container" derived
buildah rm "$container"
derived=$(pushed_digest --compression-format zstd derived "docker://$ADDR/$space/derived:v1")
same "digest of the derived image" "$derived" "$(digest_of "$ADDR" "$space/derived" v1)"
contains "media types" "$(manifest "$ADDR" "$space/derived" v1)" tar+zstd
podman rmi --all --force
container=$(buildah from --platform linux/arm64 "$ADDR/$space/derived@$derived")
same_file "content of the added layer" "$work/extra" "$(buildah mount "$container")/extra"
buildah rm "$container"

echo "-- deleted, it can no longer be pulled"
podman rmi --all --force
delete_manifest "$ADDR" "$space/app" "$digest"
expect_fail 'manifest unknown' podman pull "$app:v1"
expect_fail 'manifest unknown' podman pull "$app@$digest"
podman pull "$ADDR/$space/mounted:v1"
same_content "$ADDR/$space/mounted:v1"
