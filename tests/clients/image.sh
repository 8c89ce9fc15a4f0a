# shellcheck shell=bash
# Sourced where a client needs an image that no client has made: an OCI layout written by hand, so that every
# digest, size and file in it is known before the registry sees it.
#
# layout FOLDER writes an index tagged `v1` of two platforms. Both share one layer, a root with busybox, and have
# a second one of their own with /payload. It sets:
#   index_digest, manifest_digest[ARCH], config_digest[ARCH], layer_digest[root|ARCH]
# and leaves the files of the layers in FOLDER.root, FOLDER.amd64 and FOLDER.arm64.

declare -A manifest_digest config_digest layer_digest
declare -A diff_id layer
index_digest=

# rootfs FOLDER: the least in which a container runs
rootfs() {
  local name
  mkdir -p "$1/bin" "$1/tmp"
  cp /bin/busybox "$1/bin/busybox"
  for name in sh cat sha256sum; do ln -sf busybox "$1/bin/$name"; done
}

layout() {
  local folder=$1 arch index
  mkdir -p "$folder/blobs/sha256" "$folder.amd64" "$folder.arm64"
  rootfs "$folder.root"
  pack_layer "$folder" root
  for arch in amd64 arm64; do
    head -c 1500000 /dev/urandom >"$folder.$arch/payload"
    pack_layer "$folder" "$arch"
    pack_image "$folder" "$arch"
  done
  index=$(printf '{"schemaVersion":2,"mediaType":"%s","manifests":[%s,%s]}' \
    application/vnd.oci.image.index.v1+json "$(platform "$folder" amd64)" "$(platform "$folder" arm64)" |
    add_blob "$folder" application/vnd.oci.image.index.v1+json)
  index_digest=$(digest_in "$index")
  printf '{"imageLayoutVersion":"1.0.0"}' >"$folder/oci-layout"
  printf '{"schemaVersion":2,"manifests":[%s]}' \
    "${index%\}},\"annotations\":{\"org.opencontainers.image.ref.name\":\"v1\"}}" >"$folder/index.json"
}

# pack_layer FOLDER NAME: FOLDER.NAME as a compressed tar
pack_layer() {
  tar --create --sort=name --owner=0 --group=0 --numeric-owner --directory "$1.$2" . >"$1.tar"
  diff_id[$2]=sha256:$(sha256sum <"$1.tar" | cut -d ' ' -f 1)
  layer[$2]=$(gzip -1 -n <"$1.tar" | add_blob "$1" application/vnd.oci.image.layer.v1.tar+gzip)
  layer_digest[$2]=$(digest_in "${layer[$2]}")
  rm "$1.tar"
}

# pack_image FOLDER ARCH: configuration and manifest over the two layers
pack_image() {
  local config manifest
  config=$(printf '{"architecture":"%s","os":"linux","config":{"Cmd":["/bin/cat","/payload"]},%s}' "$2" \
    "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"${diff_id[root]}\",\"${diff_id[$2]}\"]}" |
    add_blob "$1" application/vnd.oci.image.config.v1+json)
  config_digest[$2]=$(digest_in "$config")
  manifest=$(printf '{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s,%s]}' \
    application/vnd.oci.image.manifest.v1+json "$config" "${layer[root]}" "${layer[$2]}" |
    add_blob "$1" application/vnd.oci.image.manifest.v1+json)
  manifest_digest[$2]=$(digest_in "$manifest")
}

# platform FOLDER ARCH: the entry of the index
platform() {
  printf '{"mediaType":"%s","digest":"%s","size":%d,"platform":{"architecture":"%s","os":"linux"}}' \
    application/vnd.oci.image.manifest.v1+json "${manifest_digest[$2]}" \
    "$(stat --format %s "$(blob "$1" "${manifest_digest[$2]}")")" "$2"
}

# add_blob FOLDER MEDIA-TYPE: stores its input and prints the descriptor
add_blob() {
  local file digest
  file=$(mktemp "$1/blob.XXXXXX")
  cat >"$file"
  digest=$(sha256sum <"$file" | cut -d ' ' -f 1)
  printf '{"mediaType":"%s","digest":"sha256:%s","size":%d}' "$2" "$digest" "$(stat --format %s "$file")"
  mv "$file" "$1/blobs/sha256/$digest"
}

# blob FOLDER DIGEST: where the layout FOLDER keeps it
blob() {
  echo "$1/blobs/${2/:/\/}"
}

digest_in() {
  jq -r .digest <<<"$1"
}

# same_layout EXPECTED ACTUAL: the whole index, both platforms, all layers are there and equal
same_layout() {
  local digest
  for digest in "$index_digest" "${manifest_digest[@]}" "${config_digest[@]}" "${layer_digest[@]}"; do
    same_file "$digest" "$(blob "$1" "$digest")" "$(blob "$2" "$digest")"
  done
}
