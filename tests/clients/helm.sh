#!/usr/bin/env bash
# helm: packages charts, pushes them with their provenance, resolves versions, pulls, shows and renders.
. "$(dirname "$0")/lib.sh"

debian jq curl
go_tool helm.sh/helm/v4/cmd/helm v4.3.1
start_registry ADDR
charts=oci://$ADDR/$space/charts

# package VERSION: a chart with one template
package() {
  mkdir -p "$work/hello/templates"
  printf '%s\n' 'apiVersion: v2' 'name: hello' "version: $1" 'description: says hello' >"$work/hello/Chart.yaml"
  printf '%s\n' "greeting: hello from $1" >"$work/hello/values.yaml"
  printf '%s\n' 'apiVersion: v1' 'kind: ConfigMap' 'metadata: {name: hello}' 'data:' \
    '  greeting: {{ .Values.greeting }}' >"$work/hello/templates/map.yaml"
  helm package --destination "$work" "$work/hello"
}

# push VERSION: prints the digest that helm names
push() {
  helm push --plain-http "$work/hello-$1.tgz" "$charts" 2>&1 | tee "$work/push" >&2
  sed -n 's/^Digest: //p' "$work/push"
}

# pull ARGUMENT...: from the registry, not from what helm remembers
pull() {
  rm -rf "$HOME/.cache/helm"
  helm pull --plain-http "$@"
}

echo "-- three versions in; the plus sign becomes an underscore in the tag"
for version in 1.0.0 1.1.0 2.0.0+build.7; do
  package "$version"
  echo "provenance of $version" >"$work/hello-$version.tgz.prov"
  digest=$(push "$version")
  same "digest of $version" "$digest" "$(digest_of "$ADDR" "$space/charts/hello" "${version/+/_}")"
done
same "tags" '["1.0.0","1.1.0","2.0.0_build.7"]' \
  "$(curl --fail --silent "http://$ADDR/v2/$space/charts/hello/tags/list" | jq -c '.tags | sort')"
same "media types" \
  "application/vnd.cncf.helm.chart.content.v1.tar+gzip application/vnd.cncf.helm.chart.provenance.v1.prov application/vnd.cncf.helm.config.v1+json" \
  "$(manifest "$ADDR" "$space/charts/hello" 1.0.0 | jq -r '[.config.mediaType, .layers[].mediaType] | sort | join(" ")')"

echo "-- back by version, with the provenance"
for version in 1.0.0 2.0.0+build.7; do
  mkdir "$work/$version"
  pull --prov --destination "$work/$version" --version "$version" "$charts/hello"
  same_file "chart $version" "$work/hello-$version.tgz" "$work/$version/hello-$version.tgz"
  same_file "provenance $version" "$work/hello-$version.tgz.prov" "$work/$version/hello-$version.tgz.prov"
done

echo "-- back by range, by digest, and the newest"
mkdir "$work/range" "$work/digest" "$work/newest"
pull --destination "$work/range" --version '^1.0.0' "$charts/hello"
same "chart in the range" hello-1.1.0.tgz "$(ls "$work/range")"
pull --destination "$work/digest" "$charts/hello@$digest"
same_file "chart by digest" "$work/hello-2.0.0+build.7.tgz" "$(echo "$work"/digest/hello*.tgz)"
pull --destination "$work/newest" "$charts/hello"
same_file "newest chart" "$work/hello-2.0.0+build.7.tgz" "$(echo "$work"/newest/hello*.tgz)"

echo "-- shown and rendered from the registry"
helm show chart --plain-http --version 1.0.0 "$charts/hello" >"$work/shown"
contains "chart shown" "$(cat "$work/shown")" 'version: 1.0.0'
same "values shown" 'greeting: hello from 1.1.0' "$(helm show values --plain-http --version 1.1.0 "$charts/hello" | head -n 1)"
contains "chart rendered" "$(helm template --plain-http --version 1.1.0 greeter "$charts/hello")" \
  'greeting: hello from 1.1.0'

echo "-- what is not there, or no longer"
expect_fail 'not found' pull --destination "$work" --version 9.9.9 "$charts/hello"
expect_fail 'not found' pull --destination "$work" --version 1.0.0 "$charts/absent"
delete_manifest "$ADDR" "$space/charts/hello" "$(digest_of "$ADDR" "$space/charts/hello" 1.0.0)"
expect_fail 'not found' helm show chart --plain-http --version 1.0.0 "$charts/hello"
