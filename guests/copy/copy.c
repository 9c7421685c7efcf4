// Memory traffic: each pass copies a table word by word and sorts the copy back into the table by one of its bytes.
// After four passes the table is sorted. Prints a checksum.
// Parameters: passes, 1 by default; then the table's words, 65536 (256 KiB) by default and at most.

#include "guest.h"

enum { MAX_WORDS = 65536, BUCKETS = 256 };

static uint32_t table[MAX_WORDS] NOINIT;
static uint32_t duplicate[MAX_WORDS] NOINIT;

// Stable: words with the same byte keep their order, so sorting by the lowest byte first sorts by all.
static void bucket_sort(uint32_t *to, const uint32_t *from, uint32_t words, uint32_t shift)
{
    uint32_t position[BUCKETS] = {0};
    for (uint32_t i = 0; i < words; i++)
        position[from[i] >> shift & (BUCKETS - 1)]++;
    uint32_t start = 0;
    for (uint32_t bucket = 0; bucket < BUCKETS; bucket++) {
        uint32_t count = position[bucket];
        position[bucket] = start;
        start += count;
    }
    for (uint32_t i = 0; i < words; i++)
        to[position[from[i] >> shift & (BUCKETS - 1)]++] = from[i];
}

int main(void)
{
    uint32_t passes = read_parameter(1);
    uint32_t words = read_parameter(MAX_WORDS);
    if (words > MAX_WORDS)
        return EXIT_BAD_INPUT;

    uint32_t seed = 1;
    for (uint32_t i = 0; i < words; i++) {
        seed ^= seed << 13; // Marsaglia's xorshift
        seed ^= seed >> 17;
        seed ^= seed << 5;
        table[i] = seed;
    }

    for (uint32_t pass = 0; pass < passes; pass++) {
        // The empty statement keeps the compiler from calling memcpy: this loop is the workload.
        for (uint32_t i = 0; i < words; i++) {
            duplicate[i] = table[i];
            __asm__ volatile("" ::: "memory");
        }
        bucket_sort(table, duplicate, words, pass % 4 * 8);
    }

    uint32_t checksum = 0;
    for (uint32_t i = 0; i < words; i++)
        checksum = checksum * 31 + table[i];
    write_hex_word_line(checksum);
    return 0;
}
