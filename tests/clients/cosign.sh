#!/usr/bin/env bash
# cosign: signs and attests with a key of its own, and verifies, all through referrers and without any other service.
. "$(dirname "$0")/lib.sh"
. "$clients/image.sh"

debian busybox-static jq curl
go_tool github.com/google/go-containerregistry/cmd/crane v0.22.1
go_tool github.com/sigstore/cosign/v3/cmd/cosign v3.1.3
start_registry ADDR
layout "$work/image"
app=$ADDR/$space/app
signed=$app@$index_digest
crane push "$work/image" "$app:v1"

# No transparency log, no time stamps, no root of trust to fetch: the keys alone decide.
export COSIGN_PASSWORD=secret
for name in ours theirs; do cosign generate-key-pair --output-key-prefix "$work/$name"; done
cosign signing-config create --out "$work/signing.json"
cosign trusted-root create --out "$work/root.json"
signing=(--yes --allow-http-registry --signing-config "$work/signing.json" --trusted-root "$work/root.json")
checking=(--allow-http-registry --insecure-ignore-tlog --trusted-root "$work/root.json")

# referrers REPOSITORY DIGEST: what the registry says about its signatures and attestations
referrers() {
  curl --fail --silent "http://$ADDR/v2/$1/referrers/$2" |
    jq -r '[.manifests[].annotations["dev.sigstore.bundle.predicateType"]] | sort | join(" ")'
}

echo "-- nothing verifies before it is signed"
expect_fail 'no signatures found' cosign verify "${checking[@]}" --key "$work/ours.pub" "$app:v1"

echo "-- a signature over the index and each platform"
cosign sign "${signing[@]}" --recursive --key "$work/ours.key" --annotations team=blue "$signed"
for digest in "$index_digest" "${manifest_digest[@]}"; do
  same "referrers of $digest" https://sigstore.dev/cosign/sign/v1 "$(referrers "$space/app" "$digest")"
  cosign verify "${checking[@]}" --key "$work/ours.pub" --annotations team=blue "$app@$digest" >"$work/verified"
  same "digest verified" "$digest" "$(jq -r '.[].critical.image["docker-manifest-digest"]' "$work/verified")"
done
cosign verify "${checking[@]}" --key "$work/ours.pub" "$app:v1"
expect_fail 'accepted signatures do not match' cosign verify "${checking[@]}" --key "$work/theirs.pub" "$app:v1"
expect_fail 'incorrect annotation' cosign verify "${checking[@]}" --key "$work/ours.pub" --annotations team=red "$app:v1"

echo "-- an attestation with its predicate"
echo '{"built":"here","steps":[1,2,3]}' >"$work/predicate"
cosign attest "${signing[@]}" --key "$work/ours.key" --type https://example.test/build --predicate "$work/predicate" "$signed"
cosign verify-attestation "${checking[@]}" --key "$work/ours.pub" --type https://example.test/build "$app:v1" >"$work/attested"
jq -r .payload "$work/attested" | base64 --decode >"$work/statement"
same "predicate" "$(jq -c . "$work/predicate")" "$(jq -c .predicate "$work/statement")"
same "subject" "${index_digest#sha256:}" "$(jq -r '.subject[].digest.sha256' "$work/statement")"
expect_fail 'accepted signatures do not match' \
  cosign verify-attestation "${checking[@]}" --key "$work/theirs.pub" --type https://example.test/build "$app:v1"
expect_fail 'none of the attestations matched' \
  cosign verify-attestation "${checking[@]}" --key "$work/ours.pub" --type https://example.test/other "$app:v1"

echo "-- it is all in the referrers, not in tags, and per repository"
same "referrers" "https://example.test/build https://sigstore.dev/cosign/sign/v1" "$(referrers "$space/app" "$index_digest")"
same "tags" v1 "$(crane ls "$app")"
crane copy "$app:v1" "$ADDR/$space/copy:v1"
copied=$(referrers "$space/copy" "$index_digest")
same "referrers of the copy" "" "$copied"
expect_fail 'no signatures found' cosign verify "${checking[@]}" --key "$work/ours.pub" "$ADDR/$space/copy:v1"

echo "-- a deleted signature no longer verifies"
signature=$(curl --fail --silent "http://$ADDR/v2/$space/app/referrers/${manifest_digest[amd64]}" | jq -r '.manifests[].digest')
crane delete "$app@$signature"
expect_fail 'no signatures found' cosign verify "${checking[@]}" --key "$work/ours.pub" "$app@${manifest_digest[amd64]}"
cosign verify "${checking[@]}" --key "$work/ours.pub" "$app@${manifest_digest[arm64]}"
