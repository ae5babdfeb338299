# Cancel before the start, while blocked, with a clean-up that awaits, through an awaited task, and after the end.
import asyncio, functools

log = functools.partial(print, flush=True)

async def worker(name, mode):
    log(name, "start")
    try:
        await asyncio.sleep(10)
        log(name, "NOT REACHED")
    except asyncio.CancelledError:
        log(name, "sees cancel")
        if mode == "cleanup":
            await asyncio.sleep(0.01)
            log(name, "async cleanup done")
        raise
    finally:
        log(name, "finally")

async def outcome(t):
    try:
        return "value " + str(await t)
    except asyncio.CancelledError:
        return "cancelled"

async def chain(t):
    await t
    log("chain NOT REACHED")

async def main():
    t = asyncio.create_task(worker("early", "plain"))
    log("cancel early ->", t.cancel())
    log("early:", await outcome(t))
    for mode in ("plain", "cleanup"):
        t = asyncio.create_task(worker(mode, mode))
        await asyncio.sleep(0.01)
        log("cancel", mode, "->", t.cancel())
        log(mode + ":", await outcome(t), "| done", t.done(), "| cancel when done", t.cancel())
    inner = asyncio.create_task(worker("inner", "plain"))
    outer = asyncio.create_task(chain(inner))
    await asyncio.sleep(0.01)
    outer.cancel()
    log("outer:", await outcome(outer))

asyncio.run(main())
