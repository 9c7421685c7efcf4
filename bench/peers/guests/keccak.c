// SIZE times the permutation Keccak-f[1600] (FIPS 202), each on the result of the last. The algorithm is that of the
// repository's guests/keccak.

#include "peer.h"

enum { LANES = 25, ROUNDS = 24 };

static const uint64_t ROUND_CONSTANTS[ROUNDS] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

// The order in which rho and pi visit the lanes, and by how much each is rotated.
static const uint8_t PI_LANE[24] = {10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1};
static const uint8_t RHO_BITS[24] = {1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44};

static uint64_t rotate_left(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static void permute(uint64_t state[LANES])
{
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t parity[5];
        for (int x = 0; x < 5; x++)
            parity[x] = state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20];
        for (int x = 0; x < 5; x++) {
            uint64_t mix = parity[(x + 4) % 5] ^ rotate_left(parity[(x + 1) % 5], 1);
            for (int y = 0; y < LANES; y += 5)
                state[x + y] ^= mix;
        }

        uint64_t moving = state[1];
        for (int i = 0; i < 24; i++) {
            uint64_t displaced = state[PI_LANE[i]];
            state[PI_LANE[i]] = rotate_left(moving, RHO_BITS[i]);
            moving = displaced;
        }

        for (int y = 0; y < LANES; y += 5) {
            uint64_t row[5];
            for (int x = 0; x < 5; x++)
                row[x] = state[x + y];
            for (int x = 0; x < 5; x++)
                state[x + y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]);
        }

        state[0] ^= ROUND_CONSTANTS[round];
    }
}

static uint32_t run(void)
{
    static uint64_t state[LANES];
    for (uint32_t i = 0; i < SIZE; i++)
        permute(state);
    uint32_t checksum = 0;
    for (int i = 0; i < LANES; i++)
        checksum = (checksum * 31 + (uint32_t)state[i]) * 31 + (uint32_t)(state[i] >> 32);
    return checksum;
}
