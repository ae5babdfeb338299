//! A large object for two processes: one copy, which both of them read.
//!
//! ```python
//! import asyncio
//! from concurrent.futures import ProcessPoolExecutor
//! from multiprocessing.shared_memory import SharedMemory
//!
//! SIZE = 1 << 20
//!
//! def total(name, begin, end):
//!     memory = SharedMemory(name)
//!     try:
//!         return sum(memory.buf[begin:end])
//!     finally:
//!         memory.close()
//!
//! async def main():
//!     loop = asyncio.get_running_loop()
//!     memory = SharedMemory(create=True, size=SIZE)
//!     try:
//!         for at in range(SIZE):
//!             memory.buf[at] = at % 256
//!         with ProcessPoolExecutor(max_workers=2) as pool:
//!             halves = [(0, SIZE // 2), (SIZE // 2, SIZE)]
//!             sums = [loop.run_in_executor(pool, total, memory.name, *half) for half in halves]
//!             print("two halves:", sum(await asyncio.gather(*sums)))
//!     finally:
//!         memory.close()
//!         memory.unlink()
//!     print("in one piece:", sum(at % 256 for at in range(SIZE)))
//!
//! if __name__ == "__main__":
//!     asyncio.run(main())
//! ```

use contract::ExecutorExt;
use process_executor::{Blob, ProcessPool, call};
use std::error::Error;
use std::ops::Range;

/// Bytes of the object.
const SIZE: usize = 1 << 20;

/// The sum of a part of it.
fn total((object, part): (Blob, Range<usize>)) -> u64 {
    object[part].iter().map(|byte| u64::from(*byte)).sum()
}

/// # Errors
///
/// If no worker starts, or one of them dies.
pub async fn main() -> Result<(), Box<dyn Error>> {
    let pool = ProcessPool::new(2)?;
    // Built where the workers can read it: nothing is copied, now or later.
    let mut object = pool.blob(SIZE)?;
    for (at, byte) in object.iter_mut().enumerate() {
        *byte = at as u8;
    }
    let object = object.freeze();
    let halves = [0..SIZE / 2, SIZE / 2..SIZE];
    let jobs = halves.map(|half| pool.try_submit(call(total, (object.clone(), half))));
    let mut sum = 0;
    for job in jobs {
        sum += job?.await?;
    }
    println!("two halves: {sum}");
    println!("in one piece: {}", total((object, 0..SIZE)));
    Ok(())
}
