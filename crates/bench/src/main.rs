//! `bench`: one measurement a process. `cargo xtask bench` starts it again and again, contenders interleaved.

mod clock;
mod host;
mod hosts;
mod http;
mod interpreter;
mod memory;
mod offload;
mod placement;
mod process;
mod python;
mod sync;
mod table;
mod tasks;
mod tcp;
mod timers;
mod tls;
mod wake;

use clock::Size;
use std::process::ExitCode;
use table::{BENCHES, Bench, Contender, Failure};

const USAGE: &str = "\
One measurement a process; `cargo xtask bench` runs them interleaved and compares.

usage: bench list
       bench measure BENCH CONTENDER [--smoke]

  list      every bench with its contenders, as JSON
  measure   prints one number in the unit of the bench; or, with exit status 3, why it cannot run here
  --smoke   as little of it as shows that it works
";

/// The exit status of a contender that cannot run on this machine.
const CANNOT_RUN_HERE: u8 = 3;

fn main() -> ExitCode {
    // First of all: its workers are this program, and never come back from here.
    procspawn::init();
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        [process::life::ECHO] => {
            process::life::say_one_byte();
            ExitCode::SUCCESS
        }
        [process::floor::ADDS] => {
            process::floor::add_one();
            ExitCode::SUCCESS
        }
        ["list"] => {
            println!("{}", table::list());
            ExitCode::SUCCESS
        }
        ["measure", bench, contender] => measure(bench, contender, Size::Full),
        ["measure", bench, contender, "--smoke"] => measure(bench, contender, Size::Smoke),
        ["--help" | "-h"] => {
            print!("{USAGE}");
            ExitCode::SUCCESS
        }
        _ => usage("nothing that can be done by that name"),
    }
}

fn measure(bench: &str, contender: &str, size: Size) -> ExitCode {
    let Some((bench, contender)) = find(bench, contender) else {
        return usage(&format!("there is no {bench} of {contender}; `bench list` shows what there is"));
    };
    fail_on_any_panic();
    match placement::apply(bench.placement).and_then(|()| (contender.measure)(size)) {
        Ok(value) => {
            println!("{value}");
            ExitCode::SUCCESS
        }
        Err(Failure::CannotRunHere(why)) => {
            println!("{why}");
            ExitCode::from(CANNOT_RUN_HERE)
        }
        Err(Failure::Broken(why)) => {
            eprintln!("bench: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Also on the side that does not measure: the other would wait for it for ever.
fn fail_on_any_panic() {
    std::panic::set_hook(Box::new(|panic| {
        eprintln!("bench: {panic}");
        std::process::exit(1);
    }));
}

fn find(bench: &str, contender: &str) -> Option<(&'static Bench, &'static Contender)> {
    let bench = BENCHES.iter().copied().flatten().find(|known| known.name == bench)?;
    Some((bench, bench.contenders.iter().find(|known| known.name == contender)?))
}

fn usage(mistake: &str) -> ExitCode {
    eprint!("bench: {mistake}\n\n{USAGE}");
    ExitCode::from(2)
}
