# wait_for: clean-ups awaited, no time at all, a result in the turn of the deadline or of a cancel, a shield.
import asyncio, functools, time

log = functools.partial(print, flush=True)

async def worker(name, d, result=None):
    log(name, "start")
    try:
        await asyncio.sleep(d)
        log(name, "end")
        return result
    except asyncio.CancelledError:
        log(name, "cancelled")
        await asyncio.sleep(0.02)
        log(name, "cleaned up")
        raise

async def limited(name, aw, limit):
    try:
        log(name, "->", await asyncio.wait_for(aw, limit))
    except TimeoutError:
        log(name, "timed out")

async def main():
    loop = asyncio.get_running_loop()
    await limited("A", worker("A", 1), 0.02)
    await limited("B", worker("B", 0.02, "in time"), 1)
    await limited("C", asyncio.create_task(worker("C", 1)), 0)
    done = asyncio.create_task(worker("D", 0, "done before"))
    await asyncio.wait([done])
    await limited("D", done, 0)

    future = loop.create_future()
    loop.call_soon(loop.call_later, 0.01, future.set_result, "too late")
    loop.call_soon(time.sleep, 0.04)
    await limited("E", future, 0.02)
    log("E keeps its value", future.result())

    future = loop.create_future()
    waiting = asyncio.create_task(limited("F", future, 1))
    await asyncio.sleep(0)
    loop.call_soon(lambda: (future.set_result("just done"), waiting.cancel()))
    await asyncio.wait([waiting])
    log("F cancelled", waiting.cancelled(), "| the future keeps its value", future.result())

    inner = asyncio.create_task(worker("G", 1))
    waiting = asyncio.create_task(limited("G", inner, 1))
    await asyncio.sleep(0.01)
    waiting.cancel()
    await asyncio.wait([inner, waiting])
    log("G cancelled", waiting.cancelled(), "| inner", inner.cancelled())

    inner = asyncio.create_task(worker("H", 0.06, "shielded"))
    await limited("H", asyncio.shield(inner), 0.02)
    log("H done", inner.done())
    log("H ->", await inner)

    future = loop.create_future()
    await limited("I", future, 0.01)
    log("I cancelled", future.cancelled())

asyncio.run(main())
