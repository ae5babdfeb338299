//! Ctrl-C cancels what runs, and it cleans up; a second one ends the program.
//!
//! ```python
//! import asyncio
//!
//! async def main():
//!     print("open")
//!     try:
//!         print("press Ctrl-C")
//!         await asyncio.sleep(3600)
//!     finally:
//!         await asyncio.sleep(0.01)
//!         print("closed")
//!
//! asyncio.run(main())
//! ```

use crate::args::Wrong;
use crate::cancel_cleanup::Connection;
use core_loop::{finally, sleep};
use std::str::FromStr;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

/// How the program answers to Ctrl-C.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Manner {
    /// It cleans up, and ends.
    #[default]
    Polite,
    /// Its clean-up takes an hour.
    Slow,
    /// It blocks the loop, and hears nothing.
    Deaf,
}

impl FromStr for Manner {
    type Err = Wrong;

    fn from_str(name: &str) -> Result<Self, Wrong> {
        match name {
            "polite" => Ok(Self::Polite),
            "slow" => Ok(Self::Slow),
            "deaf" => Ok(Self::Deaf),
            _ => Err(Wrong::new("unknown manner; the known ones are polite, slow and deaf")),
        }
    }
}

// ANCHOR: interrupted
/// Waits for an hour, or for Ctrl-C.
pub async fn main(manner: Manner) {
    finally(
        Connection::open(),
        async |_: &mut Connection| {
            println!("press Ctrl-C");
            match manner {
                Manner::Deaf => std::thread::sleep(HOUR),
                _ => sleep(HOUR).await,
            }
        },
        async move |connection: Connection| {
            println!("cleaning up");
            if manner == Manner::Slow {
                sleep(HOUR).await;
            }
            connection.close().await;
        },
    )
    .await;
}
// ANCHOR_END: interrupted
