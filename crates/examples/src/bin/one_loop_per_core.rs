//! `cargo run --release -p examples --bin one_loop_per_core -- --runtime native|tokio|smol|glommio --listen 127.0.0.1:7000 --loops 4`
//!
//! Then `echo hello | nc -N 127.0.0.1 7000` prints `hello`. Ctrl-C ends it, and it says how many connections each loop had.

use core_loop::{LoopPool, ctrl_c};
use examples::args::Args;
use examples::one_loop_per_core::Server;
use examples::runtime::driver;
use std::error::Error;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

/// How long connections may take to be cut.
const GRACE: Duration = Duration::from_secs(5);

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut args = Args::from_env();
    let runtime = args.runtime().unwrap_or_else(|wrong| wrong.exit());
    let listen = args.value::<SocketAddr>("--listen", "IP:PORT").unwrap_or_else(|wrong| wrong.exit());
    let loops = args.value::<NonZeroUsize>("--loops", "COUNT").unwrap_or_else(|wrong| wrong.exit());
    args.finish().unwrap_or_else(|wrong| wrong.exit());

    core_loop::run(async {
        let mut builder = LoopPool::builder();
        if let Some(loops) = loops {
            builder = builder.loops(loops);
        }
        let start = move || {
            let pool = builder.start_boxed(move || driver(runtime))?;
            Server::start(pool, listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 7000))))
        };
        let server = core_loop::to_thread(start).await??;
        let interrupted = core_loop::spawn(ctrl_c());
        // From its first step on, Ctrl-C no longer ends the program: nobody is told the address before that.
        core_loop::yield_now().await;
        println!("listening on {} with {} loops; Ctrl-C ends it", server.address(), server.served().len());
        interrupted.await??;
        println!("connections of each loop: {:?}", server.served());
        let report = core_loop::to_thread(move || server.close(GRACE)).await?;
        if report.is_clean() { Ok(()) } else { Err(report.to_string().into()) }
    })?
}
