#!/usr/bin/env bash
# skopeo: copies between two registries, lists, inspects, deletes, and syncs to a folder and back.
. "$(dirname "$0")/lib.sh"
. "$clients/image.sh"

debian skopeo busybox-static jq curl
start_registry ADDR
start_registry OTHER
layout "$work/image"
plain=(--src-tls-verify=false --dest-tls-verify=false)
here=docker://$ADDR/$space/app
there=docker://$OTHER/$space/copied/app

echo "-- the whole index in, over to the second registry, and out again"
skopeo copy --all --preserve-digests "${plain[@]}" "oci:$work/image:v1" "$here:v1"
same "index pushed" "$index_digest" "$(digest_of "$ADDR" "$space/app" v1)"
skopeo copy --all --preserve-digests "${plain[@]}" "$here:v1" "$there:v1"
same "index copied" "$index_digest" "$(digest_of "$OTHER" "$space/copied/app" v1)"
skopeo copy --all --preserve-digests "${plain[@]}" "$there@$index_digest" "oci:$work/back:v1"
same_layout "$work/image" "$work/back"

echo "-- one platform, by the digest of its manifest"
skopeo copy --preserve-digests "${plain[@]}" "$here@${manifest_digest[arm64]}" "$here:arm"
skopeo copy --preserve-digests "${plain[@]}" "$here@${manifest_digest[amd64]}" "docker://$ADDR/$space/single:amd"
same "platform under a tag" "${manifest_digest[arm64]}" "$(digest_of "$ADDR" "$space/app" arm)"
same "platform in another repository" "${manifest_digest[amd64]}" "$(digest_of "$ADDR" "$space/single" amd)"

echo "-- Docker's schema 2 keeps its form"
skopeo copy --format v2s2 "${plain[@]}" "$here@${manifest_digest[amd64]}" "$here:v2s2"
same "media type" application/vnd.docker.distribution.manifest.v2+json \
  "$(skopeo inspect --tls-verify=false --raw "$here:v2s2" | jq -r .mediaType)"

echo "-- lists and descriptions"
same "tags" '["arm","v1","v2s2"]' "$(skopeo list-tags --tls-verify=false "$here" | jq -c '.Tags | sort')"
skopeo inspect --tls-verify=false --raw "$here:v1" >"$work/index"
same_file "raw index" "$(blob "$work/image" "$index_digest")" "$work/index"
skopeo inspect --tls-verify=false --config --raw "$here:arm" >"$work/config"
same_file "raw configuration" "$(blob "$work/image" "${config_digest[arm64]}")" "$work/config"
described=$(skopeo inspect --tls-verify=false "$here:v1")
same "digest described" "$index_digest" "$(jq -r .Digest <<<"$described")"
same "layers described" "[\"${layer_digest[root]}\",\"${layer_digest[amd64]}\"]" "$(jq -c .Layers <<<"$described")"
expect_fail 'manifest unknown' skopeo inspect --tls-verify=false "$here:absent"
expect_fail 'status code from registry 404|name unknown' skopeo list-tags --tls-verify=false "docker://$ADDR/$space/absent"

echo "-- sync to a folder and from it to the second registry"
skopeo sync --all --preserve-digests --scoped --src docker --dest dir --src-tls-verify=false \
  "$ADDR/$space/app" "$work/synced"
same "tags in the folder" "app:arm app:v1 app:v2s2" "$(cd "$work/synced/$ADDR/$space" && echo *)"
skopeo sync --all --preserve-digests --src dir --dest docker --dest-tls-verify=false \
  "$work/synced/$ADDR/$space" "$OTHER/$space/synced"
for tag in arm v1 v2s2; do
  same "$tag synced" "$(digest_of "$ADDR" "$space/app" $tag)" "$(digest_of "$OTHER" "$space/synced/app" $tag)"
done

echo "-- deletion: the tags of that manifest go, the others stay, and so does the other repository"
skopeo delete --tls-verify=false "$here:v2s2"
expect_fail 'manifest unknown' skopeo copy "${plain[@]}" "$here:v2s2" "dir:$work/deleted"
skopeo delete --tls-verify=false "$here:v1"
expect_fail 'manifest unknown' skopeo copy "${plain[@]}" "$here@$index_digest" "dir:$work/deleted"
same "tags left" '["arm"]' "$(skopeo list-tags --tls-verify=false "$here" | jq -c .Tags)"
skopeo copy --preserve-digests "${plain[@]}" "$here:arm" "dir:$work/arm"
same_file "layer left" "$(blob "$work/image" "${layer_digest[arm64]}")" "$work/arm/${layer_digest[arm64]#sha256:}"
same "other registry" "$index_digest" "$(digest_of "$OTHER" "$space/copied/app" v1)"
