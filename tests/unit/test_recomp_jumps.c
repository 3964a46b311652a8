/*
 * test_recomp_jumps.c - which indirect jumps the analysis understands, and which it must not think
 * it does. That the translated jumps go where they should is tested by tests/programs (jump).
 */
#include "unit.h"

#include "analysis/span.h"
#include "os/sanitizer.h"
#include "recomp_elf.h"

#include <stdio.h>

/* ---- a small assembler -------------------------------------------------------------------------
 */

#define LI(rd, number)       (0x38000000u | (rd) << 21 | ((number)&0xFFFF))
#define LIS(rd, number)      (0x3C000000u | (rd) << 21 | ((number)&0xFFFF))
#define ADDI(rd, ra, number) (0x38000000u | (rd) << 21 | (ra) << 16 | ((number)&0xFFFF))
#define ORI(rd, rs, number)  (0x60000000u | (rs) << 21 | (rd) << 16 | ((number)&0xFFFF))
#define MR(rd, rs)           (0x7C000378u | (rs) << 21 | (rd) << 16 | (rs) << 11)
#define ADD(rd, ra, rb)      (0x7C000214u | (rd) << 21 | (ra) << 16 | (rb) << 11)
#define XOR(rd, rs, rb)      (0x7C000278u | (rs) << 21 | (rd) << 16 | (rb) << 11)
#define SLWI(rd, rs, bits)   RLWINM(rd, rs, bits, 0, 31 - (bits))
#define CLRLWI(rd, rs, bits) RLWINM(rd, rs, 0, bits, 31)
#define RLWINM(rd, rs, sh, mb, me)                                                                 \
    (0x54000000u | (rs) << 21 | (rd) << 16 | (sh) << 11 | (mb) << 6 | (me) << 1)
#define LWZ(rd, offset, ra)    (0x80000000u | (rd) << 21 | (ra) << 16 | ((offset)&0xFFFF))
#define STW(rs, offset, ra)    (0x90000000u | (rs) << 21 | (ra) << 16 | ((offset)&0xFFFF))
#define STB(rs, offset, ra)    (0x98000000u | (rs) << 21 | (ra) << 16 | ((offset)&0xFFFF))
#define LBZ(rd, offset, ra)    (0x88000000u | (rd) << 21 | (ra) << 16 | ((offset)&0xFFFF))
#define LWZX(rd, ra, rb)       (0x7C00002Eu | (rd) << 21 | (ra) << 16 | (rb) << 11)
#define LBZX(rd, ra, rb)       (0x7C0000AEu | (rd) << 21 | (ra) << 16 | (rb) << 11)
#define CMPLWI(cr, ra, number) (0x28000000u | (cr) << 23 | (ra) << 16 | ((number)&0xFFFF))
#define CMPWI(cr, ra, number)  (0x2C000000u | (cr) << 23 | (ra) << 16 | ((number)&0xFFFF))
#define BC(bo, bit, words)     (0x40000000u | (bo) << 21 | (bit) << 16 | ((4 * (words)) & 0xFFFC))
#define BLT(cr, words)         BC(12u, 4u * (cr), words)
#define BGT(cr, words)         BC(12u, 4u * (cr) + 1, words)
#define BNE(cr, words)         BC(4u, 4u * (cr) + 2, words)
#define B(words)               (0x48000000u | ((4 * (words)) & 0x3FFFFFC))
#define BL(words)              (B(words) | 1)
#define MTCTR(rs)              (0x7C0903A6u | (rs) << 21)

enum { BLR = 0x4E800020, BCTR = 0x4E800420, BCTR_IF_EQUAL = 0x4D820420, NOP = 0x60000000 };

/* Every program ends in the same: four cases of two instructions each, a default, and a function
 * that can be called. */
enum { CASES = 40, WORDS = CASES + 10 };
#define CASE(i)      (ELF_CODE + 4 * CASES + 8 * (i))
#define TO(at, word) ((word) - (at))
enum { DEFAULT = CASES + 8, LEAF };

static const uint32_t OFFSETS[] = {
    CASE(0) - ELF_DATA_ADDRESS,
    CASE(1) - ELF_DATA_ADDRESS,
    CASE(2) - ELF_DATA_ADDRESS,
    CASE(3) - ELF_DATA_ADDRESS,
    1,
    0x00020103, /* bytes, each the number of an entry */
    CASE(3) - ELF_DATA_ADDRESS - 24,
    CASE(2) - ELF_DATA_ADDRESS - 24,
    CASE(1) - ELF_DATA_ADDRESS - 24,
    CASE(0) - ELF_DATA_ADDRESS - 24, /* a second table */
};

