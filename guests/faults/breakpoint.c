// Executes ebreak, with no debugger to take it.

#include "guest.h"

int main(void)
{
    write_all(OUTPUT, "before\n", 7);
    __asm__ volatile("ebreak");
    write_all(OUTPUT, "after\n", 6);
    return 0;
}
