/*
 * page_table.c - heads of runs.
 */
#include "heap/page_table.h"

#include "os/assert.h"

void page_table_set_run(page_table *table, uint32_t page, uint32_t length, page_kind kind)
{
    GRT_ASSERT(length >= 1 && length <= table->count && page <= table->count - length);
    heap_page *head = &table->pages[page];
    head->kind = (uint32_t)kind & 7u;
    head->length = length & 0x1FFFFFFFu;
    layered_set(&table->heads, page);
}

void page_table_clear_head(page_table *table, uint32_t page)
{
    table->pages[page].kind = PAGE_INSIDE;
    table->pages[page].length = 0;
    layered_clear(&table->heads, page);
}

uint32_t page_table_head_of(const page_table *table, uint32_t page)
{
    uint32_t head = layered_find_back(&table->heads, page);
    GRT_ASSERT(head != LAYERED_NONE); /* page 0 always is a head */
    return head;
}