enum { OFFSET_COUNT = sizeof OFFSETS / sizeof *OFFSETS };

/* Base in r9: r9 -> r10 -> CTR, with the scaled index in r3. */
#define THROUGH_TABLE LWZX(10u, 9u, 3u), ADD(10u, 10u, 9u), MTCTR(10u), BCTR
#define BASE(r)       LIS(r, 0x8201u), ADDI(r, r, 0u)

typedef struct program {
    const char *name;
    uint32_t known, unknown; /* jumps */
    uint32_t code[CASES];    /* zeros at the end become nops that nothing reaches */
} program;

static const program PROGRAMS[] = {
    {"a base before a loop, kept across a call",
     1,
     0,
     {BASE(30u), MR(31u, 3u), MR(3u, 31u), BL(TO(4, LEAF)), CMPLWI(6u, 3u, 3u),
      BGT(6u, TO(6, DEFAULT)), SLWI(3u, 3u, 2u), MR(9u, 30u), THROUGH_TABLE}},
    {"a volatile base does not survive a call",
     0,
     1,
     {BASE(9u), MR(31u, 3u), MR(3u, 31u), BL(TO(4, LEAF)), CMPLWI(6u, 3u, 3u),
      BGT(6u, TO(6, DEFAULT)), SLWI(3u, 3u, 2u), THROUGH_TABLE}},
    {"a base spilled to the frame",
     1,
     0,
     {BASE(9u), STW(9u, 8u, 1u), MR(31u, 3u), BL(TO(4, LEAF)), STW(5u, 12u, 1u), STW(5u, 8u, 31u),
      LWZ(9u, 8u, 1u), CMPLWI(0u, 3u, 3u), BGT(0u, TO(9, DEFAULT)), SLWI(3u, 3u, 2u),
      THROUGH_TABLE}},
    {"a slot that part of is overwritten",
     0,
     1,
     {BASE(9u), STW(9u, 8u, 1u), STB(5u, 11u, 1u), LWZ(9u, 8u, 1u), CMPLWI(0u, 3u, 3u),
      BGT(0u, TO(6, DEFAULT)), SLWI(3u, 3u, 2u), THROUGH_TABLE}},
    {"a slot after the stack pointer has moved",
     0,
     1,
     {BASE(9u), STW(9u, 8u, 1u), ADDI(1u, 1u, 16u), LWZ(9u, 8u, 1u), CMPLWI(0u, 3u, 3u),
      BGT(0u, TO(6, DEFAULT)), SLWI(3u, 3u, 2u), THROUGH_TABLE}},
    {"two ways with the same base",
     1,
     0,
     {CMPLWI(0u, 3u, 3u), BGT(0u, TO(1, DEFAULT)), CMPWI(1u, 4u, 0u), BLT(1u, 4u), BASE(9u), B(3u),
      LIS(9u, 0x8201u), ORI(9u, 9u, 0u), SLWI(3u, 3u, 2u), THROUGH_TABLE}},
    {"two ways with different bases",
     0,
     1,
     {CMPLWI(0u, 3u, 3u), BGT(0u, TO(1, DEFAULT)), CMPWI(1u, 4u, 0u), BLT(1u, 4u), BASE(9u), B(3u),
      LIS(9u, 0x8201u), ORI(9u, 9u, 24u), SLWI(3u, 3u, 2u), THROUGH_TABLE}},
    {"no check, but a mask",
     1,
     0,
     {CLRLWI(3u, 3u, 30u), SLWI(3u, 3u, 2u), BASE(9u), THROUGH_TABLE}},
    {"a mask that is scaled", 1, 0, {RLWINM(3u, 3u, 2u, 28u, 29u), BASE(9u), THROUGH_TABLE}},
    {"a mask that leaves too much",
     0,
     1,
     {CLRLWI(3u, 3u, 29u), SLWI(3u, 3u, 2u), BASE(9u), THROUGH_TABLE}},
    {"a check of the byte whose multiple is the index",
     1,
     0,
     {CLRLWI(4u, 3u, 24u), CMPLWI(0u, 4u, 3u), BGT(0u, TO(2, DEFAULT)),
      RLWINM(3u, 3u, 2u, 22u, 29u), BASE(9u), THROUGH_TABLE}},
    {"a check of fewer bits than the index has",
     0,
     1,
     {CLRLWI(4u, 3u, 24u), CMPLWI(0u, 4u, 3u), BGT(0u, TO(2, DEFAULT)), SLWI(3u, 3u, 2u), BASE(9u),
      THROUGH_TABLE}},
    {"no check at all", 0, 1, {SLWI(3u, 3u, 2u), BASE(9u), THROUGH_TABLE}},
    {"a check of what the index was before",
     0,
     1,
     {CMPLWI(0u, 3u, 3u), LWZ(3u, 0u, 4u), BGT(0u, TO(2, DEFAULT)), SLWI(3u, 3u, 2u), BASE(9u),
      THROUGH_TABLE}},
    {"a check of another register",
     0,
     1,
     {CMPLWI(0u, 4u, 3u), BGT(0u, TO(1, DEFAULT)), SLWI(3u, 3u, 2u), BASE(9u), THROUGH_TABLE}},
    {"a check in another field",
     0,
     1,
     {CMPLWI(1u, 3u, 3u), BGT(0u, TO(1, DEFAULT)), SLWI(3u, 3u, 2u), BASE(9u), THROUGH_TABLE}},
    {"a check whose result is overwritten",
     0,
     1,
     {CMPLWI(0u, 3u, 3u), CMPLWI(0u, 4u, 3u), BGT(0u, TO(2, DEFAULT)), SLWI(3u, 3u, 2u), BASE(9u),
      THROUGH_TABLE}},
    {"a check on each of two ways",
     1,
     0,
     {CMPWI(1u, 4u, 0u), CMPLWI(0u, 3u, 3u), BLT(1u, 3u), BGT(0u, TO(3, DEFAULT)), B(2u),
      BGT(0u, TO(5, DEFAULT)), SLWI(3u, 3u, 2u), BASE(9u), THROUGH_TABLE}},
    {"a check on one of two ways",
     0,
     1,
     {CMPWI(1u, 4u, 0u), CMPLWI(0u, 3u, 3u), BLT(1u, 2u), BGT(0u, TO(3, DEFAULT)), SLWI(3u, 3u, 2u),
      BASE(9u), THROUGH_TABLE}},
    {"a check before ways part and meet",
     1,
     0,
     {CMPLWI(0u, 3u, 3u), BGT(0u, TO(1, DEFAULT)), CMPWI(1u, 4u, 0u), BLT(1u, 2u), LI(5u, 1u),
      SLWI(3u, 3u, 2u), BASE(9u), THROUGH_TABLE}},
    {"a check that the loop leaves behind",
     0,
     1,
     {CMPLWI(0u, 3u, 3u), BGT(0u, TO(1, DEFAULT)), BASE(9u), LWZ(3u, 0u, 4u), CMPWI(1u, 5u, 0u),
      BLT(1u, -2), SLWI(3u, 3u, 2u), THROUGH_TABLE}},
    {"signed, from both sides",
     1,
     0,
     {CMPWI(0u, 3u, 0u), BLT(0u, TO(1, DEFAULT)), CMPWI(0u, 3u, 3u), BGT(0u, TO(3, DEFAULT)),
      SLWI(3u, 3u, 2u), BASE(9u), THROUGH_TABLE}},
    {"signed, from one side",
     0,
     1,
     {CMPWI(0u, 3u, 3u), BGT(0u, TO(1, DEFAULT)), SLWI(3u, 3u, 2u), BASE(9u), THROUGH_TABLE}},
    {"a table that ends too early",
     0,
     1,
     {CMPLWI(0u, 3u, 4u), BGT(0u, TO(1, DEFAULT)), SLWI(3u, 3u, 2u), BASE(9u), THROUGH_TABLE}},
    {"a table over the end of the image",
     0,
     1,
     {CMPLWI(0u, 3u, 0xFFFFu), BGT(0u, TO(1, DEFAULT)), SLWI(3u, 3u, 2u), BASE(9u), THROUGH_TABLE}},
    {"a table at the end of the address space",
     0,
     1,
     {CMPLWI(0u, 3u, 3u), BGT(0u, TO(1, DEFAULT)), SLWI(3u, 3u, 2u), LI(9u, 0xFFF8u),
      THROUGH_TABLE}},
    {"a base out of nowhere",
     0,
     1,
     {CMPLWI(0u, 3u, 3u), BGT(0u, TO(1, DEFAULT)), SLWI(3u, 3u, 2u), XOR(9u, 5u, 6u),
      THROUGH_TABLE}},
    {"moves in a circle",
     0,
     1,
     {CMPLWI(0u, 3u, 3u), BGT(0u, TO(1, DEFAULT)), CMPWI(1u, 5u, 0u), MR(9u, 10u), MR(10u, 11u),
      MR(11u, 9u), BLT(1u, -3), BNE(1u, -3), SLWI(3u, 3u, 2u), THROUGH_TABLE}},
    {"an index out of a table of bytes",
     1,
     0,
     {CMPLWI(0u, 3u, 3u), BGT(0u, TO(1, DEFAULT)), LIS(11u, 0x8201u), ADDI(11u, 11u, 20u),
      LBZX(3u, 11u, 3u), SLWI(3u, 3u, 2u), BASE(9u), THROUGH_TABLE}},
    {"the same, masked",
     1,
     0,
     {CLRLWI(3u, 3u, 30u), LIS(11u, 0x8201u), ADDI(11u, 11u, 20u), LBZX(3u, 11u, 3u),
      SLWI(3u, 3u, 2u), BASE(9u), THROUGH_TABLE}},
    {"a table of bytes with a number too large",
     0,
     1,
     {CMPLWI(0u, 3u, 3u), BGT(0u, TO(1, DEFAULT)), LIS(11u, 0x8201u), ADDI(11u, 11u, 20u),
      LBZX(3u, 11u, 3u), ADDI(3u, 3u, 1u), SLWI(3u, 3u, 2u), BASE(9u), THROUGH_TABLE}},
    {"cases of equal size, without a table",
     1,
     0,
     {CMPLWI(0u, 3u, 3u), BGT(0u, TO(1, DEFAULT)), LIS(9u, 0x8200u), ADDI(9u, 9u, 4u * CASES),
      SLWI(3u, 3u, 3u), ADD(9u, 9u, 3u), MTCTR(9u), BCTR}},
    {"one jump for two loads",
     1,
     0,
     {CMPLWI(0u, 3u, 3u), BGT(0u, TO(1, DEFAULT)), SLWI(3u, 3u, 2u), BASE(9u), CMPWI(1u, 4u, 0u),
      BLT(1u, 4u), LWZX(10u, 9u, 3u), ADD(10u, 10u, 9u), B(4u), LWZX(11u, 9u, 3u),
      ADD(11u, 11u, 9u), MR(10u, 11u), MTCTR(10u), BCTR}},
    {"one jump for a load and an argument",
     0,
     0,
     {CMPLWI(0u, 3u, 3u), BGT(0u, TO(1, DEFAULT)), SLWI(3u, 3u, 2u), BASE(9u), CMPWI(1u, 4u, 0u),
      BLT(1u, 3u), LWZX(10u, 9u, 3u), ADD(10u, 10u, 9u), MTCTR(10u), BCTR}},
    {"a base that is set on the way back",
     0,
     1,
     {CMPWI(1u, 5u, 0u), BLT(1u, 8), CMPLWI(0u, 3u, 3u), BGT(0u, TO(3, DEFAULT)), SLWI(3u, 3u, 2u),
      THROUGH_TABLE, BASE(9u), B(-11)}},
    {"a table beside another that nobody can find",
     1,
     1,
     {BASE(9u), CLRLWI(3u, 3u, 30u), SLWI(3u, 3u, 2u), CMPWI(1u, 4u, 0u), BLT(1u, 6),
      XOR(11u, 5u, 6u), LWZX(10u, 11u, 3u), ADD(10u, 10u, 11u), MTCTR(10u), BCTR, THROUGH_TABLE}},
    {"data behind the jump", 0, 1, {SLWI(3u, 3u, 2u), BASE(9u), THROUGH_TABLE, 1u, NOP, 1u}},
    {"a tail call through a pointer", 0, 0, {LWZ(9u, 0u, 3u), LWZ(9u, 8u, 9u), MTCTR(9u), BCTR}},
};

