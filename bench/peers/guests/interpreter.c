// A stack machine that runs a bundled byte-code program: branchy code with data-dependent indirect jumps. The program is the
// sieve of Eratosthenes over the numbers below n = SIZE. The machine is that of the repository's guests/interpreter.

#include "peer.h"

// Byte codes. PUSH is followed by a 16-bit little-endian operand, the others by none.
enum operation { HALT, PUSH, ADD, SUB, MUL, LESS, DUP, SWAP, JUMP_IF_NONZERO, LOAD, STORE, EMIT, OPERATIONS };

// How many values each takes from the stack and how many it leaves in their place.
static const struct {
    uint8_t taken, given;
} EFFECTS[OPERATIONS] = {
    [HALT] = {0, 0},
    [PUSH] = {0, 1},            //              -> operand
    [ADD] = {2, 1},             //   left right -> left + right
    [SUB] = {2, 1},             //   left right -> left - right
    [MUL] = {2, 1},             //   left right -> left * right
    [LESS] = {2, 1},            //   left right -> 1 if left < right, else 0
    [DUP] = {1, 2},             //        value -> value value
    [SWAP] = {2, 2},            //   left right -> right left
    [JUMP_IF_NONZERO] = {2, 0}, // value target ->
    [LOAD] = {1, 1},            //      address -> memory[address]
    [STORE] = {2, 0},           // value address ->
    [EMIT] = {1, 0},            //        value ->
};

enum { MAX_N = 32768, STACK_WORDS = 32 };

_Static_assert(SIZE <= MAX_N, "n has a flag for each number below it");

// Variables of the program, above the sieve's MAX_N flags.
enum { N = MAX_N, I, J, MEMORY_WORDS };

// Exit codes of a byte-code program that goes wrong.
enum { TRAP_OPERATION = 10, TRAP_STACK, TRAP_MEMORY, TRAP_JUMP };

#define PUSH_(value) PUSH, (value) & 255, (value) >> 8
#define GET(variable) PUSH_(variable), LOAD
#define SET(variable) PUSH_(variable), STORE
#define JUMP_IF(target) PUSH_(target), JUMP_IF_NONZERO
#define JUMP(target) PUSH_(1), JUMP_IF(target)

// Sizes in bytes, for the jump targets below.
enum { GET_BYTES = 4, SET_BYTES = 4, JUMP_IF_BYTES = 4, JUMP_BYTES = 7 };

enum {
    START = 0,
    NEXT_I = START + 3 + SET_BYTES,
    TEST_I = NEXT_I + GET_BYTES + GET_BYTES + 1 + JUMP_IF_BYTES + 1,
    PRIME = TEST_I + GET_BYTES + 1 + JUMP_IF_BYTES,
    TEST_J = PRIME + GET_BYTES + 1 + GET_BYTES + 1 + 1 + SET_BYTES,
    MARK = TEST_J + GET_BYTES + GET_BYTES + 1 + JUMP_IF_BYTES + JUMP_BYTES,
    INCREMENT_I = MARK + 3 + GET_BYTES + 1 + GET_BYTES + GET_BYTES + 1 + SET_BYTES + JUMP_BYTES,
    PROGRAM_BYTES = INCREMENT_I + GET_BYTES + 3 + 3 + 1 + 1 + 1 + SET_BYTES + JUMP_BYTES,
};

static const uint8_t PROGRAM[] = {
    // START: i = 2
    PUSH_(2), SET(I),
    // NEXT_I: if i < n, go on, else halt
    GET(I), GET(N), LESS, JUMP_IF(TEST_I), HALT,
    // TEST_I: is i marked as composite?
    GET(I), LOAD, JUMP_IF(INCREMENT_I),
    // PRIME: emit i; j = i * i
    GET(I), EMIT, GET(I), DUP, MUL, SET(J),
    // TEST_J: if j < n, mark it, else take the next i
    GET(J), GET(N), LESS, JUMP_IF(MARK), JUMP(INCREMENT_I),
    // MARK: memory[j] = 1; j = j + i
    PUSH_(1), GET(J), STORE, GET(J), GET(I), ADD, SET(J), JUMP(TEST_J),
    // INCREMENT_I: i = i - (0 - 1), which a compiler would not write, but it uses SUB and SWAP
    GET(I), PUSH_(1), PUSH_(0), SWAP, SUB, SUB, SET(I), JUMP(NEXT_I),
};

_Static_assert(sizeof PROGRAM == PROGRAM_BYTES, "the jump targets follow the program");

static uint32_t memory[MEMORY_WORDS];
static uint32_t emitted;

// Runs to HALT; returns 0 or a trap's code.
static int interpret(const uint8_t *program, uint32_t program_bytes)
{
    uint32_t stack[STACK_WORDS];
    uint32_t depth = 0;
    uint32_t pc = 0;

    for (;;) {
        if (pc >= program_bytes)
            return TRAP_JUMP;
        enum operation operation = program[pc++];
        if (operation >= OPERATIONS)
            return TRAP_OPERATION;
        if (depth < EFFECTS[operation].taken)
            return TRAP_STACK;
        uint32_t *at = stack + depth - EFFECTS[operation].taken; // the first value taken, or given
        depth = depth - EFFECTS[operation].taken + EFFECTS[operation].given;
        if (depth > STACK_WORDS)
            return TRAP_STACK;

        switch (operation) {
        case PUSH:
            if (pc + 2 > program_bytes)
                return TRAP_JUMP;
            at[0] = program[pc] | (uint32_t)program[pc + 1] << 8;
            pc += 2;
            break;
        case ADD:
            at[0] += at[1];
            break;
        case SUB:
            at[0] -= at[1];
            break;
        case MUL:
            at[0] *= at[1];
            break;
        case LESS:
            at[0] = at[0] < at[1];
            break;
        case DUP:
            at[1] = at[0];
            break;
        case SWAP: {
            uint32_t left = at[0];
            at[0] = at[1];
            at[1] = left;
            break;
        }
        case JUMP_IF_NONZERO:
            if (at[0] != 0)
                pc = at[1];
            break;
        case LOAD:
            if (at[0] >= MEMORY_WORDS)
                return TRAP_MEMORY;
            at[0] = memory[at[0]];
            break;
        case STORE:
            if (at[1] >= MEMORY_WORDS)
                return TRAP_MEMORY;
            memory[at[1]] = at[0];
            break;
        case EMIT:
            emitted = emitted * 31 + at[0];
            break;
        case HALT:
        case OPERATIONS:
            return 0;
        }
    }
}

static uint32_t run(void)
{
    memory[N] = SIZE;
    int trap = interpret(PROGRAM, sizeof PROGRAM);
    return emitted + (uint32_t)trap;
}
