// The POSIX functions that picolibc calls, by system calls.

#include <errno.h>
#include <sys/types.h>
#include <unistd.h>

#include "guest.h"

enum { SYSTEM_READ = 63, SYSTEM_WRITE = 64, SYSTEM_EXIT = 93 };

int32_t system_call(int32_t number, uint32_t argument0, uint32_t argument1, uint32_t argument2)
{
    register uint32_t a0 __asm__("a0") = argument0;
    register uint32_t a1 __asm__("a1") = argument1;
    register uint32_t a2 __asm__("a2") = argument2;
    register int32_t a7 __asm__("a7") = number;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a7) : "memory");
    return (int32_t)a0;
}

static ssize_t with_errno(int32_t result)
{
    if (result < 0 && result > -4096) {
        errno = -result;
        return -1;
    }
    return result;
}

ssize_t read(int file, void *buffer, size_t length)
{
    return with_errno(system_call(SYSTEM_READ, (uint32_t)file, (uint32_t)buffer, length));
}

ssize_t write(int file, const void *buffer, size_t length)
{
    return with_errno(system_call(SYSTEM_WRITE, (uint32_t)file, (uint32_t)buffer, length));
}

void _exit(int code)
{
    for (;;)
        system_call(SYSTEM_EXIT, (uint32_t)code, 0, 0);
}
