// Whole reads and writes: one call moves at most 1 MiB, and may move less.

#include <unistd.h>

#include "guest.h"

size_t read_all(void *buffer, size_t length)
{
    size_t done = 0;
    while (done < length) {
        ssize_t count = read(INPUT, (char *)buffer + done, length - done);
        if (count < 0)
            _exit(1);
        if (count == 0)
            break;
        done += (size_t)count;
    }
    return done;
}

void write_all(int file, const void *buffer, size_t length)
{
    size_t done = 0;
    while (done < length) {
        ssize_t count = write(file, (const char *)buffer + done, length - done);
        if (count <= 0)
            _exit(1);
        done += (size_t)count;
    }
}

uint32_t read_parameter(uint32_t otherwise)
{
    uint8_t bytes[4] = {0};
    if (read_all(bytes, sizeof bytes) == 0)
        return otherwise;
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}
