//! Run, and sleep.
//!
//! ```python
//! import asyncio
//!
//! async def main():
//!     print("hello")
//!     await asyncio.sleep(0.01)
//!     print("world")
//!
//! asyncio.run(main())
//! ```

use core_loop::sleep;
use std::time::Duration;

/// Says a word, lets ten milliseconds pass, and says the other.
pub async fn main() {
    println!("hello");
    sleep(Duration::from_millis(10)).await;
    println!("world");
}
