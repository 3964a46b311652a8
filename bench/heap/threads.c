/*
 * threads.c - several threads that start together, and the one that is parked.
 */
#include "bench.h"
#include <pthread.h>
#include <semaphore.h>

typedef struct worker {
    pthread_t thread;
    pthread_barrier_t *start;
    bench_run *run;
    const bench_task *task;
    void *argument;
    uint64_t started, ended;
} worker;

static void work(worker *self)
{
    self->task->warm_up(self->run, self->argument);
    pthread_barrier_wait(self->start);
    self->started = bench_now_ns();
    self->task->body(self->run, self->argument);
    self->ended = bench_now_ns();
}

static void *work_in_thread(void *argument)
{
    worker *self = argument;
    self->run->allocator.thread_init();
    work(self);
    self->run->allocator.thread_exit();
    return NULL;
}

static uint64_t span(const worker *workers, unsigned count)
{
    uint64_t first = UINT64_MAX, last = 0;
    for (unsigned i = 0; i < count; i++) {
        first = workers[i].started < first ? workers[i].started : first;
        last = workers[i].ended > last ? workers[i].ended : last;
    }
    return last - first;
}

/* The caller is the first worker: the others are new threads. */
uint64_t bench_threads(bench_run *run, unsigned count, const bench_task *task, void *arguments,
                       size_t size)
{
    worker workers[MAX_THREADS];
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, count);
    for (unsigned i = 0; i < count; i++) {
        workers[i] = (worker){
            .start = &start, .run = run, .task = task, .argument = (char *)arguments + i * size};
        if (i > 0 && pthread_create(&workers[i].thread, NULL, work_in_thread, &workers[i]) != 0)
            bench_fail("no thread could be created");
    }
    work(&workers[0]);
    for (unsigned i = 1; i < count; i++)
        pthread_join(workers[i].thread, NULL);
    pthread_barrier_destroy(&start);
    return span(workers, count);
}

static sem_t parked, never;

static void *park(void *argument)
{
    const bench_allocator *allocator = argument;
    allocator->thread_init();
    allocator->free(bench_use(allocator->alloc(64)));
    sem_post(&parked);
    while (sem_wait(&never) != 0)
        ;
    return NULL;
}

void bench_park(bench_run *run)
{
    pthread_t thread;
    sem_init(&parked, 0, 0);
    sem_init(&never, 0, 0);
    if (pthread_create(&thread, NULL, park, &run->allocator) != 0)
        bench_fail("no thread could be created");
    while (sem_wait(&parked) != 0)
        ;
}