/* ---- translating -------------------------------------------------------------------------------
 */

static void collect(const uint32_t *code, size_t words, const uint32_t *data, size_t data_words,
                    const grc_options *options, grc_report *report, elf_output *output)
{
    grc_options plain = grc_options_default();
    elf_file file;
    elf_make(&file, code, words, data, data_words);
    *output = (elf_output){0};
    grc_status status = grc_recompile_to(options ? options : &plain, file.bytes, file.size,
                                         elf_collect, output, report);
    assert_int_equal(status, GRC_OK);
}

static void assemble(const program *p, uint32_t code[WORDS])
{
    for (uint32_t i = 0; i < CASES; i++)
        code[i] = p->code[i] ? p->code[i] : NOP;
    code[CASES - 1] = LI(5u, 0u); /* runs into the first case, which is no start then */
    for (uint32_t i = CASES; i < DEFAULT; i += 2) {
        code[i] = LI(3u, i);
        code[i + 1] = BLR;
    }
    code[DEFAULT] = code[LEAF] = BLR;
}

/* By hand: under a sanitizer, each strstr() costs as much as all the text that is left. */
static unsigned count_of(const char *text, const char *part)
{
    unsigned count = 0;
    size_t length = strlen(part);
    for (; *text != '\0'; text++)
        count += *text == *part && strncmp(text, part, length) == 0;
    return count;
}

