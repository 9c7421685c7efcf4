// Jumps into writable data, where there is a valid instruction but no program.

#include "guest.h"

int main(void)
{
    write_all(OUTPUT, "before\n", 7);
    static uint32_t return_instruction = 0x00008067;
    __asm__ volatile("jalr %0" : : "r"(&return_instruction) : "ra", "memory");
    write_all(OUTPUT, "after\n", 6);
    return 0;
}
