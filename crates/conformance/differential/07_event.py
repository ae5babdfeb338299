# Event: set and clear in one step release those who wait already, and nobody later.
import asyncio, functools
log = functools.partial(print, flush=True)

async def main():
    ev = asyncio.Event()
    async def waiter(n):
        await ev.wait()
        log(n, "released, is_set", ev.is_set())
    w = asyncio.create_task(waiter("E0"))
    await asyncio.sleep(0)
    ev.set()
    ev.clear()                              # pulse: E0 is released, E1 is not
    w1 = asyncio.create_task(waiter("E1"))
    await asyncio.sleep(0.01)
    log("E1 done", w1.done())
    ev.set()
    await asyncio.gather(w, w1)

asyncio.run(main())