static void programs(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof PROGRAMS / sizeof *PROGRAMS; i++) {
        const program *p = &PROGRAMS[i];
        uint32_t code[WORDS];
        grc_report report;
        elf_output output;
        assemble(p, code);
        collect(code, WORDS, OFFSETS, OFFSET_COUNT, NULL, &report, &output);
        if (report.jump_tables != p->known ||
            report.unresolved_jumps != (p->known ? p->unknown : 1))
            fail_msg("%s: %u known", p->name, report.jump_tables);
        /* Understood: the four cases and no more. Not understood: every instruction there is. */
        unsigned cases = count_of(output.text, "case 0x");
        bool right = p->unknown ? cases > 8 : cases == 4 * p->known;
        if (!right)
            fail_msg("%s: %u cases in\n%s", p->name, cases, output.text);
        free(output.text);
    }
}

/* Asked for, even a table that is understood counts for nothing. */
static void anywhere(void **unused)
{
    uint32_t code[WORDS], jump = ELF_CODE + 4 * 8;
    grc_options options = grc_options_default();
    grc_report report;
    elf_output output;
    (void)unused;
    assemble(&PROGRAMS[0], code);
    while (code[(jump - ELF_CODE) / 4] != BCTR)
        jump += 4;
    options.jumps = &jump;
    options.jump_count = 1;
    collect(code, WORDS, OFFSETS, OFFSET_COUNT, &options, &report, &output);
    assert_int_equal(report.jump_tables, 0);
    assert_int_equal(report.unresolved_jumps, 1);
    assert_int_equal(report.unknown_tables, 0);
    assert_true(count_of(output.text, "case 0x") > 8);
    free(output.text);
}

