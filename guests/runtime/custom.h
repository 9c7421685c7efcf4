// Custom instructions: those of extensions, on RISC-V's opcode custom-0, in the R format. A program that uses one is illegal where
// no extension with that id is registered. qemu has none: with SOFTWARE_EXTENSIONS defined the functions below are plain C that
// does the same.
#ifndef CUSTOM_H
#define CUSTOM_H

#include <stdint.h>

// An extension's id is 8 * funct7 + funct3, from 0 to 1023.
enum { ID_BULK_LOAD = 0, ID_BULK_STORE = 1 };

// One instruction of an extension that sets rd: its value. `id` is a constant. The extension may read and write memory.
#define CUSTOM_INSTRUCTION(id, rs1, rs2)                                                                           \
    ({                                                                                                             \
        uint32_t custom_rd;                                                                                        \
        __asm__ volatile(".insn r 0x0b, %3, %4, %0, %1, %2"                                                        \
                         : "=r"(custom_rd)                                                                         \
                         : "r"(rs1), "r"(rs2), "i"((id) % 8), "i"((id) / 8)                                        \
                         : "memory");                                                                              \
        custom_rd;                                                                                                 \
    })

// bulk_load rd, rs1, rs2
//
// Copies the 4 words at the address in rs1 to the address in rs2; rd becomes rs1 + 16, modulo 2^32. All are read before the first
// is written, so the ranges may overlap. An address that is not a multiple of 4, or whose 16 bytes end above 2^32 or may not be
// accessed, is a fault, and nothing changes. Both operands are read before rd is written, which may be one of them, or register 0.
//
// Returns the address after the words read.
static inline const uint32_t *bulk_load(const uint32_t *from, uint32_t *to)
{
#ifdef SOFTWARE_EXTENSIONS
    uint32_t word0 = from[0], word1 = from[1], word2 = from[2], word3 = from[3];
    to[0] = word0;
    to[1] = word1;
    to[2] = word2;
    to[3] = word3;
    return from + 4;
#else
    return (const uint32_t *)CUSTOM_INSTRUCTION(ID_BULK_LOAD, from, to);
#endif
}

// bulk_store rd, rs1, rs2
//
// Writes the word in rs2 to each of the 4 words at the address in rs1; rd becomes rs1 + 16, modulo 2^32. Faults as above.
//
// Returns the address after the words written.
static inline uint32_t *bulk_store(uint32_t *to, uint32_t word)
{
#ifdef SOFTWARE_EXTENSIONS
    to[0] = to[1] = to[2] = to[3] = word;
    return to + 4;
#else
    return (uint32_t *)CUSTOM_INSTRUCTION(ID_BULK_STORE, to, word);
#endif
}

#endif
