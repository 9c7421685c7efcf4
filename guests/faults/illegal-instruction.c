// Executes the all-zero word, which is defined to be illegal.

#include "guest.h"

int main(void)
{
    write_all(OUTPUT, "before\n", 7);
    __asm__ volatile(".word 0");
    write_all(OUTPUT, "after\n", 6);
    return 0;
}
