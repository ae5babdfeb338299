# Tasks whose first step runs inside the spawn: that end in it, wait, nest, fail, are cancelled, and have their own context.
import asyncio, contextvars, functools

log = functools.partial(print, flush=True)
var = contextvars.ContextVar("var")

def current():
    return asyncio.current_task().get_name()

def eager(coroutine):
    return asyncio.Task(coroutine, loop=asyncio.get_running_loop(), eager_start=True)

async def inline():
    log("inline: runs in the spawn as", current())
    return "at once"

async def waits(turns):
    log(current(), "begins with", var.get())
    var.set(current())
    for _ in range(turns):
        await asyncio.sleep(0)
    log(current(), "goes on with", var.get())
    return current()

async def nests():
    log("outer begins as", current())
    inner = eager(waits(1))
    log("outer again as", current(), "with", var.get(), "inner done", inner.done())
    log("outer got", await inner)

async def fails():
    log("fails at once")
    raise ValueError("in the first step")

async def asks_itself():
    log("cancels itself ->", asyncio.current_task().cancel())
    await asyncio.sleep(0)
    log("NOT REACHED")

async def cancelled():
    try:
        await asyncio.sleep(10)
    except asyncio.CancelledError:
        log("sees its cancel")
        raise

async def main():
    loop = asyncio.get_running_loop()
    var.set("main")
    loop.call_soon(log, "soon: after all first steps")
    task = eager(inline())
    log("done", task.done(), "cancel ->", task.cancel(), "->", await task)
    first, second = eager(waits(2)), eager(waits(1))
    late = asyncio.create_task(waits(0))
    log("spawned, main has", var.get(), first.done(), second.done())
    log(await first, await second, await late)
    await eager(nests())
    task = eager(fails())
    log("failed, done", task.done())
    try:
        await task
    except ValueError as error:
        log("awaited:", error)
    for name, coroutine in (("itself", asks_itself()), ("other", cancelled())):
        task = eager(coroutine)
        if name == "other":
            task.cancel()
        log(name, "done", task.done())
        try:
            await task
        except asyncio.CancelledError:
            log(name, "cancelled")
    log("gather", await asyncio.gather(eager(inline()), eager(waits(1))))
    log("main at last", current(), var.get())

asyncio.run(main())
