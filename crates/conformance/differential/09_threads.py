# to_thread with a value and an error, call_soon_threadsafe to an idle loop, run_coroutine_threadsafe from a thread.
import asyncio, functools, threading
log = functools.partial(print, flush=True)

async def main():
    loop = asyncio.get_running_loop()
    log("to_thread", await asyncio.to_thread(sum, [40, 2]))
    try:
        await asyncio.to_thread(int, "x")
    except ValueError:
        log("to_thread error propagated")
    woke = asyncio.Event()
    threading.Timer(0.02, loop.call_soon_threadsafe, (woke.set,)).start()
    await woke.wait()                       # the loop sleeps in the poller with nothing else to do
    log("woken from thread")
    async def coro(fail):
        await asyncio.sleep(0.01)
        return 1 // (not fail)
    def in_thread():
        out = [asyncio.run_coroutine_threadsafe(coro(False), loop).result(5)]
        out.append(type(asyncio.run_coroutine_threadsafe(coro(True), loop).exception(5)).__name__)
        return out
    log("from a thread", await asyncio.to_thread(in_thread))

asyncio.run(main())
