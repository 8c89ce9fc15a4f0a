#!/usr/bin/env bash
# HTTPS and a password: curl and skopeo, who trust an authority of the script's own, and a certificate that is renewed
# while the registry runs.
. "$(dirname "$0")/lib.sh"
. "$clients/image.sh"

debian skopeo busybox-static jq curl openssl apache2-utils:htpasswd

# authority NAME: $work/NAME/ca.crt, which nobody else trusts
authority() {
  mkdir "$work/$1"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" \
    -keyout "$work/$1.key" -out "$work/$1/ca.crt"
}

# certify NAME: a certificate of that authority for this machine, where the registry has its own
certify() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=registry -keyout "$work/new.key" \
    -out "$work/new.csr"
  openssl x509 -req -in "$work/new.csr" -CA "$work/$1/ca.crt" -CAkey "$work/$1.key" -days 2 -out "$work/new.crt" \
    -extfile <(echo 'subjectAltName=IP:127.0.0.1,DNS:localhost')
  mv "$work/new.key" "$work/tls.key"
  mv "$work/new.crt" "$work/tls.crt"
}

ping_over() {
  curl --silent --show-error --fail --user ada:lovelace --cacert "$work/$1/ca.crt" "https://$ADDR/v2/"
}

authority first
authority second
certify first
htpasswd -cbB "$work/users" ada lovelace
start_registry ADDR --listen '127.0.0.1:0 tls' --tls-certificate "$work/tls.crt" --tls-key "$work/tls.key" \
  --htpasswd "$work/users"
layout "$work/image"
trusted=(--dest-cert-dir "$work/first")
image=docker://$ADDR/$space/app:v1

echo "-- who does not trust it, or does not sign in, does not get in"
ping_over first
expect_fail 'certificate' ping_over second
expect_fail 'certificate|x509' skopeo copy --dest-creds ada:lovelace "oci:$work/image:v1" "$image"
expect_fail 'unauthorized|authentication' skopeo copy "${trusted[@]}" "oci:$work/image:v1" "$image"
expect_fail 'invalid username/password' skopeo login --cert-dir "$work/first" --username ada --password wrong "$ADDR"

echo "-- login, push and pull"
skopeo login --cert-dir "$work/first" --username ada --password lovelace "$ADDR"
skopeo copy --all --preserve-digests "${trusted[@]}" "oci:$work/image:v1" "$image"
skopeo copy --all --preserve-digests --src-cert-dir "$work/first" "$image" "oci:$work/back:v1"
same_layout "$work/image" "$work/back"

echo "-- the certificate of another authority, while it runs"
certify second
kill -HUP "${services[-1]}"
wait_for ping_over second
expect_fail 'certificate' ping_over first
skopeo copy --all --preserve-digests --src-cert-dir "$work/second" "$image" "oci:$work/again:v1"
same_layout "$work/image" "$work/again"
