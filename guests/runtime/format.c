// Numbers as text, without the cost of printf.

#include "guest.h"

static const char DIGITS[] = "0123456789abcdef";

void write_hex_line(const uint8_t *bytes, size_t length)
{
    char line[129];
    size_t used = 0;
    for (size_t i = 0; i < length && i < 64; i++) {
        line[used++] = DIGITS[bytes[i] >> 4];
        line[used++] = DIGITS[bytes[i] & 15];
    }
    line[used++] = '\n';
    write_all(OUTPUT, line, used);
}

void write_hex_word_line(uint32_t value)
{
    uint8_t big_endian[4] = {value >> 24, value >> 16, value >> 8, value};
    write_hex_line(big_endian, sizeof big_endian);
}

void write_decimal_line(uint32_t value)
{
    char line[11]; // ten digits and the newline
    size_t start = sizeof line;
    line[--start] = '\n';
    do {
        line[--start] = DIGITS[value % 10];
        value /= 10;
    } while (value != 0);
    write_all(OUTPUT, line + start, sizeof line - start);
}
