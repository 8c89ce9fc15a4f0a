#!/usr/bin/env bash
# crane: pushes, pulls, copies, appends, mutates, flattens, builds indexes, lists, validates and deletes.
. "$(dirname "$0")/lib.sh"
. "$clients/image.sh"

debian busybox-static jq curl
go_tool github.com/google/go-containerregistry/cmd/crane v0.22.1
start_registry ADDR
start_registry OTHER
layout "$work/image"
app=$ADDR/$space/app

# same_payload IMAGE ARCH: the file in the flattened file system of the image
same_payload() {
  crane export "$1" - | tar --extract --to-stdout payload >"$work/payload"
  same_file "payload of $1" "$work/image.$2/payload" "$work/payload"
}

echo "-- push and pull the whole index"
crane push "$work/image" "$app:v1"
same "digest pushed" "$index_digest" "$(crane digest "$app:v1")"
same "digest served" "$index_digest" "$(digest_of "$ADDR" "$space/app" v1)"
same "digest of a platform" "${manifest_digest[arm64]}" "$(crane digest --platform linux/arm64 "$app:v1")"
crane pull --format oci "$app:v1" "$work/back"
same_layout "$work/image" "$work/back"
crane validate --remote "$app:v1"

echo "-- its parts"
crane manifest "$app@${manifest_digest[amd64]}" >"$work/manifest"
same_file manifest "$(blob "$work/image" "${manifest_digest[amd64]}")" "$work/manifest"
crane config --platform linux/arm64 "$app:v1" >"$work/config"
same_file configuration "$(blob "$work/image" "${config_digest[arm64]}")" "$work/config"
crane blob "$app@${layer_digest[root]}" >"$work/layer"
same_file layer "$(blob "$work/image" "${layer_digest[root]}")" "$work/layer"
same_payload "$app@${manifest_digest[arm64]}" arm64

echo "-- copies: within the registry by mounting, to another one, and every tag at once"
crane copy "$app:v1" "$ADDR/$space/copy:v1" 2>&1 | tee "$work/copy"
same "blobs mounted" "$(printf '%s\n' "${config_digest[@]}" "${layer_digest[@]}" | sort)" \
  "$(sed -n 's/.*mounted blob: //p' "$work/copy" | sort -u)"
crane tag "$app@${manifest_digest[amd64]}" amd
crane copy --all-tags "$app" "$OTHER/$space/copy"
same "tags copied" "amd v1" "$(crane ls "$OTHER/$space/copy" | sort | xargs)"
same "index copied" "$index_digest" "$(crane digest "$OTHER/$space/copy:v1")"
same "platform copied" "${manifest_digest[amd64]}" "$(crane digest "$OTHER/$space/copy:amd")"
crane validate --remote "$OTHER/$space/copy:v1"

echo "-- derived images: a layer appended, a label and a command changed, all layers in one"
echo added >"$work/added"
tar --create --gzip --file "$work/added.tgz" --directory "$work" added
crane append --base "$app:amd" --new_layer "$work/added.tgz" --new_tag "$app:more"
same "file appended" added "$(crane export "$app:more" - | tar --extract --to-stdout added)"
same_payload "$app:more" amd64
crane mutate "$app:more" --label team=blue --cmd sh --annotation origin=test --tag "$app:mutated"
same "label and command" '["blue",["sh"]]' "$(crane config "$app:mutated" | jq -c '[.config.Labels.team, .config.Cmd]')"
same "annotation" test "$(crane manifest "$app:mutated" | jq -r .annotations.origin)"
crane flatten "$app:mutated" --tag "$app:flat"
same "layers when flat" 1 "$(crane manifest "$app:flat" | jq '.layers | length')"
same_payload "$app:flat" amd64

echo "-- an index made of images that are there, and reduced again"
crane index append --manifest "$app:mutated" --manifest "$app@${manifest_digest[arm64]}" --tag "$app:joined"
same "entries of the index" "$(crane digest "$app:mutated") ${manifest_digest[arm64]}" \
  "$(crane manifest "$app:joined" | jq -r '[.manifests[].digest] | join(" ")')"
crane index filter "$app:joined" --platform linux/arm64 --tag "$app:filtered"
same "entries left" "${manifest_digest[arm64]}" "$(crane manifest "$app:filtered" | jq -r '.manifests[].digest')"
crane validate --remote "$app:filtered"

echo "-- lists"
same "tags" "amd filtered flat joined more mutated v1" "$(crane ls "$app" | sort | xargs)"
same "repositories" "$space/app $space/copy" "$(crane catalog "$ADDR" | grep "^$space/" | sort | xargs)"

echo "-- deleting a tag leaves the manifest; deleting the manifest takes all its tags"
crane tag "$app:v1" second
crane delete "$app:v1"
expect_fail MANIFEST_UNKNOWN crane digest "$app:v1"
same "other tag" "$index_digest" "$(crane digest "$app:second")"
crane delete "$app@$index_digest"
expect_fail MANIFEST_UNKNOWN crane pull "$app:second" "$work/deleted"
expect_fail MANIFEST_UNKNOWN crane manifest "$app@$index_digest"
same "tags left" "amd filtered flat joined more mutated" "$(crane ls "$app" | sort | xargs)"
crane validate --remote "$ADDR/$space/copy:v1"
expect_fail NAME_UNKNOWN crane ls "$ADDR/$space/absent"
