/*
 * Threads that free each other's blocks, while one forks: what a lock left behind, a block served
 * twice, or a destructor that comes late would break. Prints one line when all is well.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 4, SLOTS = 512, ROUNDS = 40000, FORKS = 100, KEYS = 64, SHORT_LIVED = 200 };

typedef struct block {
    size_t size;
    unsigned char bytes[];
} block;

static block *_Atomic slots[SLOTS];
static pthread_key_t keys[KEYS];
static _Atomic int done, broken, destroyed;

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static void check_and_free(block *old)
{
    if (!old)
        return;
    for (size_t i = 0; i < old->size; i++)
        broken += old->bytes[i] != (unsigned char)old->size;
    free(old);
}

static block *make(uint32_t *state)
{
    uint32_t random = next_random(state);
    size_t size = random % 100 == 0 ? random % 100000 : random % 500;
    block *made = malloc(sizeof *made + size / 2);
    made = realloc(made, sizeof *made + size);
    made->size = size;
    memset(made->bytes, (int)size, size);
    return made;
}

static void *work(void *seed)
{
    uint32_t state = (uint32_t)(uintptr_t)seed;
    for (int i = 0; i < ROUNDS; i++) {
        block *old = slots[next_random(&state) % SLOTS];
        if (next_random(&state) % 2)
            old = __atomic_exchange_n((block **)&slots[next_random(&state) % SLOTS], NULL,
                                      __ATOMIC_ACQ_REL);
        else
            old = __atomic_exchange_n((block **)&slots[next_random(&state) % SLOTS], make(&state),
                                      __ATOMIC_ACQ_REL);
        check_and_free(old);
    }
    done++;
    return NULL;
}

/* Runs while the thread ends: it allocates once more, and frees what the thread had. */
static void destroy(void *value)
{
    free(value);
    free(malloc(2000));
    destroyed++;
}

static void *live_shortly(void *unused)
{
    (void)unused;
    for (int i = 0; i < KEYS; i += 7)
        pthread_setspecific(keys[i], malloc(100)); /* of the later keys the C library allocates */
    return NULL;
}

static void run_short_lived(void)
{
    for (int i = 0; i < KEYS; i++)
        pthread_key_create(&keys[i], destroy);
    for (int i = 0; i < SHORT_LIVED; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, live_shortly, NULL);
        pthread_join(thread, NULL);
    }
}

static void live_in_child(void)
{
    uint32_t state = 99;
    for (int i = 0; i < 200; i++)
        check_and_free(make(&state));
    _exit(broken != 0);
}

/* The other threads are inside the heap at any point of this. */
static void fork_once(void)
{
    pid_t child = fork();
    if (child == 0)
        live_in_child();
    int status = 1;
    waitpid(child, &status, 0);
    broken += status != 0;
}

int main(void)
{
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, work, (void *)(i + 1));
    for (int i = 0; i < FORKS && done < THREADS; i++)
        fork_once();
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    run_short_lived();
    for (int i = 0; i < SLOTS; i++)
        check_and_free(slots[i]);
    printf("%d broken, %d destroyed\n", broken, destroyed);
    return broken != 0;
}
