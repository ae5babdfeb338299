# Cancel before the start, while blocked, with a clean-up that awaits, swallowed, twice, through an awaited task, after the end.
import asyncio, functools

log = functools.partial(print, flush=True)

async def worker(name, mode):
    log(name, "start")
    try:
        await asyncio.sleep(10)
        log(name, "NOT REACHED")
    except asyncio.CancelledError:
        log(name, "sees cancel")
        if mode == "swallow":
            await asyncio.sleep(0.01)
            log(name, "swallowed it")
            return "survived"
        if mode == "fail":
            raise ValueError("cleanup failed")
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
    except Exception as e:
        return "error " + type(e).__name__

async def chain(t):
    try:
        await t
    except asyncio.CancelledError:
        log("chain: cancel went through the awaited task")
        raise

async def main():
    t = asyncio.create_task(worker("early", "plain"))
    log("cancel early ->", t.cancel())
    log("early:", await outcome(t))
    for mode in ("plain", "cleanup", "swallow", "fail"):
        t = asyncio.create_task(worker(mode, mode))
        await asyncio.sleep(0.01)
        log("cancel", mode, "->", t.cancel(), "requests", t.cancelling())
        if mode == "swallow":
            log("cancel again ->", t.cancel(), "requests", t.cancelling())
        log(mode + ":", await outcome(t), "| cancelled()", t.cancelled(), "| cancel when done", t.cancel())
    inner = asyncio.create_task(worker("inner", "plain"))
    outer = asyncio.create_task(chain(inner))
    await asyncio.sleep(0.01)
    outer.cancel()
    log("outer:", await outcome(outer), "inner cancelled()", inner.cancelled())

asyncio.run(main())
