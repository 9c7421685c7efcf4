# Entry of every guest. Both loaders zero what the file does not fill, so .bss is not cleared here.

        .section .text.start, "ax", @progbits
        .globl  _start
        .type   _start, @function
_start:
        .option push
        .option norelax                 # gp cannot be loaded relative to itself
        la      gp, __global_pointer$
        .option pop
        la      sp, __stack_top
        call    peer_main
        .size   _start, . - _start
