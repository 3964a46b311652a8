/* test_kernel_name.c - names of objects: many, alike, and fought over. */
#include "kernel_fixture.h"

/* Each is found, in any case, and no other. */
static void many_names(grt_ppc *ctx, uint8_t *base)
{
    enum { NAMES = 3000 };
    static uint32_t handles[NAMES];
    grt_addr s = scratch(ctx);
    char text[40];
    for (uint32_t i = 0; i < NAMES; i++) {
        snprintf(text, sizeof text, "Event [%c%u]", 'A' + (int)(i % 26), (unsigned)i);
        KCALL(NtCreateEvent, s, attributes_at(base, s + 0x20, text, 0), 0, i % 2);
        handles[i] = peek(base, s);
    }
    for (uint32_t i = 0; i < NAMES; i += 7)
        KCALL(NtClose, handles[i]);
    for (uint32_t i = 0; i < NAMES; i++) {
        snprintf(text, sizeof text, "eVENT [%c%u]", 'a' + (int)(i % 26), (unsigned)i);
        uint32_t status =
            KCALL(ObOpenObjectByName, attributes_at(base, s + 0x20, text, 0), 0, 0, s);
        CHECK_EQUAL(status, i % 7 ? GRT_NT_SUCCESS : GRT_NT_OBJECT_NAME_NOT_FOUND);
        if (status != GRT_NT_SUCCESS)
            continue;
        CHECK_EQUAL(KCALL(NtSetEvent, peek(base, s), s + 4), GRT_NT_SUCCESS);
        CHECK_EQUAL(peek(base, s + 4), i % 2);
        KCALL(NtClose, peek(base, s));
    }
    /* '[' and '{' differ like letters of two cases, but are none. */
    CHECK_EQUAL(KCALL(ObOpenObjectByName, attributes_at(base, s + 0x20, "Event {B1}", 0), 0, 0, s),
                GRT_NT_OBJECT_NAME_NOT_FOUND);
    CHECK_EQUAL(KCALL(ObOpenObjectByName, attributes_at(base, s + 0x20, "Event [B1", 0), 0, 0, s),
                GRT_NT_OBJECT_NAME_NOT_FOUND);
}

static void test_many_names(void **state)
{
    (void)state;
    RUN_GUEST(many_names);
}

/* As long as somebody has a handle, the name leads to that object. */
#define FIGHTERS 4u

static void fighter(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx), now = timeout_at(base, s + 0x40, 0);
    grt_addr attributes = attributes_at(base, s + 0x80, "the one", 0);
    for (uint32_t i = 0; i < 2000; i++) {
        uint32_t status = KCALL(NtCreateSemaphore, s, attributes, 0, 100);
        CHECK(status == GRT_NT_SUCCESS || status == GRT_NT_OBJECT_NAME_EXISTS);
        uint32_t mine = peek(base, s);
        CHECK_EQUAL(KCALL(ObOpenObjectByName, attributes, 0, 0, s + 4), GRT_NT_SUCCESS);
        uint32_t named = peek(base, s + 4);
        grt_dispatch *dispatch = dispatch_of(ctx);
        grt_dispatch_lock(dispatch);
        CHECK(dispatch->slots[(mine - GRT_HANDLE_BASE) / 4].object ==
              dispatch->slots[(named - GRT_HANDLE_BASE) / 4].object);
        grt_dispatch_unlock(dispatch);
        KCALL(NtWaitForSingleObjectEx, mine, 0, 0, now);
        CHECK_EQUAL(KCALL(NtClose, mine), GRT_NT_SUCCESS);
        CHECK_EQUAL(KCALL(NtClose, named), GRT_NT_SUCCESS);
    }
}

static void fight(grt_ppc *ctx, uint8_t *base)
{
    grt_addr s = scratch(ctx);
    start_threads(ctx, base, s, 1, FIGHTERS);
    join_threads(ctx, base, s, FIGHTERS);
    CHECK_EQUAL(dispatch_of(ctx)->objects, 0);
}

static void test_fight_for_a_name(void **state)
{
    (void)state;
    RUN_GUEST(fight, fighter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_names),
        cmocka_unit_test(test_fight_for_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
