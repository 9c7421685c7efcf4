// What guests use beside the C library: whole reads and writes, an input parameter, number formatting.
#ifndef GUEST_H
#define GUEST_H

#include <stddef.h>
#include <stdint.h>

enum { INPUT = 0, OUTPUT = 1, DEBUG = 2 };

// Exit code of a guest whose input is not what it understands.
enum { EXIT_BAD_INPUT = 2 };

// For buffers that are written before they are read: not cleared at the start, which would be proven work.
#define NOINIT __attribute__((section(".noinit")))

// One system call, Linux numbering and argument order. A result of -4095..-1 is a negated error number.
int32_t system_call(int32_t number, uint32_t a0, uint32_t a1, uint32_t a2);

// Reads until `length` bytes are there or the input ends; returns how many bytes there are.
size_t read_all(void *buffer, size_t length);

// Writes all of `length` bytes to a file; ends the program with exit code 1 if the file refuses them.
void write_all(int file, const void *buffer, size_t length);

// The next four input bytes, little-endian; missing ones are zero. `otherwise` if the input has ended.
uint32_t read_parameter(uint32_t otherwise);

// Lower-case hexadecimal, two digits a byte, and a newline, to the output. At most 64 bytes.
void write_hex_line(const uint8_t *bytes, size_t length);

// Eight hexadecimal digits and a newline, to the output.
void write_hex_word_line(uint32_t value);

// A decimal number and a newline, to the output.
void write_decimal_line(uint32_t value);

// For what a run leaves to the next one on the same memory (`engram run --store`); zero on a fresh memory. All other variables
// are either cleared at the start or, where they have an initial value, as the last run left them.
#define PERSISTENT __attribute__((section(".noinit.persistent"), aligned(4096)))

#endif
