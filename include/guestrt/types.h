/*
 * types.h - guest addresses and big-endian guest integers.
 *
 * Everything the guest sees is big-endian. The grt_beNN types are structs, so that a host integer
 * can never be assigned to a guest field (or read from one) by accident: the only way in and out
 * is grt_beNN_load() and grt_beNN_store().
 */
#ifndef GUESTRT_TYPES_H
#define GUESTRT_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A guest address. Never a pointer; 0 is the guest's null. */
typedef uint32_t grt_addr;

typedef struct grt_be16 {
    uint16_t raw;
} grt_be16;
typedef struct grt_be32 {
    uint32_t raw;
} grt_be32;
typedef struct grt_be64 {
    uint64_t raw;
} grt_be64;

/* True on a little-endian host; both compilers fold it to a constant. */
#define GRT_HOST_LITTLE (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)

static inline uint16_t grt_swap16(uint16_t value)
{
    return GRT_HOST_LITTLE ? __builtin_bswap16(value) : value;
}
static inline uint32_t grt_swap32(uint32_t value)
{
    return GRT_HOST_LITTLE ? __builtin_bswap32(value) : value;
}
static inline uint64_t grt_swap64(uint64_t value)
{
    return GRT_HOST_LITTLE ? __builtin_bswap64(value) : value;
}

static inline uint16_t grt_be16_load(grt_be16 field)
{
    return grt_swap16(field.raw);
}
static inline uint32_t grt_be32_load(grt_be32 field)
{
    return grt_swap32(field.raw);
}
static inline uint64_t grt_be64_load(grt_be64 field)
{
    return grt_swap64(field.raw);
}
static inline void grt_be16_store(grt_be16 *field, uint16_t value)
{
    field->raw = grt_swap16(value);
}
static inline void grt_be32_store(grt_be32 *field, uint32_t value)
{
    field->raw = grt_swap32(value);
}
static inline void grt_be64_store(grt_be64 *field, uint64_t value)
{
    field->raw = grt_swap64(value);
}

/* Unaligned big-endian accesses through a host pointer. */
static inline uint16_t grt_load16(const void *host)
{
    uint16_t raw;
    memcpy(&raw, host, sizeof raw);
    return grt_swap16(raw);
}
static inline uint32_t grt_load32(const void *host)
{
    uint32_t raw;
    memcpy(&raw, host, sizeof raw);
    return grt_swap32(raw);
}
static inline uint64_t grt_load64(const void *host)
{
    uint64_t raw;
    memcpy(&raw, host, sizeof raw);
    return grt_swap64(raw);
}
static inline void grt_store16(void *host, uint16_t value)
{
    value = grt_swap16(value);
    memcpy(host, &value, sizeof value);
}
static inline void grt_store32(void *host, uint32_t value)
{
    value = grt_swap32(value);
    memcpy(host, &value, sizeof value);
}
static inline void grt_store64(void *host, uint64_t value)
{
    value = grt_swap64(value);
    memcpy(host, &value, sizeof value);
}

#ifdef __cplusplus
}
#endif

#endif
