#!/bin/bash
# Measures engram's memory beside OpenVM's on the same logs of accesses:
#
#   memory.sh [--rounds N]
#
# In each round every log is proven by engram, then by OpenVM at each setting. Runs replace results/memory.jsonl.
set -euo pipefail
cd "$(dirname "$0")"

rounds=1
if [ "${1:-}" = --rounds ]; then
    rounds=${2:?"--rounds needs a value"}
elif [ $# -gt 0 ]; then
    echo "memory.sh knows no option $1" >&2
    exit 2
fi

# Flags from outside would take the place of those in .cargo/config.toml.
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS
cargo build --release --locked -p memory-peer

commit=$(git log -1 --format=%h -- ../../crates)
git diff --quiet HEAD -- ../../crates || commit+=-changed
lines=$(mktemp)
trap 'rm -f "$lines"' EXIT

measure() { # arguments of memory-peer
    echo "$(date -u +%T) $*" >&2
    target/release/memory-peer "$@" --date "$(date -u +%FT%TZ)" --commit "$commit" >>"$lines"
}

for ((round = 1; round <= rounds; round++)); do
    for blocks in 16384 15360; do
        for shape in words mixed; do
            measure engram --shape "$shape" --blocks "$blocks"
            for height in 18 20 24; do
                # As shipped, only once: it is the slowest by far.
                if [ "$height" = 24 ] && [ "$shape $blocks" != "words 16384" ]; then continue; fi
                measure openvm --shape "$shape" --blocks "$blocks" --log-stacked-height "$height"
            done
        done
    done
done
cp "$lines" results/memory.jsonl
