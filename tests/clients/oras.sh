#!/usr/bin/env bash
# oras: a program of ours over oras-go, since the library can be had where the command cannot. See oras/main.go.
. "$(dirname "$0")/lib.sh"

go_program oras
start_registry ADDR
oras-client "$ADDR" "$space"
