#!/bin/bash
# Rebuilds the guests of the bench into guests/elf: NAME-SIZE-TOOL.elf, for every guest, size and tool.
#
# Needs a native C compiler and riscv64-unknown-elf-gcc (the committed ELFs: Debian 12's gcc 12.2.0).
set -euo pipefail
cd "$(dirname "$0")"
mkdir -p elf

export LC_ALL=C SOURCE_DATE_EPOCH=0
cc=${CC:-riscv64-unknown-elf-gcc}
native_cc=${NATIVE_CC:-cc}
flags=(
    -march=rv32im -mabi=ilp32 -std=gnu17 -O2 -ffreestanding -Wall -Wextra -Werror -Wno-type-limits
    # No calls of memcpy and memset for loops that are the workload.
    -fno-tree-loop-distribute-patterns
    -nostdlib -nostartfiles -static -T link.ld -s
    -Wl,--build-id=none -Wl,-z,max-page-size=4096 -Wl,--fatal-warnings
)

build() { # guest, name of the size, SIZE
    local native expected tool
    native=$(mktemp)
    "$native_cc" -std=gnu17 -O1 -Wall -Wextra -Werror -Wno-type-limits -DPEER_NATIVE -DSIZE="$3" "$1.c" -o "$native"
    expected=$("$native")
    rm "$native"
    for tool in engram openvm; do
        "$cc" "${flags[@]}" -DPEER_"${tool^^}" -DSIZE="$3" -DEXPECTED="${expected}u" start.S "$1.c" -o "elf/$1-$2-$tool.elf"
    done
}

# About 20 thousand (to try the bench itself), 1 million and 20 million instructions.
build fib tiny 5000
build fib 1m 200000
build fib 20m 4000000
build copysort tiny 0
build copysort 1m 1
build copysort 20m 21
build sha256 tiny 5
build sha256 1m 200
build sha256 20m 4000
build keccak tiny 1
build keccak 1m 18
build keccak 20m 360
build interpreter tiny 30
build interpreter 1m 620
build interpreter 20m 11100
