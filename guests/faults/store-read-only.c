// Stores to the program's code.

#include "guest.h"

int main(void)
{
    write_all(OUTPUT, "before\n", 7);
    __asm__ volatile("sw zero, 0(%0)" : : "r"(main) : "memory");
    write_all(OUTPUT, "after\n", 6);
    return 0;
}
