// A loop of registers only: the SIZE-th Fibonacci number modulo 2^32.

#include "peer.h"

static uint32_t run(void)
{
    uint32_t current = 0, next = 1;
    for (uint32_t i = 0; i < SIZE; i++) {
        uint32_t sum = current + next;
        current = next;
        next = sum;
    }
    return current;
}
