// Jumps into the middle of an instruction. Its upper half is zero, which is illegal as a compressed instruction too,
// so that a machine which has those also faults.

#include "guest.h"

int main(void)
{
    write_all(OUTPUT, "before\n", 7);
    __asm__ volatile("la t0, 1f\n"
                     "jr 2(t0)\n"
                     "1: nop\n"
                     "nop"
                     :
                     :
                     : "t0");
    write_all(OUTPUT, "after\n", 6);
    return 0;
}
