# Several that end in one turn: the order of as_completed, what wait counts as done, and which error of a gather is the first.
import asyncio, functools

log = functools.partial(print, flush=True)

def named(futures, chosen):
    return sorted(name for name, future in futures.items() if future in chosen)

def several(names):
    loop = asyncio.get_running_loop()
    return {name: loop.create_future() for name in names}

async def completed():
    f = several("abcd")
    loop = asyncio.get_running_loop()
    loop.call_soon(lambda: [f[name].set_result(name) for name in "cad"])
    loop.call_later(0.02, f["b"].set_result, "b")
    order = []
    for each in asyncio.as_completed(f.values()):
        order.append(await each)
    log("as completed", order)

async def waited(names, when, act):
    f = several(names)
    asyncio.get_running_loop().call_soon(act, f)
    done, pending = await asyncio.wait(f.values(), return_when=when)
    failed = [future for future in done if not future.cancelled() and future.exception()]
    log(when, named(f, done), named(f, pending), "failed", named(f, failed))
    return f

async def waits():
    first, failed = asyncio.FIRST_COMPLETED, asyncio.FIRST_EXCEPTION
    await waited("abc", first, lambda f: (f["c"].set_result("c"), f["a"].set_exception(OSError("a"))))
    await waited("abc", first, lambda f: f["b"].cancel())
    await waited("abcd", failed, lambda f: (
        f["d"].set_result("d"), f["b"].set_exception(OSError("b")), f["a"].set_result("a")))
    await waited("abc", failed, lambda f: (
        f["c"].set_exception(OSError("c")), f["a"].set_exception(OSError("a"))))

    def a_cancel_is_no_failure(f):
        f["a"].cancel()
        f["b"].set_result("b")
        loop.call_later(0.02, f["c"].set_exception, OSError("c"))

    loop = asyncio.get_running_loop()
    f = await waited("abcd", failed, a_cancel_is_no_failure)
    f["d"].set_result("d")
    done, pending = await asyncio.wait(f.values(), timeout=0)
    log("no time, all done", named(f, done), named(f, pending))

async def gathers():
    f = several("abc")
    loop = asyncio.get_running_loop()
    loop.call_later(0.02, lambda: (
        f["c"].set_exception(OSError("c")), f["a"].set_exception(OSError("a")), f["b"].set_result("b")))
    try:
        await asyncio.gather(*f.values())
    except OSError as error:
        log("gather: first in time", error)
    f = several("abc")
    loop.call_later(0.02, lambda: (f["b"].set_exception(OSError("b")), f["c"].set_result("c"), f["a"].cancel()))
    outcomes = await asyncio.gather(*f.values(), return_exceptions=True)
    log("gather: all", [type(each).__name__ for each in outcomes])

async def main():
    await completed()
    await waits()
    await gathers()

asyncio.run(main())
