"""The two kinds of work in CPython, in its three places: what `cpython.rs` runs.

Standard input: one JSON object. Standard output: one JSON object a row.
"""

import asyncio
import concurrent.futures
import hashlib
import itertools
import json
import math
import multiprocessing
import platform
import sys
import time

BEAT = 0.001
CHUNK = 64 * 1024


def hash_and_count(path):
    sha256, words, in_word = hashlib.sha256(), 0, False
    try:
        with open(path, "rb") as source:
            while chunk := source.read(CHUNK):
                sha256.update(chunk)
                # Python has one white space more than `is_ascii_whitespace`.
                chunk = chunk.replace(b"\x0b", b"v")
                words += len(chunk.split()) - (in_word and not chunk[:1].isspace())
                in_word = not chunk[-1:].isspace()
    except OSError as error:
        return str(error)
    return [sha256.hexdigest(), words]


def is_prime(number):
    if number < 2 or (number % 2 == 0 and number != 2):
        return False
    for divisor in range(3, math.isqrt(number) + 1, 2):
        if number % divisor == 0:
            return False
    return True


def count_primes(bounds):
    return sum(is_prime(number) for number in range(*bounds))


class Heartbeat:
    def __init__(self):
        self.due, self.worst = time.monotonic() + BEAT, 0.0
        self.task = asyncio.create_task(self.beat())

    def note(self):
        self.worst = max(self.worst, time.monotonic() - self.due)

    async def beat(self):
        while True:
            await asyncio.sleep(self.due - time.monotonic())
            self.note()
            self.due = time.monotonic() + BEAT

    def stop(self):
        self.note()
        self.task.cancel()
        return self.worst


async def measure(function, cases, executor, seconds, in_flight):
    loop, took, differing = asyncio.get_running_loop(), [], set()
    numbers, begin, heartbeat = itertools.count(), time.monotonic(), Heartbeat()

    async def work():
        for number in numbers:
            given, expected = cases[number % len(cases)]
            submitted = time.monotonic()
            if executor is None:
                await asyncio.sleep(0)
                output = function(given)
            else:
                output = await loop.run_in_executor(executor, function, given)
            took.append(time.monotonic() - submitted)
            if output != expected:
                differing.add(number % len(cases))
            if time.monotonic() - begin >= seconds:
                return

    await asyncio.gather(*(work() for _ in range(in_flight)))
    elapsed, worst = time.monotonic() - begin, heartbeat.stop()
    took.sort()

    def quantile(percent):
        return took[math.ceil(len(took) * percent / 100) - 1] * 1000

    return {
        "jobs": len(took),
        "jobs_per_s": len(took) / elapsed,
        "p50_ms": quantile(50),
        "p99_ms": quantile(99),
        "worst_loop_delay_ms": worst * 1000,
    }, sorted(differing)


async def main(asked, places):
    files = [(bytes.fromhex(path), [sha256, words]) for path, sha256, words in asked["files"]]
    ranges = [((first, end), primes) for first, end, primes in asked["ranges"]]
    for work, function, cases in [("hash", hash_and_count, files), ("primes", count_primes, ranges)]:
        for place, executor in places:
            row, differing = await measure(function, cases, executor, asked["seconds"], asked["in_flight"])
            row |= {"work": work, "runtime": f"cpython {platform.python_version()}", "place": place}
            print(json.dumps({"row": row, "differing": differing}), flush=True)


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    cores = asked["cores"]
    # Forked before there is any thread.
    processes = concurrent.futures.ProcessPoolExecutor(cores, multiprocessing.get_context("fork"))
    list(processes.map(time.sleep, [0.02] * cores))
    with processes, concurrent.futures.ThreadPoolExecutor(cores) as threads:
        list(threads.map(time.sleep, [0.02] * cores))
        asyncio.run(main(asked, [("inline", None), ("threads", threads), ("processes", processes)]))
