// The C library at work: formatted output, the heap, a callback. Reads nothing.

#include <stdio.h>
#include <stdlib.h>

#include "guest.h"

static int ascending(const void *left, const void *right)
{
    int a = *(const int *)left, b = *(const int *)right;
    return (a > b) - (a < b);
}

int main(void)
{
    enum { COUNT = 10 };
    int *numbers = malloc(COUNT * sizeof *numbers);
    if (numbers == NULL)
        return 1;
    for (int i = 0; i < COUNT; i++)
        numbers[i] = i * 37 % 101 - 50;
    qsort(numbers, COUNT, sizeof *numbers, ascending);

    printf("Hello from a guest.\nsorted:");
    for (int i = 0; i < COUNT; i++)
        printf(" %d", numbers[i]);
    printf("\n");
    fprintf(stderr, "this line is for debugging and is not proven\n");
    free(numbers);
    return 0;
}
