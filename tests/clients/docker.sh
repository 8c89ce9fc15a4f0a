#!/usr/bin/env bash
# docker: builds, pushes, pulls by tag and by digest, runs, mounts from another repository, and manifest lists.
. "$(dirname "$0")/lib.sh"
. "$clients/image.sh"

debian docker.io:dockerd busybox-static jq curl
start_registry ADDR
export DOCKER_HOST=unix://$work/docker.sock DOCKER_BUILDKIT=0
spawn dockerd dockerd --host "$DOCKER_HOST" --data-root "$work/data" --exec-root "$work/exec" \
  --pidfile "$work/dockerd.pid" --iptables=false --bridge=none --storage-driver=vfs --insecure-registry "$ADDR"
wait_for docker info
app=$ADDR/$space/app

# push IMAGE: prints the digest that docker names at the end
push() {
  docker push "$1" | tee "$work/push" >&2
  sed -n 's/.*digest: \(sha256:[0-9a-f]*\) size: .*/\1/p' "$work/push"
}

# same_content IMAGE: runs it, and compares what it prints with the file that went into it
same_content() {
  docker run --rm --network none "$1" >"$work/printed"
  same_file "$1" "$work/context/payload" "$work/printed"
}

echo "-- build on a base that was imported"
rootfs "$work/base"
tar --create --directory "$work/base" . | docker import - base
mkdir "$work/context"
head -c 3000000 /dev/urandom >"$work/context/payload"
printf '%s\n' 'FROM base' 'COPY payload /payload' 'RUN sha256sum /payload >/sum' 'CMD ["cat", "/payload"]' \
  >"$work/context/Dockerfile"
docker build --network host --tag "$app:v1" "$work/context"
image=$(docker image inspect --format '{{.Id}}' "$app:v1")

echo "-- push, forget, pull by tag"
digest=$(push "$app:v1")
same "digest pushed" "$digest" "$(digest_of "$ADDR" "$space/app" v1)"
docker rmi "$app:v1"
expect_fail 'no such image' docker image inspect "$image"
docker pull "$app:v1"
same "image pulled by tag" "$image" "$(docker image inspect --format '{{.Id}}' "$app:v1")"
same_content "$app:v1"
same "file made by the build" "$(sha256sum <"$work/context/payload" | sed 's/-$/\/payload/')" \
  "$(docker run --rm --network none "$app:v1" cat /sum)"

echo "-- forget, pull and run by digest"
docker rmi "$app:v1"
docker pull "$app@$digest"
same "image pulled by digest" "$image" "$(docker image inspect --format '{{.Id}}' "$app@$digest")"
same_content "$app@$digest"
expect_fail 'manifest unknown' docker pull "$app:absent"

echo "-- push again: every layer is there; another repository: every layer is mounted"
layers=$(docker image inspect --format '{{len .RootFS.Layers}}' "$image")
docker tag "$image" "$app:again"
same "layers that exist" "$layers" "$(docker push "$app:again" | grep -c 'Layer already exists')"
docker tag "$image" "$ADDR/$space/mounted:v1"
same "layers mounted" "$layers" "$(docker push "$ADDR/$space/mounted:v1" | grep -c "Mounted from $space/app")"
same "digest in the other repository" "$digest" "$(digest_of "$ADDR" "$space/mounted" v1)"

echo "-- a manifest list of two platforms"
declare -A platform_digest
cp "$work/context/payload" "$work/base/payload"
for arch in amd64 arm64; do
  echo "$arch" >"$work/base/arch"
  printf '%s\n' 'FROM scratch' 'COPY . /' 'CMD ["cat", "/payload"]' |
    docker build --platform "linux/$arch" --tag "$app:$arch" --file - "$work/base"
  platform_digest[$arch]=$(push "$app:$arch")
  docker rmi "$app:$arch"
done
docker manifest create --insecure "$app:all" "$app@${platform_digest[amd64]}" "$app@${platform_digest[arm64]}"
list_digest=$(docker manifest push --insecure "$app:all" | tail -n 1)
same "digest of the list" "$list_digest" "$(digest_of "$ADDR" "$space/app" all)"
rm -r "$HOME/.docker"
docker manifest inspect --insecure "$app:all" >"$work/list"
same "list" "amd64 ${platform_digest[amd64]} arm64 ${platform_digest[arm64]}" \
  "$(jq -r '[.manifests | sort_by(.platform.architecture)[] | .platform.architecture, .digest] | join(" ")' "$work/list")"
docker pull "$app:all"
same_content "$app:all"
docker rmi "$app:all"
docker pull --platform linux/arm64 "$app@$list_digest"
docker cp "$(docker create --platform linux/arm64 "$app@$list_digest"):/arch" "$work/arch"
same "content of the other platform" arm64 "$(cat "$work/arch")"

echo "-- deleted, it can no longer be pulled; the repository it was mounted in is untouched"
docker rmi --force "$image"
delete_manifest "$ADDR" "$space/app" "$digest"
expect_fail 'manifest unknown' docker pull "$app:v1"
expect_fail '(no such manifest|manifest unknown)' docker manifest inspect --insecure "$app@$digest"
docker pull "$ADDR/$space/mounted:v1"
same_content "$ADDR/$space/mounted:v1"

[ -z "${REGISTRY_ADDRESS:-}" ] || exit 0

echo "-- a registry with users: nothing without a login, everything with one"
echo 'ada:$2y$05$VN0748/rcV7nvqm8C5LASuD9aBGlYMelXb4UqrcLGfqu90MFkidB6' >"$work/users"
start_registry GUARDED --htpasswd "$work/users"
guarded=$GUARDED/$space/app:v1
docker tag "$ADDR/$space/mounted:v1" "$guarded"
expect_fail 'no basic auth credentials' docker push "$guarded"
expect_fail 'unauthorized' docker login --username ada --password-stdin "$GUARDED" <<<wrong
docker login --username ada --password-stdin "$GUARDED" <<<lovelace
same "digest pushed after the login" "$digest" "$(push "$guarded")"
docker rmi "$guarded"
docker pull "$guarded"
same_content "$guarded"
docker logout "$GUARDED"
expect_fail 'no basic auth credentials' docker pull "$guarded"
