#!/usr/bin/env bash
# notation: a program of ours over notation-go, since the library can be had where the command cannot. See
# notation/main.go.
. "$(dirname "$0")/lib.sh"

go_program notation
start_registry ADDR
notation-client "$ADDR" "$space"
