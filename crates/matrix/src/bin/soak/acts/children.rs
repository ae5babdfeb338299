//! Children: fed and heard, killed, and left alone.

use super::Ended;
use conformance::Dice;
use core_loop::sleep;
use loop_io::process::{Command, Stdio};
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

const KILLED: i32 = 9;

/// `cat` gives back what it is given.
pub(super) async fn fed(dice: &mut Dice) -> Ended {
    let sent = vec![b'a' + dice.below(26) as u8; dice.below(100_000) as usize];
    let cat = Command::new("cat").stdin(Stdio::PIPE).stdout(Stdio::PIPE).kill_on_drop(true).spawn();
    let output = match cat {
        Ok(mut cat) => cat.communicate(&sent).await,
        Err(error) => Err(error),
    };
    match output {
        Ok(output) if output.stdout == sent => Ok("children fed"),
        Ok(output) => Err(format!("cat gave back {} bytes of {}", output.stdout.len(), sent.len())),
        Err(error) => Err(format!("cat: {error}")),
    }
}

/// One that would live for long dies in the middle; another ends while nobody has a handle of it.
pub(super) async fn killed(dice: &mut Dice) -> Ended {
    if dice.once_in(3) {
        return match Command::new("true").spawn() {
            Ok(child) => {
                drop(child);
                Ok("children left alone")
            }
            Err(error) => Err(format!("true: {error}")),
        };
    }
    let child = Command::new("sleep").arg("1000").kill_on_drop(true).spawn();
    let child = child.map_err(|error| format!("sleep: {error}"))?;
    sleep(Duration::from_micros(dice.below(2000))).await;
    child.kill().map_err(|error| format!("a child cannot be killed: {error}"))?;
    match child.wait().await.signal() {
        Some(KILLED) => Ok("children killed"),
        other => Err(format!("a child that was killed ended with {other:?}")),
    }
}
