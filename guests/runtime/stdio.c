// stdin, stdout and stderr. Linked only into programs that use them.

#include <stdio.h>
#include <unistd.h>

#include "guest.h"

static char output[512];
static size_t output_used;

static int flush_output(FILE *stream)
{
    (void)stream;
    write_all(OUTPUT, output, output_used);
    output_used = 0;
    return 0;
}

static int put_output(char character, FILE *stream)
{
    if (output_used == sizeof output)
        flush_output(stream);
    output[output_used++] = character;
    return (unsigned char)character;
}

static int put_debug(char character, FILE *stream)
{
    (void)stream;
    write_all(DEBUG, &character, 1);
    return (unsigned char)character;
}

static char input[512];
static size_t input_next, input_end;

static int get_input(FILE *stream)
{
    (void)stream;
    if (input_next == input_end) {
        ssize_t count = read(INPUT, input, sizeof input);
        if (count < 0)
            return _FDEV_ERR;
        if (count == 0)
            return _FDEV_EOF;
        input_next = 0;
        input_end = (size_t)count;
    }
    return (unsigned char)input[input_next++];
}

static FILE input_file = FDEV_SETUP_STREAM(NULL, get_input, NULL, _FDEV_SETUP_READ);
static FILE output_file = FDEV_SETUP_STREAM(put_output, NULL, flush_output, _FDEV_SETUP_WRITE);
static FILE debug_file = FDEV_SETUP_STREAM(put_debug, NULL, NULL, _FDEV_SETUP_WRITE);

FILE *const stdin = &input_file;
FILE *const stdout = &output_file;
FILE *const stderr = &debug_file;

__attribute__((destructor)) static void flush_at_exit(void)
{
    flush_output(&output_file);
}
