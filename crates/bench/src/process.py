"""Nanoseconds for one call through a ProcessPoolExecutor with one worker: the median of some batches, after one to warm up."""

import operator
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor

BATCHES = 51

if __name__ == "__main__":
    calls = int(sys.argv[1])
    with ProcessPoolExecutor(max_workers=1) as pool:

        def batch():
            begin = time.perf_counter_ns()
            for number in range(calls):
                assert pool.submit(operator.neg, number).result() == -number
            return (time.perf_counter_ns() - begin) / calls

        batch()
        print(statistics.median(batch() for _ in range(BATCHES)))
