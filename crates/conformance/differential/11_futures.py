# Futures: set once, callbacks deferred and in order, many awaiters, an error, a cancel, a late set, a shield, a thread.
import asyncio, functools, threading

log = functools.partial(print, flush=True)

async def waiter(name, future):
    try:
        log(name, "got", await future)
    except asyncio.CancelledError:
        log(name, "cancelled")
        raise

async def main():
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    try:
        future.result()
    except asyncio.InvalidStateError:
        log("pending: no result")
    first = asyncio.create_task(waiter("first", future))
    await asyncio.sleep(0)
    future.add_done_callback(lambda f: log("callback sees", f.result()))
    removed = lambda f: log("removed NOT CALLED")
    future.add_done_callback(removed)
    second = asyncio.create_task(waiter("second", future))
    await asyncio.sleep(0)
    future.remove_done_callback(removed)
    future.set_result(7)
    log("set, done", future.done())
    await asyncio.wait([first, second])
    future.add_done_callback(lambda f: log("late callback sees", f.result()))
    log("late callback deferred")
    await asyncio.sleep(0)
    log("again", await future, await future)
    try:
        future.set_result(8)
    except asyncio.InvalidStateError:
        log("second set refused, still", future.result())
    log("cancel when done ->", future.cancel())

    failed = loop.create_future()
    loop.call_soon(failed.set_exception, ValueError("bad"))
    try:
        await failed
    except ValueError as error:
        log("failed:", error)
    log("its exception:", failed.exception())

    future = loop.create_future()
    one, two = (asyncio.create_task(waiter(name, future)) for name in ("one", "two"))
    await asyncio.sleep(0)
    log("cancel one ->", one.cancel())
    await asyncio.wait([one, two])
    log("one", one.cancelled(), "| two", two.cancelled(), "| future", future.cancelled())

    future = loop.create_future()
    log("cancel ->", future.cancel("nobody waits"), future.cancel())
    loop.call_soon(lambda: future.done() or future.set_result("late"))
    await asyncio.sleep(0)
    log("late set ignored, cancelled", future.cancelled())
    try:
        await future
    except asyncio.CancelledError as error:
        log("awaiting it: cancelled,", error)

    future = loop.create_future()
    guarded = asyncio.create_task(waiter("guarded", asyncio.shield(future)))
    await asyncio.sleep(0)
    guarded.cancel()
    await asyncio.wait([guarded])
    log("future cancelled", future.cancelled())
    threading.Thread(target=loop.call_soon_threadsafe, args=(future.set_result, "from a thread")).start()
    log("set", await future)

asyncio.run(main())
