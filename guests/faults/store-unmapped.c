// Stores to an address that belongs to nothing.

#include "guest.h"

int main(void)
{
    write_all(OUTPUT, "before\n", 7);
    __asm__ volatile("sw zero, 0(%0)" : : "r"(0x100) : "memory");
    write_all(OUTPUT, "after\n", 6);
    return 0;
}
