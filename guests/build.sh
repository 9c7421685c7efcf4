#!/bin/bash
# Rebuilds the C guests: guests/build.sh [-o FOLDER] [NAME...]
#
# Without names, all of them; without a folder, into guests/elf. The same compiler gives the same bytes wherever the
# checkout lies, so a committed ELF can be compared with a fresh one.
#
# Needs Debian's gcc-riscv64-unknown-elf and picolibc-riscv64-unknown-elf (the committed ELFs: gcc 12.2.0,
# picolibc 1.8 as of Debian 12).
set -euo pipefail
cd "$(dirname "$0")"

out=elf
if [ "${1-}" = -o ]; then
    out=${2:?-o needs a folder}
    shift 2
fi
mkdir -p "$out"

export LC_ALL=C SOURCE_DATE_EPOCH=0
cc=${CC:-riscv64-unknown-elf-gcc}
flags=(
    -march=rv32im -mabi=ilp32 --specs=picolibc.specs -std=gnu17 -O2 -ffunction-sections -fdata-sections
    -Wall -Wextra -Werror
    # Line tables for fault messages, with paths that begin at guests/.
    -g1 -gdwarf-4 -gno-record-gcc-switches "-ffile-prefix-map=$PWD=guests" "-Wa,--debug-prefix-map=$PWD=guests"
    -Iruntime
)
link_flags=(
    -nostartfiles -static -T runtime/link.ld
    -Wl,--build-id=none -Wl,--gc-sections -Wl,-z,max-page-size=4096 -Wl,--no-warn-rwx-segments -Wl,--fatal-warnings
)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for source in runtime/*.c runtime/*.S; do
    "$cc" "${flags[@]}" -c "$source" -o "$work/$(basename "$source").o"
done
# An archive, so that a guest gets only the parts that it uses.
riscv64-unknown-elf-ar rcD "$work/libruntime.a" "$work"/*.c.o

build() { # source, name
    "$cc" "${flags[@]}" -c "$1" -o "$work/guest.o"
    # The C library and the runtime call each other.
    "$cc" "${flags[@]}" "${link_flags[@]}" "$work/start.S.o" "$work/guest.o" \
        -Wl,--start-group "$work/libruntime.a" -lc -lgcc -Wl,--end-group -o "$out/$2.elf"
}

wanted=" $* "
is_wanted() { [ "$wanted" = "  " ] || [[ $wanted == *" $1 "* ]]; }

for source in */*.c; do
    name=$(basename "$source" .c)
    case $source in
    runtime/*) continue ;;
    faults/*) name=fault-$name ;;
    esac
    if is_wanted "$name"; then build "$source" "$name"; fi
done
