#!/bin/sh
# How long clients wait while one server takes over from another: requests on connections of their own, one
# after the other, with an upgrade amid them. Usage: benches/upgrade.sh PROGRAM [UPGRADES]
set -eu
program=$1
upgrades=${2:-10}
place=$(mktemp -d)
address=127.0.0.1:5917
trap 'touch "$place/done"; kill "$(cat "$place/data/metadata.sqlite-lock")" || true; wait; rm -rf "$place"' EXIT

serve() {
    : >"$place/out"
    "$program" serve --listen "$address" --data "$place/data" "$@" >"$place/out" 2>>"$place/log" &
    until grep -q ready "$place/out"; do sleep 0.05; done
}

ask() {
    while ! [ -e "$place/done" ]; do
        curl -s -o /dev/null -w '%{http_code} %{time_total}\n' "http://$address/v2/" || echo failed
    done
}

serve
ask >"$place/answers" &
for _ in $(seq "$upgrades"); do
    sleep 1
    serve --take-over
done
sleep 1
touch "$place/done"
echo "requests: $(wc -l <"$place/answers"), not answered 200: $(grep -cv '^200 ' "$place/answers" || true)"
echo "longest, in seconds:"
sort -k2 -nr "$place/answers" | head -n "$upgrades" | cut -d' ' -f2 | tr '\n' ' '
echo
