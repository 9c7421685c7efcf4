// Memory traffic over 256 KiB: each of SIZE passes copies a table of 128 KiB word by word into a second one, and sorts the copy
// back into the first by one of its bytes. After four passes the table is sorted.

#include "peer.h"

enum { WORDS = 32768, BUCKETS = 256 };

static uint32_t table[WORDS], duplicate[WORDS];
static uint32_t position[BUCKETS];

// Stable: words with the same byte keep their order, so sorting by the lowest byte first sorts by all.
static void bucket_sort(uint32_t *to, const uint32_t *from, uint32_t shift)
{
    for (uint32_t bucket = 0; bucket < BUCKETS; bucket++)
        position[bucket] = 0;
    for (uint32_t i = 0; i < WORDS; i++)
        position[from[i] >> shift & (BUCKETS - 1)]++;
    uint32_t start = 0;
    for (uint32_t bucket = 0; bucket < BUCKETS; bucket++) {
        uint32_t count = position[bucket];
        position[bucket] = start;
        start += count;
    }
    for (uint32_t i = 0; i < WORDS; i++)
        to[position[from[i] >> shift & (BUCKETS - 1)]++] = from[i];
}

static uint32_t run(void)
{
    uint32_t seed = 1;
    for (uint32_t i = 0; i < WORDS; i++) {
        table[i] = seed;
        seed += 0x9e3779b9 ^ seed << 3;
    }

    for (uint32_t pass = 0; pass < SIZE; pass++) {
        for (uint32_t i = 0; i < WORDS; i++)
            duplicate[i] = table[i];
        bucket_sort(table, duplicate, pass % 4 * 8);
    }

    uint32_t checksum = 0;
    for (uint32_t i = 0; i < WORDS; i++)
        checksum = checksum * 31 + table[i];
    return checksum;
}
