# wait and as_completed: done in one turn, the modes, timeouts, a waiter that is cancelled, a child that is cancelled.
import asyncio, functools

log = functools.partial(print, flush=True)

async def job(name, turns, exc=None):
    try:
        for _ in range(turns):
            await asyncio.sleep(0)
    except asyncio.CancelledError:
        log(name, "cancelled")
        raise
    log(name, "done")
    if exc:
        raise exc
    return name

def mk(name, turns, exc=None):
    return asyncio.create_task(job(name, turns, exc), name=name)

def names(ts):
    return sorted(t.get_name() for t in ts)

async def main():
    loop = asyncio.get_running_loop()
    fs = [loop.create_future() for _ in range(3)]
    loop.call_soon(lambda: (fs[2].set_result("z"), fs[0].set_result("x")))
    d, p = await asyncio.wait(fs, return_when=asyncio.FIRST_COMPLETED)
    log("in one turn", sorted(f.result() for f in d), len(p))

    ts = [mk("a", 2, OSError()), mk("b", 9), mk("c", 9)]
    ts[2].cancel()
    d, p = await asyncio.wait(ts, return_when=asyncio.FIRST_EXCEPTION)
    log("first exception", names(d), names(p))
    d, p = await asyncio.wait(p)
    log("the rest", names(d), names(p))
    d, p = await asyncio.wait(ts, return_when=asyncio.FIRST_EXCEPTION)
    log("all done before", names(d), names(p))

    never = asyncio.create_task(asyncio.sleep(10), name="never")
    ts = [never, mk("e", 1)]
    d, p = await asyncio.wait(ts, timeout=0.02)
    log("timeout", names(d), names(p), never.done())
    d, p = await asyncio.wait([never], timeout=0)
    log("no time", names(d), names(p), never.done())
    never.cancel()

    f = mk("f", 9)
    waiting = asyncio.create_task(asyncio.wait([f]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    try:
        await waiting
    except asyncio.CancelledError:
        log("waiter cancelled, f done", f.done())
    log("f ->", await f)

    order = []
    async for t in asyncio.as_completed([mk("g", 9), mk("h", 1), mk("i", 5)]):
        order.append((t.get_name(), await t))
    log("as completed", [name for name, result in order if name == result])

    slow = asyncio.create_task(asyncio.sleep(0.06, "slow"), name="slow")
    order = []
    try:
        async for t in asyncio.as_completed([slow, mk("j", 2)], timeout=0.02):
            order.append(await t)
    except TimeoutError:
        log("as completed until the timeout", order, slow.done())
    log("the slow one ->", await slow)

    k, l = mk("k", 20), mk("l", 6)
    await asyncio.sleep(0)
    k.cancel()
    try:
        await asyncio.gather(k, l)
    except asyncio.CancelledError:
        log("gather: a child was cancelled, not the awaiter")
    log("l ->", await l)

asyncio.run(main())
