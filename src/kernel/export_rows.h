/*
 * export_rows.h - exports.def with one macro instead of many.
 *
 * The includer defines
 *   GRT_ROW(library, ordinal, name, returns, count, variadic, callers, statuses, sentence, ...)
 * where ... is the concatenation of GRT_PARAMETER(index, type, name) for each parameter. Both are
 * undefined at the end. No include guard: every inclusion expands the table once. The rows are
 * those of GRT_ROWS_FILE, which is exports.def unless the includer defines it.
 */
/* clang-format off */
#define GRT_P1(t0, n0) GRT_PARAMETER(0, t0, n0)
#define GRT_P2(t0, n0, t1, n1) \
    GRT_P1(t0, n0) GRT_PARAMETER(1, t1, n1)
#define GRT_P3(t0, n0, t1, n1, t2, n2) \
    GRT_P2(t0, n0, t1, n1) GRT_PARAMETER(2, t2, n2)
#define GRT_P4(t0, n0, t1, n1, t2, n2, t3, n3) \
    GRT_P3(t0, n0, t1, n1, t2, n2) GRT_PARAMETER(3, t3, n3)
#define GRT_P5(t0, n0, t1, n1, t2, n2, t3, n3, t4, n4) \
    GRT_P4(t0, n0, t1, n1, t2, n2, t3, n3) GRT_PARAMETER(4, t4, n4)
#define GRT_P6(t0, n0, t1, n1, t2, n2, t3, n3, t4, n4, t5, n5) \
    GRT_P5(t0, n0, t1, n1, t2, n2, t3, n3, t4, n4) GRT_PARAMETER(5, t5, n5)
#define GRT_P7(t0, n0, t1, n1, t2, n2, t3, n3, t4, n4, t5, n5, t6, n6) \
    GRT_P6(t0, n0, t1, n1, t2, n2, t3, n3, t4, n4, t5, n5) GRT_PARAMETER(6, t6, n6)
#define GRT_P8(t0, n0, t1, n1, t2, n2, t3, n3, t4, n4, t5, n5, t6, n6, t7, n7) \
    GRT_P7(t0, n0, t1, n1, t2, n2, t3, n3, t4, n4, t5, n5, t6, n6) GRT_PARAMETER(7, t7, n7)
#define GRT_P9(t0, n0, t1, n1, t2, n2, t3, n3, t4, n4, t5, n5, t6, n6, t7, n7, t8, n8) \
    GRT_P8(t0, n0, t1, n1, t2, n2, t3, n3, t4, n4, t5, n5, t6, n6, t7, n7) GRT_PARAMETER(8, t8, n8)
#define GRT_P10(t0, n0, t1, n1, t2, n2, t3, n3, t4, n4, t5, n5, t6, n6, t7, n7, t8, n8, t9, n9) \
    GRT_P9(t0, n0, t1, n1, t2, n2, t3, n3, t4, n4, t5, n5, t6, n6, t7, n7, t8, n8) GRT_PARAMETER(9, t9, n9)

#define GRT_EXPORT0(l, o, n, r, c, s, d) GRT_ROW(l, o, n, r, 0, false, c, s, d, )
#define GRT_EXPORT1(l, o, n, r, t0, n0, c, s, d) \
    GRT_ROW(l, o, n, r, 1, false, c, s, d, GRT_P1(t0, n0))
#define GRT_EXPORT2(l, o, n, r, t0, n0, t1, n1, c, s, d) \
    GRT_ROW(l, o, n, r, 2, false, c, s, d, GRT_P2(t0, n0, t1, n1))
#define GRT_EXPORT3(l, o, n, r, t0, n0, t1, n1, t2, n2, c, s, d) \
    GRT_ROW(l, o, n, r, 3, false, c, s, d, GRT_P3(t0, n0, t1, n1, t2, n2))
#define GRT_EXPORT4(l, o, n, r, t0, n0, t1, n1, t2, n2, t3, n3, c, s, d) \
    GRT_ROW(l, o, n, r, 4, false, c, s, d, GRT_P4(t0, n0, t1, n1, t2, n2, t3, n3))
#define GRT_EXPORT5(l, o, n, r, t0, n0, t1, n1, t2, n2, t3, n3, t4, n4, c, s, d) \
    GRT_ROW(l, o, n, r, 5, false, c, s, d, GRT_P5(t0, n0, t1, n1, t2, n2, t3, n3, t4, n4))
#define GRT_EXPORT6(l, o, n, r, t0, n0, t1, n1, t2, n2, t3, n3, t4, n4, t5, n5, c, s, d) \
    GRT_ROW(l, o, n, r, 6, false, c, s, d, GRT_P6(t0, n0, t1, n1, t2, n2, t3, n3, t4, n4, t5, n5))
#define GRT_EXPORT7(l, o, n, r, t0, n0, t1, n1, t2, n2, t3, n3, t4, n4, t5, n5, t6, n6, c, s, d) \
    GRT_ROW(l, o, n, r, 7, false, c, s, d, GRT_P7(t0, n0, t1, n1, t2, n2, t3, n3, t4, n4, t5, n5, t6, n6))
#define GRT_EXPORT8(l, o, n, r, t0, n0, t1, n1, t2, n2, t3, n3, t4, n4, t5, n5, t6, n6, t7, n7, c, s, d) \
    GRT_ROW(l, o, n, r, 8, false, c, s, d, GRT_P8(t0, n0, t1, n1, t2, n2, t3, n3, t4, n4, t5, n5, t6, n6, t7, n7))
#define GRT_EXPORT9(l, o, n, r, t0, n0, t1, n1, t2, n2, t3, n3, t4, n4, t5, n5, t6, n6, t7, n7, t8, n8, c, s, d) \
    GRT_ROW(l, o, n, r, 9, false, c, s, d, GRT_P9(t0, n0, t1, n1, t2, n2, t3, n3, t4, n4, t5, n5, t6, n6, t7, n7, t8, n8))
#define GRT_EXPORT10(l, o, n, r, t0, n0, t1, n1, t2, n2, t3, n3, t4, n4, t5, n5, t6, n6, t7, n7, t8, n8, t9, n9, c, s, d) \
    GRT_ROW(l, o, n, r, 10, false, c, s, d, GRT_P10(t0, n0, t1, n1, t2, n2, t3, n3, t4, n4, t5, n5, t6, n6, t7, n7, t8, n8, t9, n9))
#define GRT_EXPORTV(l, o, n, r, t0, n0, c, s, d) GRT_ROW(l, o, n, r, 1, true, c, s, d, GRT_P1(t0, n0))
#define GRT_EXPORTV2(l, o, n, r, t0, n0, t1, n1, c, s, d) \
    GRT_ROW(l, o, n, r, 2, true, c, s, d, GRT_P2(t0, n0, t1, n1))

#ifdef GRT_ROWS_FILE
#include GRT_ROWS_FILE
#else
#include "guestrt/exports.def"
#endif

#undef GRT_P1
#undef GRT_P2
#undef GRT_P3
#undef GRT_P4
#undef GRT_P5
#undef GRT_P6
#undef GRT_P7
#undef GRT_P8
#undef GRT_P9
#undef GRT_P10
#undef GRT_ROW
#undef GRT_PARAMETER
/* clang-format on */
