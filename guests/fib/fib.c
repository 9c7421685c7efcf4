// The n-th Fibonacci number modulo 2^32 (fib(0) = 0, fib(1) = 1). Parameter: n, 1000 by default.

#include "guest.h"

int main(void)
{
    uint32_t n = read_parameter(1000);
    uint32_t current = 0, next = 1;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t sum = current + next;
        current = next;
        next = sum;
    }
    write_hex_word_line(current);
    return 0;
}
