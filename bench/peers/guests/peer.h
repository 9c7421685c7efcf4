// What a guest of the bench needs: an end. The same source is compiled for engram, for OpenVM and for this machine;
// only the end differs.
//
// A guest defines `run`, which does SIZE units of its work and returns a checksum. The build script compiles it for this
// machine first and hands the checksum that it finds there to the other two as EXPECTED.

#ifndef PEER_H
#define PEER_H

#include <stdint.h>

#ifndef SIZE
#error "the build script sets SIZE"
#endif

static uint32_t run(void);

#if defined(PEER_NATIVE)

#include <stdio.h>

int main(void)
{
    printf("0x%08x\n", (unsigned)run());
    return 0;
}

#else

#if defined(PEER_OPENVM)
// OpenVM's terminate. The exit code is part of the instruction.
#define finish(code) __asm__ volatile(".insn i 0x0b, 0, x0, x0, %0" ::"i"(code))
#elif defined(PEER_ENGRAM)
// Linux' exit.
#define finish(code) __asm__ volatile("li a0, %0\n\tli a7, 93\n\tecall" ::"i"(code) : "a0", "a7")
#else
#error "the build script sets PEER_NATIVE, PEER_OPENVM or PEER_ENGRAM"
#endif

// The script's start.S calls it.
__attribute__((noreturn)) void peer_main(void)
{
    if (run() == EXPECTED)
        finish(0);
    else
        finish(1);
    for (;;)
        ;
}

#endif

#endif
