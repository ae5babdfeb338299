"""A ProcessPoolExecutor of two workers as a peer: calls one at a time, or all at once."""

import operator
import zlib
from concurrent.futures import ProcessPoolExecutor


def call(count):
    for number in range(count):
        assert pool.submit(operator.neg, number).result() == -number


def bulk(count):
    jobs = [pool.submit(operator.neg, number) for number in range(count)]
    for number, job in enumerate(jobs):
        assert job.result() == -number


BYTES = bytes(1 << 20 if SMOKE else 100 << 20)


def transfer(count):
    for _ in range(count):
        assert pool.submit(zlib.adler32, BYTES).result()


with ProcessPoolExecutor(max_workers=2) as pool:
    measure({"call": call, "bulk": bulk, "bytes": transfer}[NAME], COUNT, SMOKE)
