"""Threads that allocate while the process forks, and a pool of processes."""
import hashlib
import multiprocessing
import os
import threading

results = [None] * 4


def work(number):
    digest = hashlib.sha256()
    for i in range(2000):
        digest.update(repr([number, i, "x" * (i % 500), {str(k): k for k in range(i % 20)}]).encode())
    results[number] = digest.hexdigest()


def in_process(number):
    return sum(len(str(i * number)) for i in range(20000))


threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
for thread in threads:
    thread.start()
codes = []
for i in range(20):
    child = os.fork()
    if child == 0:
        rows = [[k] * 10 for k in range(2000)]
        os._exit(len(rows) % 251)
    codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
for thread in threads:
    thread.join()
print(results, set(codes))
with multiprocessing.get_context("fork").Pool(3) as pool:
    print(pool.map(in_process, range(8)))
