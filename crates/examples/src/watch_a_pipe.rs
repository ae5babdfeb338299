//! A function that is called whenever there is something to read from a pipe.
//!
//! ```python
//! import asyncio, os
//!
//! async def main():
//!     loop = asyncio.get_running_loop()
//!     reader, writer = os.pipe()
//!     heard = asyncio.Queue(10)
//!
//!     def readable():
//!         data = os.read(reader, 64)
//!         if not data:
//!             loop.remove_reader(reader)
//!         heard.put_nowait(data.decode())
//!
//!     loop.add_reader(reader, readable)
//!     for word in ["one", "two", "three"]:
//!         os.write(writer, word.encode())
//!         print(f"heard {await heard.get()}")
//!     os.close(writer)
//!     print(f"heard {len(await heard.get())} bytes: the end")
//!
//! asyncio.run(main())
//! ```

use core_loop::Loop;
use std::error::Error;
use std::io::{self, Read, Write};
use std::rc::Rc;
use sync_primitives::Queue;

// ANCHOR: watch
/// Says three words into a pipe, and hears them.
///
/// # Errors
///
/// No descriptors left.
pub async fn main() -> Result<(), Box<dyn Error>> {
    let lp = Loop::current();
    let (reader, mut writer) = io::pipe()?;
    let (reader, heard) = (Rc::new(reader), Rc::new(Queue::bounded(10)));

    let (reads, hears) = (reader.clone(), heard.clone());
    lp.add_reader(&*reader, move || {
        let mut buffer = [0; 64];
        let len = (&*reads).read(&mut buffer).unwrap_or(0);
        if len == 0 {
            Loop::current().remove_reader(&*reads);
        }
        // There is room: one word comes at a time.
        let _full = hears.put_nowait(String::from_utf8_lossy(&buffer[..len]).into_owned());
    })?;
    for word in ["one", "two", "three"] {
        writer.write_all(word.as_bytes())?;
        println!("heard {}", heard.get().await?);
    }
    drop(writer);
    println!("heard {} bytes: the end", heard.get().await?.len());
    Ok(())
}
// ANCHOR_END: watch
