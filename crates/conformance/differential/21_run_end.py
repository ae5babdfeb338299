# The end of a run: clean-ups schedule, spawn, fail and close generators; who is called when; what never comes.
import asyncio, functools

log = functools.partial(print, flush=True)

async def numbers(name, closed):
    try:
        for number in range(10):
            yield number
    finally:
        await asyncio.sleep(0)
        log(name, "closed")
        closed.set()

async def helper():
    log("helper of a clean-up begins")
    await asyncio.sleep(0)
    log("helper of a clean-up ends")

async def schedules(ended):
    loop = asyncio.get_running_loop()
    try:
        await asyncio.sleep(10)
    finally:
        log("clean-up: first")
        loop.call_soon(log, "callback of a clean-up")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await asyncio.create_task(helper())
        log("clean-up: last")
        ended.set()

async def generates(before, closed):
    items = numbers("generator", closed)
    async for item in items:
        if item == 2:
            break
    log("asked for three")
    try:
        await asyncio.sleep(10)
    finally:
        await before.wait()
        await items.aclose()
        log("its owner goes on")

async def fails(before):
    try:
        await asyncio.sleep(10)
    finally:
        await before.wait()
        await asyncio.sleep(0.02)
        raise ValueError("a clean-up failed")

async def main():
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: log("handler:", context["exception"]))
    loop.call_later(10, log, "timer NOT REACHED")
    dropped, ended, closed = asyncio.Event(), asyncio.Event(), asyncio.Event()
    half = numbers("dropped generator", dropped)
    log("one item", await anext(half))
    del half
    await dropped.wait()
    never = asyncio.create_task(helper())
    never.cancel()
    tasks = [asyncio.create_task(each) for each in (schedules(ended), generates(ended, closed), fails(closed))]
    await asyncio.sleep(0)
    loop.call_soon(log, "queued by main")
    log("main returns", [task.done() for task in tasks])
    return "result"

log(asyncio.run(main()))
