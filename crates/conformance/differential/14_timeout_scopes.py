# Timeout scopes: moved, asked, nested with one deadline, past deadlines, a cancel in the same turn, changes refused.
import asyncio, functools, time

log = functools.partial(print, flush=True)

async def main():
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(0) as cm:
        log("no time, no await, expired", cm.expired())
    log("afterwards", cm.expired())
    try:
        async with asyncio.timeout(0) as cm:
            await asyncio.sleep(0)
            log("NOT REACHED")
    except TimeoutError:
        log("no time, one yield: timeout, expired", cm.expired())

    async with asyncio.timeout(0.02) as cm:
        cm.reschedule(None)
        log("when", cm.when())
        await asyncio.sleep(0.04)
    log("taken away: expired", cm.expired())
    try:
        async with asyncio.timeout(None) as cm:
            cm.reschedule(loop.time() - 1)
            log("into the past, expired", cm.expired())
            await asyncio.sleep(1)
    except TimeoutError:
        log("timeout, expired", cm.expired())
    async with asyncio.timeout(0.02) as cm:
        loop.call_soon(cm.reschedule, loop.time() + 5)
        await asyncio.sleep(0.04)
    log("moved by another: expired", cm.expired())

    when = loop.time() + 0.02
    try:
        async with asyncio.timeout(5) as outer:
            outer.reschedule(when)
            try:
                async with asyncio.timeout(5) as inner:
                    inner.reschedule(when)
                    await asyncio.sleep(1)
            except TimeoutError:
                log("inner NOT REACHED")
    except TimeoutError:
        log("one deadline: outer timeout, expired", outer.expired(), inner.expired())

    async def scoped(seen):
        async with asyncio.timeout(0.03) as cm:
            seen.append(cm)
            await asyncio.sleep(1)

    for what, late in (("before the deadline", 0), ("in its turn", 0.05)):
        seen = []
        task = asyncio.create_task(scoped(seen))
        await asyncio.sleep(0)
        loop.call_later(0.01, task.cancel)
        time.sleep(late)
        await asyncio.wait([task])
        log("cancelled", what, task.cancelled(), "| expired", seen[0].expired())

    try:
        async with asyncio.timeout(0.02) as cm:
            try:
                await asyncio.sleep(1)
            finally:
                try:
                    cm.reschedule(None)
                except RuntimeError:
                    log("refused while it expires, expired", cm.expired())
    except TimeoutError:
        log("timeout all the same")
    try:
        cm.reschedule(None)
    except RuntimeError:
        log("refused when it is over")

asyncio.run(main())
