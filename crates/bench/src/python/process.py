"""A ProcessPoolExecutor of two workers as a peer: calls one at a time, or all at once."""

import operator
from concurrent.futures import ProcessPoolExecutor


def call(count):
    for number in range(count):
        assert pool.submit(operator.neg, number).result() == -number


def bulk(count):
    jobs = [pool.submit(operator.neg, number) for number in range(count)]
    for number, job in enumerate(jobs):
        assert job.result() == -number


with ProcessPoolExecutor(max_workers=2) as pool:
    measure({"call": call, "bulk": bulk}[NAME], COUNT, SMOKE)
