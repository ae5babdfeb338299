# The end of a run: clean-ups schedule, spawn, fail and close generators; who is called when; what never comes.
import asyncio, functools

log = functools.partial(print, flush=True)

async def numbers(name):
    try:
        for number in range(10):
            yield number
    finally:
        await asyncio.sleep(0)
        log(name, "closed")

async def helper():
    log("helper of a clean-up begins")
    await asyncio.sleep(0)
    log("helper of a clean-up ends")

async def schedules():
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

async def generates():
    items = numbers("generator")
    async for item in items:
        if item == 2:
            break
    log("asked for three")
    try:
        await asyncio.sleep(10)
    finally:
        await asyncio.sleep(0.02)
        await items.aclose()
        log("its owner goes on")

async def fails():
    try:
        await asyncio.sleep(10)
    finally:
        await asyncio.sleep(0.06)
        raise ValueError("a clean-up failed")

async def main():
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: log("handler:", context["exception"]))
    loop.call_later(10, log, "timer NOT REACHED")
    half = numbers("dropped generator")
    log("one item", await anext(half))
    del half
    await asyncio.sleep(0.02)
    never = asyncio.create_task(helper())
    never.cancel()
    tasks = [asyncio.create_task(each()) for each in (schedules, generates, fails)]
    await asyncio.sleep(0)
    loop.call_soon(log, "queued by main")
    log("main returns", [task.done() for task in tasks])
    return "result"

log(asyncio.run(main()))
