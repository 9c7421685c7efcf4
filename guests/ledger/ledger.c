// A ledger of accounts in memory that outlives the run: a hash table that starts where the last run on the same memory left
// it, or empty.
//
// Input: a command a line. Output: an answer a line.
//
//   put NAME AMOUNT            "ok": the account has this amount, and exists if it did not
//   get NAME                   "NAME AMOUNT", or "none"
//   transfer FROM TO AMOUNT    "ok": FROM has that much less and TO that much more; TO exists if it did not
//
// or "refused: REASON", after which nothing has changed. A name has 1 to 23 bytes above the space; an amount is decimal,
// at most 2^32 - 1. The last line ends in a newline too.

#include <string.h>

#include "guest.h"

enum { CAPACITY = 4096, NAME_BYTES = 24, LINE_BYTES = 128, WORDS = 4 };

// A leaf of the memory's Merkle tree, so that one command touches few.
struct account {
    char name[NAME_BYTES]; // padded with zeros; all zero where the place is free
    uint32_t amount;
    uint32_t changes; // how often the amount was set
} __attribute__((aligned(32)));

static struct account accounts[CAPACITY] PERSISTENT;

// FNV-1a
static uint32_t hash(const char name[NAME_BYTES])
{
    uint32_t value = 2166136261u;
    for (size_t i = 0; i < NAME_BYTES && name[i]; i++)
        value = (value ^ (uint8_t)name[i]) * 16777619u;
    return value;
}

// The account's place, or a free one that it could have; nothing where there is neither.
static struct account *find(const char name[NAME_BYTES])
{
    uint32_t start = hash(name);
    for (uint32_t i = 0; i < CAPACITY; i++) {
        struct account *account = &accounts[(start + i) % CAPACITY];
        if (!account->name[0] || memcmp(account->name, name, NAME_BYTES) == 0)
            return account;
    }
    return NULL;
}

static void set(struct account *account, const char name[NAME_BYTES], uint32_t amount)
{
    memcpy(account->name, name, NAME_BYTES);
    account->amount = amount;
    account->changes++;
}

static int parse_name(char name[NAME_BYTES], const char *word)
{
    memset(name, 0, NAME_BYTES);
    size_t length = strlen(word);
    if (length == 0 || length >= NAME_BYTES)
        return 0;
    memcpy(name, word, length);
    return 1;
}

static int parse_amount(uint32_t *amount, const char *word)
{
    uint32_t value = 0;
    if (!*word)
        return 0;
    for (; *word; word++) {
        uint32_t digit = (uint32_t)*word - '0';
        if (digit > 9 || value > (UINT32_MAX - digit) / 10)
            return 0;
        value = value * 10 + digit;
    }
    *amount = value;
    return 1;
}

static const char *put(char *words[WORDS])
{
    char name[NAME_BYTES];
    uint32_t amount;
    if (!parse_name(name, words[1]) || !parse_amount(&amount, words[2]) || *words[3])
        return "refused: put NAME AMOUNT";
    struct account *account = find(name);
    if (!account)
        return "refused: the ledger is full";
    set(account, name, amount);
    return "ok";
}

static const char *transfer(char *words[WORDS])
{
    char from_name[NAME_BYTES], to_name[NAME_BYTES];
    uint32_t amount;
    if (!parse_name(from_name, words[1]) || !parse_name(to_name, words[2]) || !parse_amount(&amount, words[3]))
        return "refused: transfer FROM TO AMOUNT";
    struct account *from = find(from_name), *to = find(to_name);
    if (!from || !from->name[0])
        return "refused: no such account";
    if (!to)
        return "refused: the ledger is full";
    if (from == to)
        return "refused: both accounts are the same";
    if (from->amount < amount)
        return "refused: not enough";
    if (to->amount > UINT32_MAX - amount)
        return "refused: too much";
    set(from, from_name, from->amount - amount);
    set(to, to_name, to->amount + amount);
    return "ok";
}

static void answer(const char *text)
{
    write_all(OUTPUT, text, strlen(text));
    write_all(OUTPUT, "\n", 1);
}

static void get(char *words[WORDS])
{
    char name[NAME_BYTES];
    if (!parse_name(name, words[1]) || *words[2]) {
        answer("refused: get NAME");
        return;
    }
    struct account *account = find(name);
    if (!account || !account->name[0]) {
        answer("none");
        return;
    }
    write_all(OUTPUT, account->name, strlen(account->name));
    write_all(OUTPUT, " ", 1);
    write_decimal_line(account->amount);
}

// Cuts a line at its spaces into up to WORDS words; the rest are empty. Returns how many there are, WORDS + 1 if more.
static int split(char *line, char *words[WORDS])
{
    static char empty[1];
    int count = 0;
    for (int i = 0; i < WORDS; i++)
        words[i] = empty;
    while (*line) {
        if ((uint8_t)*line <= ' ') {
            *line++ = 0;
            continue;
        }
        if (count == WORDS)
            return WORDS + 1;
        words[count++] = line;
        while ((uint8_t)*line > ' ')
            line++;
    }
    return count;
}

static void execute(char *line)
{
    char *words[WORDS];
    int count = split(line, words);
    if (count == 0)
        return;
    if (count > WORDS)
        answer("refused: too many words");
    else if (strcmp(words[0], "put") == 0)
        answer(put(words));
    else if (strcmp(words[0], "get") == 0)
        get(words);
    else if (strcmp(words[0], "transfer") == 0)
        answer(transfer(words));
    else
        answer("refused: put, get or transfer");
}

int main(void)
{
    static char buffer[4096] NOINIT;
    char line[LINE_BYTES];
    size_t used = 0;
    int too_long = 0;
    for (;;) {
        size_t count = read_all(buffer, sizeof buffer);
        if (count == 0)
            break;
        for (size_t i = 0; i < count; i++) {
            if (buffer[i] == '\n') {
                line[used] = 0;
                if (too_long)
                    answer("refused: too long a line");
                else
                    execute(line);
                used = 0;
                too_long = 0;
            } else if (used == sizeof line - 1 || !buffer[i]) {
                too_long = 1;
            } else {
                line[used++] = buffer[i];
            }
        }
    }
    // A last line without its end may be half a command.
    return used == 0 && !too_long ? 0 : EXIT_BAD_INPUT;
}
