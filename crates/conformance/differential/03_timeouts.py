# Timeouts: expiry, a body that is faster, nesting, rescheduling, a cancel that is swallowed, one from outside, wait_for. Gaps of 20 ms.
import asyncio, functools

log = functools.partial(print, flush=True)

async def sleeper(name, d, result=None):
    log(name, "start")
    try:
        await asyncio.sleep(d)
        log(name, "end")
        return result
    except asyncio.CancelledError:
        log(name, "cancelled")
        raise

async def main():
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(0.02) as cm:
            await sleeper("A", 1)
    except TimeoutError:
        log("timeout A, expired", cm.expired())
    async with asyncio.timeout(1):
        log("B ->", await sleeper("B", 0.02, "ok"))
    try:
        async with asyncio.timeout(0.08) as outer:
            try:
                async with asyncio.timeout(0.02):
                    await sleeper("C", 1)
            except TimeoutError:
                log("inner timeout only, outer expired", outer.expired())
            await sleeper("D", 1)
    except TimeoutError:
        log("outer timeout, expired", outer.expired())
    for n, when in (("E", loop.time() + 5), ("F", None)):
        async with asyncio.timeout(0.02) as cm:
            cm.reschedule(when)
            await sleeper(n, 0.06)
        log("moved later or disabled: no timeout, expired", cm.expired())
    async with asyncio.timeout(0.02) as cm:
        try:
            await sleeper("G", 1)
        except asyncio.CancelledError:
            log("G swallowed inside the scope")
    log("no timeout raised, expired", cm.expired())
    t = asyncio.create_task(asyncio.wait_for(sleeper("H", 10), 1))
    await asyncio.sleep(0.02)
    t.cancel()
    await asyncio.wait([t])
    log("external cancel stays a cancel:", t.cancelled())
    log("wait_for ->", await asyncio.wait_for(sleeper("I", 0.01, "fast"), 1))
    for n, limit in (("J", 0.02), ("K (never starts)", 0)):
        try:
            await asyncio.wait_for(sleeper(n, 1), limit)
        except TimeoutError:
            log("wait_for timeout", limit)

asyncio.run(main())
