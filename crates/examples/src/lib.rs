//! One idiom a file: how asyncio's ways look here, each with the Python above it.
