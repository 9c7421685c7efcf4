// Reads little-endian 32-bit words to the end of the input, writes them in ascending order.
// Input that is not whole words, or more than MAX_WORDS of them, is refused with exit code 2.

#include "guest.h"

enum { MAX_WORDS = 1 << 20, SMALL_WORDS = 12 };

// One word more than allowed, to notice an input that is too long.
static uint32_t words[MAX_WORDS + 1] NOINIT;

static void insertion_sort(uint32_t *first, uint32_t *last)
{
    for (uint32_t *next = first + 1; next < last; next++) {
        uint32_t value = *next;
        uint32_t *hole = next;
        for (; hole > first && hole[-1] > value; hole--)
            *hole = hole[-1];
        *hole = value;
    }
}

static uint32_t median(uint32_t a, uint32_t b, uint32_t c)
{
    if (a > b) {
        uint32_t swap = a;
        a = b;
        b = swap;
    }
    return c < a ? a : c > b ? b : c;
}

// Quicksort on [first, last). It recurses into the smaller part only, so the depth is at most log2 of the count.
static void sort(uint32_t *first, uint32_t *last)
{
    while (last - first > SMALL_WORDS) {
        uint32_t pivot = median(*first, first[(last - first) / 2], last[-1]);
        uint32_t *left = first, *right = last - 1;
        while (left <= right) {
            while (*left < pivot)
                left++;
            while (*right > pivot)
                right--;
            if (left <= right) {
                uint32_t swap = *left;
                *left++ = *right;
                *right-- = swap;
            }
        }
        // Now [first, right] <= pivot <= [left, last), and what lies between equals the pivot.
        if (right - first < last - left) {
            sort(first, right + 1);
            first = left;
        } else {
            sort(left, last);
            last = right + 1;
        }
    }
    insertion_sort(first, last);
}

int main(void)
{
    size_t bytes = read_all(words, sizeof words);
    if (bytes % 4 != 0 || bytes > 4 * MAX_WORDS)
        return EXIT_BAD_INPUT;
    sort(words, words + bytes / 4);
    write_all(OUTPUT, words, bytes);
    return 0;
}
