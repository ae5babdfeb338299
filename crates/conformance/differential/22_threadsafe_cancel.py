# Coroutines given to the loop by threads: in order with calls, cancelled while they run, from inside, too late, and timed out.
import asyncio, concurrent.futures, functools

log = functools.partial(print, flush=True)

async def main():
    loop = asyncio.get_running_loop()

    async def waits(name, started, ended):
        log(name, "starts")
        started.set()
        try:
            await asyncio.sleep(10)
            log(name, "NOT REACHED")
        except asyncio.CancelledError:
            log(name, "cancelled")
            raise
        finally:
            ended.set()

    def give(coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, loop)

    started, ended = asyncio.Event(), asyncio.Event()
    job = await asyncio.to_thread(give, waits("A", started, ended))
    await started.wait()
    log("A done", job.done())
    answer = await asyncio.to_thread(job.cancel)
    await ended.wait()
    log("A cancel ->", answer, "done", job.done())

    async def adds():
        log("B runs")
        return 40 + 2

    # In one step of the loop's own thread, so that all three are there before any of them runs.
    loop.call_soon_threadsafe(log, "call 1")
    job = give(adds())
    loop.call_soon_threadsafe(log, "call 2")
    log("B ->", await asyncio.to_thread(job.result, 5), job.cancel())

    async def gives_up():
        log("C cancels itself")
        asyncio.current_task().cancel()
        await asyncio.sleep(0)
        log("C NOT REACHED")

    def outcome(coroutine):
        try:
            return give(coroutine).result(5)
        except concurrent.futures.CancelledError:
            return "cancelled"
        except Exception as error:
            return type(error).__name__

    log("C ->", await asyncio.to_thread(outcome, gives_up()))

    async def fails():
        await asyncio.sleep(0)
        raise ValueError("D")

    log("D ->", await asyncio.to_thread(outcome, fails()))

    def too_slow(coroutine):
        job = give(coroutine)
        try:
            job.result(0.02)
        except TimeoutError:
            return "too slow", job.done(), job.cancel()

    started, ended = asyncio.Event(), asyncio.Event()
    answer = await asyncio.to_thread(too_slow, waits("E", started, ended))
    await ended.wait()
    log("E ->", *answer)

    rest = []
    for name in "FG":
        started, ended = asyncio.Event(), asyncio.Event()
        rest.append(give(waits(name, started, ended)))
        await started.wait()
    log("G cancel ->", rest[1].cancel())
    await ended.wait()
    log("main returns, F done", rest[0].done())

asyncio.run(main())
