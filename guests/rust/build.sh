#!/bin/bash
# Rebuilds the Rust guest: guests/rust/build.sh [-o FOLDER]      (default: guests/elf)
#
# The standard library is built from source for the guest machine. Needs a compiler with its library's source:
# Debian's rustc-web and rust-web-src (the committed ELF: 1.96.0+dfsg1-1~deb12u2), or RUSTC=/path/to/rustc of a toolchain
# that has both. Any cargo of about that age will do; it fetches the standard library's own dependencies from crates.io.
# Links with riscv64-unknown-elf-ld, as the C guests do.
set -euo pipefail
cd "$(dirname "$0")"

out=../elf
if [ "${1-}" = -o ]; then
    out=${2:?-o needs a folder}
fi
mkdir -p "$out"

export RUSTC=${RUSTC:-/usr/bin/rustc} RUSTC_BOOTSTRAP=1 SOURCE_DATE_EPOCH=0
sysroot=$("$RUSTC" --print sysroot)
library=$sysroot/lib/rustlib/src/rust
cargo_home=${CARGO_HOME:-$HOME/.cargo}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# This variable takes precedence over the flags of any cargo configuration further up, which are the host's.
separator=$'\x1f'
flags=(
    -Clinker=riscv64-unknown-elf-ld -Clinker-flavor=ld -Clink-arg=-melf32lriscv
    -Clink-arg=-T"$PWD/../runtime/link.ld" -Clink-arg=--build-id=none -Clink-arg=--gc-sections
    -Clink-arg=-zmax-page-size=4096 -Clink-arg=--no-warn-rwx-segments
    "--remap-path-prefix=$PWD=guests/rust" "--remap-path-prefix=$library=/rust"
    "--remap-path-prefix=$(readlink -f "$library")=/rust" "--remap-path-prefix=$cargo_home=/cargo"
)
CARGO_ENCODED_RUSTFLAGS=$(IFS=$separator; echo "${flags[*]}")
export CARGO_ENCODED_RUSTFLAGS

cargo build --release --locked --target riscv32im-unknown-none-elf --target-dir "$work" \
    -Zbuild-std=core,alloc -Zbuild-std-features=compiler-builtins-mem
cp "$work/riscv32im-unknown-none-elf/release/wordcount" "$out/wordcount.elf"
