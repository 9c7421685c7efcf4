// System call 214: ask for the break, move it up, use what lies below it, have impossible requests refused.
// What it prints does not depend on where the break is.

#include <stdio.h>

#include "guest.h"

enum { SYSTEM_BRK = 214, SYSTEM_UNKNOWN = 4000, ENOSYS_NUMBER = 38 };

extern char __image_end[];

// The system call's own convention: it returns the break, which is unchanged if the request is refused.
static uint32_t set_break(uint32_t address)
{
    return (uint32_t)system_call(SYSTEM_BRK, address, 0, 0);
}

static void say(const char *what, int holds)
{
    printf("%s: %s\n", what, holds ? "yes" : "no");
}

int main(void)
{
    enum { FIRST_BYTES = 4096 + 12, SECOND_BYTES = 65536 };

    uint32_t start = set_break(0);
    say("the break is not below the program's end", start >= (uint32_t)__image_end);
    say("asking twice gives the same", set_break(0) == start);

    uint32_t first = set_break(start + FIRST_BYTES);
    say("it moves up by as much as asked", first == start + FIRST_BYTES);
    uint32_t second = set_break(first + SECOND_BYTES);
    say("and again", second == first + SECOND_BYTES);

    volatile uint8_t *memory = (volatile uint8_t *)start;
    uint32_t nonzero = 0;
    for (uint32_t i = 0; i < FIRST_BYTES + SECOND_BYTES; i += 61)
        nonzero |= memory[i];
    say("new memory is zero", nonzero == 0);
    for (uint32_t i = 0; i < FIRST_BYTES + SECOND_BYTES; i += 61)
        memory[i] = (uint8_t)(i * 7 + 3);
    memory[FIRST_BYTES + SECOND_BYTES - 1] = 0xa5;
    uint32_t checksum = 0;
    for (uint32_t i = 0; i < FIRST_BYTES + SECOND_BYTES; i += 61)
        checksum = checksum * 31 + memory[i];
    printf("checksum of what was written: %08lx, last byte %02x\n", (unsigned long)checksum,
           memory[FIRST_BYTES + SECOND_BYTES - 1]);

    say("a break inside the program is refused", set_break(0x10000) == second);
    say("a break beyond the stack is refused", set_break(0xf0000000) == second);
    say("refusals change nothing", set_break(0) == second);
    say("an unknown system call says so", system_call(SYSTEM_UNKNOWN, 0, 0, 0) == -ENOSYS_NUMBER);
    return 0;
}
