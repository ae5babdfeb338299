"""asyncio as a peer: each function is a batch of the bench of that name."""

import asyncio


async def nothing():
    pass


async def spawn_join(count):
    for _ in range(count):
        await asyncio.create_task(nothing())


async def spawn_join_10k(count):
    for task in [asyncio.create_task(nothing()) for _ in range(count)]:
        await task


async def yield_one(count):
    for _ in range(count):
        await asyncio.sleep(0)


async def yield_1000(count, times=20):
    for task in [asyncio.create_task(yield_one(times)) for _ in range(count // times)]:
        await task


async def call_soon(count):
    loop = asyncio.get_running_loop()
    over = loop.create_future()
    left = count

    def callback():
        nonlocal left
        left -= 1
        if left == 0:
            over.set_result(None)

    for _ in range(count):
        loop.call_soon(callback)
    await over


def build_drop(count):
    async def main():
        await asyncio.create_task(nothing())

    for _ in range(count):
        asyncio.run(main())


async def cancel_each(count):
    loop = asyncio.get_running_loop()
    for _ in range(count):
        loop.call_later(30, int).cancel()


async def cancel_batch(count):
    loop = asyncio.get_running_loop()
    timers = [loop.call_later(60 + number % 60, int) for number in range(count)]
    for timer in timers:
        timer.cancel()


async def offload_one(count):
    loop = asyncio.get_running_loop()
    for _ in range(count):
        await loop.run_in_executor(None, int)


async def offload_batch(count):
    loop = asyncio.get_running_loop()
    for job in [loop.run_in_executor(None, int) for _ in range(count)]:
        await job


if NAME == "build_drop":
    measure(build_drop, COUNT, SMOKE)
else:
    with asyncio.Runner() as runner:
        measure(lambda count: runner.run(globals()[NAME](count)), COUNT, SMOKE)
