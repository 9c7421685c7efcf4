// The same program without custom instructions, for executors that have none.

#define SOFTWARE_EXTENSIONS
#include "bulk.c"
