/*
 * A signal handler that allocates, while the program does nothing but that: a lock that the handler
 * waited for would never be released. Two signals, so that one handler interrupts the other, too.
 * Prints one line when all is well.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 2000 };

static volatile sig_atomic_t handled, broken;
static pthread_t worker;
static volatile int done;

static void handle(int number)
{
    for (int i = 0; i < 500; i++) {
        unsigned char *block = malloc(200); /* may be refused: the handler must not wait */
        if (!block)
            continue;
        memset(block, number, 200);
        unsigned char *larger = realloc(block, 400);
        block = larger ? larger : block;
        broken += block[199] != number;
        free(block);
    }
    handled++;
}

static void *send_signals(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        pthread_kill(worker, SIGUSR1);
        for (volatile int delay = i * 7919 % 40000; delay > 0; delay--)
            ;
        pthread_kill(worker, SIGUSR2);
        nanosleep(&(struct timespec){.tv_nsec = 20000 + i * 7 % 5000}, NULL);
    }
    done = 1;
    return NULL;
}

int main(void)
{
    static unsigned char *blocks[64];
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    pthread_t sender;
    worker = pthread_self();
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    pthread_create(&sender, NULL, send_signals, NULL);
    for (unsigned i = 0; !done; i++) {
        unsigned char **block = &blocks[i % 64];
        broken += *block && (*block)[0] != i % 64;
        free(*block);
        *block = malloc(i * 31 % 3000 + 1);
        (*block)[0] = (unsigned char)(i % 64);
    }
    pthread_join(sender, NULL);
    printf("%s, %d broken\n", handled > ROUNDS / 20 ? "often" : "hardly", (int)broken);
    return broken != 0;
}
