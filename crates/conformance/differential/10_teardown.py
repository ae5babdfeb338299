# The end of a run: what main leaves behind is cancelled, and its clean-ups end before the result is there.
import asyncio, functools

log = functools.partial(print, flush=True)

async def background(name, d):
    try:
        await asyncio.sleep(10)
    finally:
        await asyncio.sleep(d)
        log(name, "cleaned up")

async def main():
    for i in (1, 2):
        asyncio.create_task(background(f"bg{i}", 0.02 * i), name=f"bg{i}")
    await asyncio.sleep(0)
    log("main returns")
    return "result"

log(asyncio.run(main()))
