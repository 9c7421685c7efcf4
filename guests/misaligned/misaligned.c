// Loads and stores of every width at every offset, across word and page boundaries. Prints a checksum for each.

#include <stdio.h>

#include "guest.h"

enum { PAGE_BYTES = 4096, OFFSETS = 16 };

static uint8_t pages[2 * PAGE_BYTES] __attribute__((aligned(PAGE_BYTES))) NOINIT;

// OFFSETS addresses, half of them on each side of a page boundary.
#define WINDOW (pages + PAGE_BYTES - OFFSETS / 2)
#define WINDOW_BYTES (OFFSETS + 4)

// In assembly, because C has no misaligned access that a compiler may not break into bytes.
#define LOAD(instruction, address)                                                             \
    ({                                                                                         \
        uint32_t loaded_;                                                                      \
        __asm__ volatile(instruction " %0, 0(%1)" : "=r"(loaded_) : "r"(address) : "memory");  \
        loaded_;                                                                               \
    })
#define STORE(instruction, address, value) \
    __asm__ volatile(instruction " %0, 0(%1)" : : "r"(value), "r"(address) : "memory")

static void fill(void)
{
    for (int i = 0; i < WINDOW_BYTES; i++)
        WINDOW[i] = (uint8_t)(i * 37 + 113);
}

static uint32_t mix(uint32_t checksum, uint32_t value)
{
    return (checksum ^ value) * 16777619; // as in FNV-1a
}

static uint32_t window_checksum(uint32_t checksum)
{
    for (int i = 0; i < WINDOW_BYTES; i++)
        checksum = mix(checksum, WINDOW[i]);
    return checksum;
}

static void print(const char *name, uint32_t checksum)
{
    printf("%-4s %08lx\n", name, (unsigned long)checksum);
}

#define CHECK_LOADS(instruction)                                             \
    do {                                                                     \
        uint32_t checksum = 2166136261;                                      \
        fill();                                                              \
        for (int offset = 0; offset < OFFSETS; offset++)                     \
            checksum = mix(checksum, LOAD(instruction, WINDOW + offset));    \
        print(instruction, checksum);                                        \
    } while (0)

#define CHECK_STORES(instruction)                                            \
    do {                                                                     \
        uint32_t checksum = 2166136261;                                      \
        for (int offset = 0; offset < OFFSETS; offset++) {                   \
            fill();                                                          \
            STORE(instruction, WINDOW + offset, 0x8badf00d + offset);        \
            checksum = window_checksum(checksum);                            \
        }                                                                    \
        print(instruction, checksum);                                        \
    } while (0)

int main(void)
{
    CHECK_LOADS("lb");
    CHECK_LOADS("lbu");
    CHECK_LOADS("lh");
    CHECK_LOADS("lhu");
    CHECK_LOADS("lw");
    CHECK_STORES("sb");
    CHECK_STORES("sh");
    CHECK_STORES("sw");

    // Each store overlaps the one before, and the loads see the mixture.
    uint32_t checksum = 2166136261;
    fill();
    for (int offset = 0; offset < OFFSETS; offset++) {
        STORE("sw", WINDOW + offset, 0x01020304u * (uint32_t)(offset + 1));
        checksum = mix(checksum, LOAD("lw", WINDOW + (offset * 7 + 3) % OFFSETS));
        checksum = mix(checksum, LOAD("lh", WINDOW + (offset * 5 + 1) % OFFSETS));
    }
    print("both", window_checksum(checksum));
    return 0;
}
