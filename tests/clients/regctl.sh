#!/usr/bin/env bash
# regctl: images with their referrers and digest tags, chunked uploads, blobs, manifests, artifacts, tags, sha512.
. "$(dirname "$0")/lib.sh"
. "$clients/image.sh"

debian busybox-static jq curl
go_tool github.com/regclient/regclient/cmd/regctl v0.11.7
start_registry ADDR
start_registry OTHER
regctl registry set "$ADDR" --tls disabled
regctl registry set "$OTHER" --tls disabled --blob-max 500000 --blob-chunk 400000
layout "$work/image"
app=$ADDR/$space/app

# attach TYPE CONTENT: an artifact that refers to the image; prints its digest
attach() {
  printf %s "$2" | regctl artifact put --artifact-type "$1" --subject "$app:v1" --by-digest \
    --format '{{.Manifest.GetDescriptor.Digest}}'
}

# referrers IMAGE ARGUMENT...: the digests of its referrers
referrers() {
  regctl artifact list "$@" --format '{{range .Descriptors}}{{println .Digest}}{{end}}' | sort | xargs
}

sorted() {
  printf '%s\n' "$@" | sort | xargs
}

echo "-- the whole index in and out"
regctl image copy "ocidir://$work/image:v1" "$app:v1"
same "digest" "$index_digest" "$(regctl image digest "$app:v1")"
same "digest served" "$index_digest" "$(digest_of "$ADDR" "$space/app" v1)"
regctl image copy "$app:v1" "ocidir://$work/back:v1"
same_layout "$work/image" "$work/back"

echo "-- referrers, without a tag that stands in for the interface"
sbom=$(attach application/vnd.example.sbom '{"packages":[]}')
note=$(attach application/vnd.example.note 'a note')
same "referrers" "$(sorted "$sbom" "$note")" "$(referrers "$app:v1")"
same "referrers of one type" "$note" "$(referrers "$app:v1" --filter-artifact-type application/vnd.example.note)"
same "content of a referrer" 'a note' \
  "$(regctl artifact get --subject "$app:v1" --filter-artifact-type application/vnd.example.note)"
echo signed | regctl artifact put --artifact-type application/vnd.example.old "$app:${index_digest/:/-}.sig"
same "tags" "${index_digest/:/-}.sig v1" "$(regctl tag ls "$app" | sort | xargs)"

echo "-- all of it to the second registry, in chunks"
regctl image copy --referrers --digest-tags "$app:v1" "$OTHER/$space/app:v1"
same "tags copied" "${index_digest/:/-}.sig v1" "$(regctl tag ls "$OTHER/$space/app" | sort | xargs)"
same "referrers copied" "$(sorted "$sbom" "$note")" "$(referrers "$OTHER/$space/app:v1")"
regctl image copy "$OTHER/$space/app:v1" "ocidir://$work/chunked:v1"
same_layout "$work/image" "$work/chunked"

echo "-- blobs"
head -c 2000000 /dev/urandom >"$work/blob"
digest=sha256:$(sha256sum <"$work/blob" | cut -d ' ' -f 1)
same "digest of the blob" "$digest" "$(regctl blob put "$OTHER/$space/blobs" <"$work/blob")"
regctl blob get "$OTHER/$space/blobs" "$digest" >"$work/got"
same_file "blob in chunks" "$work/blob" "$work/got"
regctl blob copy "$app" "$ADDR/$space/blobs" "${layer_digest[root]}"
regctl blob get "$ADDR/$space/blobs" "${layer_digest[root]}" >"$work/got"
same_file "blob mounted" "$(blob "$work/image" "${layer_digest[root]}")" "$work/got"
regctl blob delete "$OTHER/$space/blobs" "$digest"
expect_fail 'not found' regctl blob head "$OTHER/$space/blobs" "$digest"

echo "-- manifests, as they are"
jq . "$(blob "$work/image" "${manifest_digest[amd64]}")" >"$work/manifest"
regctl manifest put --content-type application/vnd.oci.image.manifest.v1+json "$app:pretty" <"$work/manifest"
regctl manifest get --format raw-body "$app:pretty" >"$work/got"
same_file "manifest with white space" "$work/manifest" "$work/got"
regctl image mod --to-docker --create "$app:docker" "$app:v1"
same "media type" application/vnd.docker.distribution.manifest.list.v2+json \
  "$(regctl manifest get --format raw-body "$app:docker" | jq -r .mediaType)"
expect_fail 'not found' regctl manifest get "$app:absent"

echo "-- tags: pages, and deletion that leaves the manifest"
same "first page" "docker pretty" "$(regctl tag ls "$app" --limit 2 | xargs)"
same "rest" "${index_digest/:/-}.sig v1" "$(regctl tag ls "$app" --last pretty | xargs)"
regctl tag delete "$app:v1"
expect_fail 'not found' regctl manifest head "$app:v1"
same "manifest left" "$index_digest" "$(regctl manifest head "$app@$index_digest")"
same "tags left" "docker pretty ${index_digest/:/-}.sig" "$(regctl tag ls "$app" | xargs)"

echo "-- deletion of a referrer, and of the image"
regctl manifest delete --referrers "$app@$note"
same "referrers left" "$sbom" "$(referrers "$app@$index_digest")"
regctl manifest delete "$app@$index_digest"
expect_fail 'not found' regctl image copy "$app@$index_digest" "ocidir://$work/deleted:v1"
same "other registry" "$(sorted "$sbom" "$note")" "$(referrers "$OTHER/$space/app:v1")"

echo "-- sha512 throughout"
regctl image mod --digest-algo sha512 --create "$OTHER/$space/long:v1" "$OTHER/$space/app:v1"
long=$(regctl image digest "$OTHER/$space/long:v1")
same "digest in sha512" "sha512:$(manifest "$OTHER" "$space/long" v1 | sha512sum | cut -d ' ' -f 1)" "$long"
regctl image copy "$OTHER/$space/long@$long" "ocidir://$work/long:v1"
same_file "layer in sha512" "$(blob "$work/image" "${layer_digest[root]}")" \
  "$work/long/blobs/sha512/$(sha512sum <"$(blob "$work/image" "${layer_digest[root]}")" | cut -d ' ' -f 1)"
