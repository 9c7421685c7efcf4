// Loads from an address that belongs to nothing.

#include "guest.h"

int main(void)
{
    write_all(OUTPUT, "before\n", 7);
    uint32_t loaded;
    __asm__ volatile("lw %0, 0(%1)" : "=r"(loaded) : "r"(0x100) : "memory");
    write_all(OUTPUT, "after\n", 6);
    return 0;
}
