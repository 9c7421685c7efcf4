#!/bin/bash
# Runs every case of expected/vectors.txt under qemu-riscv32 and says what fails: guests/check.sh [FOLDER OF ELFS]
#
# The processor is a bare RV32IM, without the extensions that qemu has by default; the guests must also run with those.
set -uo pipefail
cd "$(dirname "$0")"
elves=${1:-elf}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ulimit -c 0

bytes_of() { # what an input or output column stands for
    case $1 in
    empty) ;;
    hex:*) printf "$(sed 's/../\\x&/g' <<<"${1#hex:}")" ;;
    repeat:*)
        IFS=: read -r _ byte count <<<"$1"
        head -c "$count" /dev/zero | tr '\0' "\\$(printf %o "0x$byte")"
        ;;
    line:*) printf '%s\n' "${1#line:}" ;;
    file:*) cat "expected/${1#file:}" ;;
    *) echo "unknown kind of bytes: $1" >&2 && exit 2 ;;
    esac
}

# The exit code as the shell sees it: 128 plus the signal that qemu dies of, if the guest faults. A misaligned jump has no
# signal in qemu 7.2, which prints "unhandled CPU exception 0" and exits with 1.
is_end() { # expected end, code, file with qemu's messages
    case $1 in
    exit:*) [ "$2" = "${1#exit:}" ] ;;
    fault:illegal-instruction) [ "$2" = $((128 + 4)) ] ;;
    fault:breakpoint) [ "$2" = $((128 + 5)) ] ;;
    fault:jump-misaligned) [ "$2" = $((128 + 4)) ] || grep -q 'unhandled CPU exception 0' "$3" ;;
    fault:*) [ "$2" = $((128 + 11)) ] ;;
    *) return 1 ;;
    esac
}

failures=0
cases=0
while read -r name guest input end output; do
    case $name in '' | '#'*) continue ;; esac
    bytes_of "$input" >"$work/input"
    bytes_of "$output" >"$work/expected"
    for cpu in rv32,a=false,c=false,f=false,d=false rv32; do
        cases=$((cases + 1))
        # The inner shell takes the message about a signal with it.
        (qemu-riscv32 -cpu "$cpu" "$elves/$guest.elf" <"$work/input" >"$work/output" 2>"$work/messages"; exit $?) 2>/dev/null
        code=$?
        if ! is_end "$end" "$code" "$work/messages"; then
            echo "FAIL $name on $cpu: expected $end, qemu ended with $code"
        elif ! cmp -s "$work/output" "$work/expected"; then
            echo "FAIL $name on $cpu: the output differs"
        else
            continue
        fi
        failures=$((failures + 1))
    done
done <expected/vectors.txt

echo "$((cases - failures)) of $cases pass"
[ "$failures" = 0 ]