static void anywhere_but_from_there(void **unused)
{
    static const uint32_t places[] = {ELF_CODE, ELF_CODE + 2, ELF_DATA_ADDRESS, 0, UINT32_MAX};
    elf_file file;
    grc_report report;
    uint32_t code[WORDS];
    (void)unused;
    assemble(&PROGRAMS[0], code);
    elf_make(&file, code, WORDS, OFFSETS, OFFSET_COUNT);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        grc_options options = grc_options_default();
        options.jumps = &places[i];
        options.jump_count = 1;
        assert_int_equal(
            grc_recompile_to(&options, file.bytes, file.size, elf_ignore, NULL, &report),
            GRC_BAD_OPTION);
        assert_int_equal(report.messages[0].address, places[i]);
    }
}

/* ---- hostile programs --------------------------------------------------------------------------
 */

static uint32_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

/* An instruction of those that the analysis looks at, with registers that meet often. */
static uint32_t random_insn(uint64_t *state, uint32_t at, uint32_t words)
{
    uint32_t a = next_random(state) % 4 + 8, b = next_random(state) % 4 + 8;
    uint32_t n = next_random(state) % 64, far = next_random(state) % words - at;
    switch (next_random(state) % 16) {
    case 0:
        return LIS(a, n % 2 ? 0x8201u : 0x8200u);
    case 1:
        return ADDI(a, b, n);
    case 2:
        return MR(a, b);
    case 3:
        return ADD(a, a, b);
    case 4:
        return SLWI(a, b, n % 4);
    case 5:
        return CLRLWI(a, b, n % 32);
    case 6:
        return STW(a, 4 * (n % 4), 1u);
    case 7:
        return LWZ(a, 4 * (n % 4), 1u);
    case 8:
        return LBZ(a, n % 8, b);
    case 9:
        return CMPLWI(n % 2, a, n);
    case 10:
        return BGT(n % 2, far);
    case 11:
        return BNE(n % 2, far);
    case 12:
        return LWZX(a, a, b);
    case 13:
        return MTCTR(a);
    case 14:
        return BCTR;
    default:
        return n % 4 ? B(far) : BL(far);
    }
}

