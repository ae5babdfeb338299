"""The manner of clock.rs: one batch to warm up, then the median of the others. Stands before each of the scripts."""

import statistics
import sys
import time

BATCHES, BATCHES_MIN, BUDGET = 51, 5, 0.5


def goes_on(done, first, smoke):
    if smoke:
        return done < 1
    return done < BATCHES_MIN or (done < BATCHES and time.perf_counter() - first < BUDGET)


def measure(batch, count, smoke):
    """Prints nanoseconds for one of the `count` operations of a batch."""
    batch(count)
    times = []
    first = time.perf_counter()
    while goes_on(len(times), first, smoke):
        begin = time.perf_counter_ns()
        batch(count)
        times.append(time.perf_counter_ns() - begin)
    print(statistics.median(times) / count)


NAME, COUNT, SMOKE = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "true"
