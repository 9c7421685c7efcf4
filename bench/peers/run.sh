#!/bin/bash
# Measures engram beside OpenVM:
#
#   run.sh [--pairs N] [--sizes 1m,20m] [--guests fib,copysort,sha256,keccak,interpreter] [--openvm 20,24]
#
# Defaults: one pair, size 1m, all guests, OpenVM at 20 and at 24. In each round every guest is proven by engram, then by OpenVM
# at each setting. Runs go to results/raw.jsonl as they end, and those that it has already are left out, so a measurement that
# was broken off, or wants more pairs, is run again with the same or a larger --pairs. Then results/table.md is made anew.
# With `--pairs 0` only that.
set -euo pipefail
cd "$(dirname "$0")"

pairs=1
sizes=1m
guests=fib,copysort,sha256,keccak,interpreter
openvm=20,24
while [ $# -gt 0 ]; do
    value=${2:?"$1 needs a value"}
    case $1 in
    --pairs) pairs=$value ;;
    --sizes) sizes=$value ;;
    --guests) guests=$value ;;
    --openvm) openvm=$value ;;
    *)
        echo "run.sh knows no option $1" >&2
        exit 2
        ;;
    esac
    shift 2
done

# Flags from outside would take the place of those in .cargo/config.toml.
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS
# One after the other: built together, each would get the features that the other asks of a crate.
cargo build --release --locked -p openvm-peer
cargo build --release --locked -p engram-peer
cargo build --release --locked -p peer-report

raw=results/raw.jsonl
mkdir -p results
touch "$raw"
commit=$(git log -1 --format=%h -- ../../crates)
git diff --quiet HEAD -- ../../crates || commit+=-changed
failures=0

measure() { # tool, log_stacked_height or null, guest, size, pair
    local known="{\"tool\":\"$1\",\"log_stacked_height\":$2,\"guest\":\"$3\",\"size\":\"$4\",\"pair\":$5,"
    if grep -qF "$known" "$raw"; then return; fi
    local command=("target/release/$1-peer" "guests/elf/$3-$4-$1.elf" --guest "$3" --size "$4" --pair "$5")
    command+=(--date "$(date -u +%FT%TZ)" --commit "$commit")
    if [ "$2" != null ]; then command+=(--log-stacked-height "$2"); fi
    echo "$(date -u +%T) $3 $4, pair $5: $1 $2" >&2
    local line
    if line=$("${command[@]}"); then
        printf '%s\n' "$line" >>"$raw"
    else
        echo "run.sh: this run failed and is not recorded: ${command[*]}" >&2
        failures=$((failures + 1))
    fi
}

for size in ${sizes//,/ }; do
    for ((pair = 1; pair <= pairs; pair++)); do
        for guest in ${guests//,/ }; do
            measure engram null "$guest" "$size" "$pair"
            for height in ${openvm//,/ }; do
                measure openvm "$height" "$guest" "$size" "$pair"
            done
        done
    done
done

target/release/peer-report "$raw" >results/table.md
cat results/table.md
[ "$failures" -eq 0 ]