/* Whatever the code is, the analysis ends, and its output stays in proportion. */
static void random_programs(void **unused)
{
    enum { SIZE = 600, TABLE = 64 };
    const char *given = getenv("GUESTRT_SEED");
    uint64_t state = given ? strtoull(given, NULL, 0) : 20261;
    print_message("seed %llu\n", (unsigned long long)state);
    (void)unused;
    /* One thread is nothing new to the thread sanitizer, which takes twenty times as long. */
    for (int round = 0; round < (GRT_UNDER_TSAN ? 6 : 60); round++) {
        uint32_t code[SIZE], data[TABLE];
        grc_report report;
        elf_output output;
        for (uint32_t i = 0; i < SIZE; i++)
            code[i] = random_insn(&state, i, SIZE);
        for (uint32_t i = 0; i < TABLE; i++)
            data[i] = next_random(&state) % 2 ? ELF_CODE + 4 * (next_random(&state) % SIZE)
                                              : ELF_CODE - ELF_DATA_ADDRESS + 4 * (i % SIZE);
        collect(code, SIZE, data, TABLE, NULL, &report, &output);
        assert_true(report.instructions < 10 * SIZE + 4096);
        free(output.text);
    }
}

/* What is guessed for all jumps together is a multiple of the code, not of its square. */
static void guesses(void **unused)
{
    enum { SIZE = 1801, ROOM = 100000 + 16 * SIZE };
    uint32_t code[SIZE];
    grc_report report;
    elf_output output;
    (void)unused;
    for (uint32_t i = 0; i + 3 < SIZE; i += 3) {
        code[i] = ADD(9u, 9u, 10u);
        code[i + 1] = MTCTR(9u);
        code[i + 2] = BCTR_IF_EQUAL;
    }
    code[SIZE - 1] = BLR;
    collect(code, SIZE, OFFSETS, OFFSET_COUNT, NULL, &report, &output);
    assert_int_equal(report.unresolved_jumps, (SIZE - 1) / 3);
    assert_in_range(count_of(output.text, "case 0x"), SIZE, ROOM);
    assert_true(report.unknown_tables > 0); /* those that got nothing are named */
    free(output.text);
}

/* ---- ranges ------------------------------------------------------------------------------------
 */

static grc_span random_span(uint64_t *state)
{
    uint32_t near = next_random(state) % 8, more = next_random(state) % 8;
    uint32_t first = (next_random(state) % 3 - 1) * 0x80000000u + near - 4;
    return (grc_span){first, next_random(state) % 3 ? more : next_random(state) % 4 * 0x40000000u};
}

/* Both holds what is in both, either what is in either, and neither is larger than it must be. */
static void ranges(void **unused)
{
    uint64_t state = 7;
    (void)unused;
    for (int i = 0; i < 200000; i++) {
        grc_span a = random_span(&state), b = random_span(&state);
        grc_span both = grc_span_both(a, b), either = grc_span_either(a, b);
        uint32_t number = random_span(&state).first;
        bool in_a = grc_span_has(a, number), in_b = grc_span_has(b, number);
        assert_true(!(in_a && in_b) || grc_span_has(both, number));
        assert_true(!(in_a || in_b) || grc_span_has(either, number));
        assert_true(both.more <= a.more && both.more <= b.more);
    }
    grc_span cut = grc_span_both(grc_span_of(0x80000000u, 7), grc_span_of(0, 0x7FFFFFFF));
    assert_int_equal(cut.first, 0);
    assert_int_equal(cut.more, 7);
    grc_span join = grc_span_either(grc_span_of(1, 2), grc_span_of(8, 9));
    assert_int_equal(join.first, 1);
    assert_int_equal(join.more, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs),
        cmocka_unit_test(anywhere),
        cmocka_unit_test(anywhere_but_from_there),
        cmocka_unit_test(random_programs),
        cmocka_unit_test(guesses),
        cmocka_unit_test(ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
