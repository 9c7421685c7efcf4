// The custom instructions of custom.h at work: fills a table with bulk_store, copies another into it with bulk_load, moves it by a
// word within itself, and checks every word. Prints a checksum.
// Parameter: the words to copy, a multiple of 4, 256 by default and at most 4096.

#include "custom.h"
#include "guest.h"

enum { MAX_WORDS = 4096, BLOCK = 4, EXIT_WRONG = 1 };

static const uint32_t FILL = 0xf1f1f1f1;

static uint32_t table[MAX_WORDS] NOINIT;
// A block before and one after, which must stay as they were filled.
static uint32_t duplicate[BLOCK + MAX_WORDS + BLOCK] NOINIT;

static int is_filled(const uint32_t *words)
{
    for (uint32_t i = 0; i < BLOCK; i++)
        if (words[i] != FILL)
            return 0;
    return 1;
}

int main(void)
{
    uint32_t words = read_parameter(256);
    if (words > MAX_WORDS || words % BLOCK != 0)
        return EXIT_BAD_INPUT;

    uint32_t seed = 1;
    for (uint32_t i = 0; i < words; i++) {
        seed ^= seed << 13; // Marsaglia's xorshift
        seed ^= seed >> 17;
        seed ^= seed << 5;
        table[i] = seed;
    }

    uint32_t *end = duplicate;
    while (end < duplicate + words + 2 * BLOCK)
        end = bulk_store(end, FILL);
    if (end != duplicate + words + 2 * BLOCK)
        return EXIT_WRONG;

    uint32_t *copy = duplicate + BLOCK;
    const uint32_t *from = table;
    for (uint32_t i = 0; i < words; i += BLOCK)
        from = bulk_load(from, copy + i);
    if (from != table + words || !is_filled(duplicate) || !is_filled(copy + words))
        return EXIT_WRONG;
    for (uint32_t i = 0; i < words; i++)
        if (copy[i] != table[i])
            return EXIT_WRONG;

    // Each block overlaps where it goes.
    for (uint32_t i = words; i > 0; i -= BLOCK)
        bulk_load(copy + i - BLOCK, copy + i - BLOCK + 1);
    uint32_t checksum = 0;
    for (uint32_t i = 0; i < words; i++) {
        if (copy[i + 1] != table[i])
            return EXIT_WRONG;
        checksum = checksum * 31 + copy[i + 1];
    }
    write_hex_word_line(checksum);
    return 0;
}
