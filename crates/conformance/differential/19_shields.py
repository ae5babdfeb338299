# Cancels around shields: of one of two awaiters, of nested ones, in the turn of the result, and of one who waits all the same.
import asyncio, functools

log = functools.partial(print, flush=True)

async def work(name, turns):
    try:
        for _ in range(turns):
            await asyncio.sleep(0)
    except asyncio.CancelledError:
        log(name, "cancelled")
        raise
    log(name, "done")
    return name

async def awaits(name, awaitable):
    try:
        log(name, "got", await awaitable)
    except asyncio.CancelledError:
        log(name, "cancelled")
        raise

async def turns(count):
    for _ in range(count):
        await asyncio.sleep(0)

async def main():
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    one, two = (asyncio.create_task(awaits(name, asyncio.shield(future))) for name in ("one", "two"))
    await turns(2)
    one.cancel()
    await asyncio.wait([one])
    log("one gone, the future cancelled", future.cancelled())
    future.set_result("a value")
    await asyncio.wait([two])

    future = loop.create_future()
    three, four = (asyncio.create_task(awaits(name, asyncio.shield(future))) for name in ("three", "four"))
    await turns(2)
    log("inner cancel ->", future.cancel())
    await asyncio.wait([three, four])

    inner = asyncio.create_task(work("inner", 12))
    nested = asyncio.create_task(awaits("nested", asyncio.shield(asyncio.shield(inner))))
    await turns(2)
    nested.cancel()
    await asyncio.wait([nested])
    log("inner done", inner.done())
    log("inner ->", await inner)

    future = loop.create_future()
    tied = asyncio.create_task(awaits("tied", asyncio.shield(future)))
    await turns(2)
    loop.call_soon(lambda: (future.set_result("kept"), tied.cancel()))
    await asyncio.wait([tied])
    log("tied cancelled", tied.cancelled(), "the future", future.result())

    async def patient(job):
        try:
            await asyncio.shield(job)
        except asyncio.CancelledError:
            log("patient: cancelled, but waits")
            log("patient: got", await job)
            raise

    job = asyncio.create_task(work("job", 8))
    waiting = asyncio.create_task(patient(job))
    await turns(2)
    log("cancel ->", waiting.cancel())
    await asyncio.wait([waiting])
    log("patient cancelled", waiting.cancelled(), "job", job.done())

    job = asyncio.create_task(work("slow", 30))
    try:
        async with asyncio.timeout(0):
            await asyncio.shield(job)
    except TimeoutError:
        log("timed out around a shield, slow done", job.done())
    job.cancel()
    await asyncio.wait([job])
    log("slow cancelled", job.cancelled())

asyncio.run(main())
