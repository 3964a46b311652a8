/* The status table: every row has its three texts, numbers are dense, strangers are named so. */
#include "unit.h"

#include <string.h>

#include "guestrt/status.h"

static void test_every_row(void **state)
{
    (void)state;
#define CHECK(number, name, sentence, remedy)                                                      \
    assert_int_equal(GRT_##name, number);                                                          \
    assert_string_equal(grt_status_name(GRT_##name), "GRT_" #name);                                \
    assert_string_equal(grt_status_sentence(GRT_##name), sentence);                                \
    assert_string_equal(grt_status_remedy(GRT_##name), remedy);                                    \
    assert_true((sentence)[strlen(sentence) - 1] != '.');
    GRT_STATUS_MAP(CHECK)
#undef CHECK
}

static void test_unknown_numbers(void **state)
{
    (void)state;
    const int strangers[] = {-1, 25, 1000, 0x7FFFFFFF};
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        assert_string_equal(grt_status_name((grt_status)strangers[i]), "GRT_STATUS_UNKNOWN");
        assert_true(strlen(grt_status_sentence((grt_status)strangers[i])) > 0);
        assert_true(strlen(grt_status_remedy((grt_status)strangers[i])) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row),
        cmocka_unit_test(test_unknown_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
