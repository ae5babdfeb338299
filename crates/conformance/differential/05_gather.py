# gather: results in the order of the arguments, the first error, errors collected, a cancel. Deadlines 20 ms apart.
import asyncio, functools

log = functools.partial(print, flush=True)

async def job(name, d, exc=None):
    try:
        await asyncio.sleep(d)
    except asyncio.CancelledError:
        log(name, "cancelled")
        raise
    log(name, "done")
    if exc:
        raise exc
    return name

async def main():
    log("gather", await asyncio.gather(job("a", .04), job("b", .02), job("c", .06)))
    try:
        await asyncio.gather(job("d", .06), job("e", .02, ValueError()), job("f", .04))
    except ValueError:
        log("gather raised at the first error; the others keep running")
    await asyncio.sleep(0.06)
    r = await asyncio.gather(job("g", .02, KeyError()), job("h", .04), return_exceptions=True)
    log("collected", [type(x).__name__ for x in r])
    g = asyncio.ensure_future(asyncio.gather(job("i", 1), job("j", 1), return_exceptions=True))
    await asyncio.sleep(0.02)
    g.cancel()
    try:
        await g
    except asyncio.CancelledError:
        log("cancelled gather raises even with return_exceptions")

asyncio.run(main())
