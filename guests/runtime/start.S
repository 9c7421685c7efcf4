# Entry of every C guest: make the machine state that compiled code expects, run main, exit with its result.
#
# The loader has already mapped and zeroed everything (as Linux does), so .bss is cleared here only to keep
# the program right when its memory is not fresh. Large buffers belong in .noinit: clearing costs proven
# instructions.

        .section .text.start, "ax", @progbits
        .globl  _start
        .type   _start, @function
_start:
        .option push
        .option norelax                 # gp cannot be loaded relative to itself
        la      gp, __global_pointer$
        .option pop
        la      sp, __stack_top
        la      tp, __tls_base          # the one thread's variables, errno among them

        la      t0, __bss_start
        la      t1, __bss_end
        bgeu    t0, t1, 2f
1:      sw      zero, 0(t0)             # both ends are aligned to 4 by the link script
        addi    t0, t0, 4
        bltu    t0, t1, 1b
2:
        la      s0, __init_array_start
        la      s1, __init_array_end
        bgeu    s0, s1, 4f
3:      lw      t0, 0(s0)
        jalr    t0
        addi    s0, s0, 4
        bltu    s0, s1, 3b
4:
        li      a0, 0                   # no arguments
        li      a1, 0
        call    main
        call    exit                    # runs destructors, one of which flushes stdout; then _exit
        ebreak                          # exit does not return
        .size   _start, . - _start
