# Bodies of groups and timeouts that answer a cancel: clean up, fail, swallow; cancels that meet failures; the counts.
import asyncio, functools

log = functools.partial(print, flush=True)

def count():
    return asyncio.current_task().cancelling()

async def interrupted(name):
    try:
        await asyncio.sleep(10)
    except asyncio.CancelledError:
        log(name, "interrupted,", count(), "asked")
        raise

async def fails(d, name):
    await asyncio.sleep(d)
    log(name, "fails")
    raise OSError(name)

async def fails_in_clean_up(name):
    try:
        await asyncio.sleep(10)
    except asyncio.CancelledError:
        await asyncio.sleep(0.02)
        log(name, "fails in its clean-up")
        raise OSError(name)

def names(group):
    return [str(e) for e in group.exceptions]

async def next_await():
    try:
        await asyncio.sleep(0)
        log("the next await goes well")
    except asyncio.CancelledError:
        log("the next await is cancelled")

async def body_fails():
    try:
        async with asyncio.TaskGroup() as tg:
            tg.create_task(fails(0.02, "A"))
            try:
                await interrupted("body of A")
            except asyncio.CancelledError:
                await asyncio.sleep(0.02)
                raise OSError("the body")
    except* OSError as eg:
        log(names(eg), count(), "left")
    await next_await()

async def nested():
    try:
        async with asyncio.TaskGroup() as outer:
            outer.create_task(fails(0, "outer"))
            try:
                async with asyncio.TaskGroup() as inner:
                    inner.create_task(fails(0, "inner"))
                    await interrupted("inner body")
            except* OSError as eg:
                log(names(eg), count(), "left")
            await interrupted("outer body")
    except* OSError as eg:
        log(names(eg), count(), "left")
    await next_await()

async def cancelled_group():
    try:
        async with asyncio.TaskGroup() as tg:
            tg.create_task(fails_in_clean_up("B"))
            await interrupted("body of B")
    except* OSError as eg:
        log(names(eg), count(), "left")
    await next_await()
    await next_await()

async def timeout_around_group():
    try:
        async with asyncio.timeout(0.02) as scope:
            async with asyncio.TaskGroup() as tg:
                tg.create_task(fails_in_clean_up("C"))
                await interrupted("body of C")
    except* OSError as eg:
        log(names(eg), count(), "left, expired", scope.expired())
    await next_await()

async def handled():
    try:
        await interrupted("handled")
    except asyncio.CancelledError:
        try:
            async with asyncio.timeout(0.02):
                await interrupted("in the clean-up")
        except TimeoutError:
            log("timeout in the clean-up,", count(), "left")
        raise

async def main():
    await body_fails()
    await nested()
    task = asyncio.create_task(cancelled_group())
    await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.wait([task])
    log("B cancelled", task.cancelled())
    await timeout_around_group()
    task = asyncio.create_task(handled())
    await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.wait([task])
    log("handled cancelled", task.cancelled())

asyncio.run(main())
