"""Pools of two processes as a peer: calls one at a time, or all at once. How they start is said behind a colon."""

import multiprocessing
import operator
import zlib
from concurrent.futures import ProcessPoolExecutor

WORK, _, START = NAME.partition(":")


class Pool:
    """multiprocessing's own, with the two words that are used here."""

    def __init__(self):
        self.pool = multiprocessing.get_context("fork").Pool(2)

    def submit(self, function, argument):
        job = self.pool.apply_async(function, (argument,))
        job.result = job.get
        return job

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.pool.terminate()


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


def make():
    if START == "multiprocessing":
        return Pool()
    return ProcessPoolExecutor(max_workers=2, mp_context=multiprocessing.get_context(START or "fork"))


with make() as pool:
    measure({"call": call, "bulk": bulk, "bytes": transfer}[WORK], COUNT, SMOKE)
