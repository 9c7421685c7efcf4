// The product of two N x N matrices of 32-bit words with pseudo-random contents; prints a checksum of it.
// Parameter: N, 16 by default, at most 256.

#include "guest.h"

enum { MAX_N = 256 };

static uint32_t left[MAX_N * MAX_N] NOINIT;
static uint32_t right[MAX_N * MAX_N] NOINIT;
static uint32_t product[MAX_N * MAX_N] NOINIT;

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223; // Numerical Recipes' linear congruential generator
    return *seed;
}

int main(void)
{
    uint32_t n = read_parameter(16);
    if (n > MAX_N)
        return EXIT_BAD_INPUT;

    uint32_t seed = 1;
    for (uint32_t i = 0; i < n * n; i++)
        left[i] = next_random(&seed);
    for (uint32_t i = 0; i < n * n; i++)
        right[i] = next_random(&seed);

    for (uint32_t row = 0; row < n; row++)
        for (uint32_t column = 0; column < n; column++) {
            uint32_t sum = 0;
            for (uint32_t k = 0; k < n; k++)
                sum += left[row * n + k] * right[k * n + column];
            product[row * n + column] = sum;
        }

    uint32_t checksum = 0;
    for (uint32_t i = 0; i < n * n; i++)
        checksum = checksum * 31 + product[i];
    write_hex_word_line(checksum);
    return 0;
}
