//! `subprocess`: children are fed, heard, waited for, signalled and reaped.

use super::wire::until;
use super::{GRACE, Loops, Trace, turns};
use crate::behaviour::{Miss, Verdict, ensure, same};
use crate::{Subject, forbid_system_call};
use loop_io::process::{Command, Process, Stdio, SubprocessProtocol, SubprocessTransport};
use loop_io::{ReadExactError, ReadLineError, WriteLimits};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Waker};

const SIGTERM: i32 = 15;
const SIGKILL: i32 = 9;
const SIGCONT: i32 = 18;

/// A line for the shell, with pipes on all three sides.
fn shell(line: &str) -> Command {
    Command::shell(line).stdin(Stdio::PIPE).stdout(Stdio::PIPE).stderr(Stdio::PIPE)
}

/// Our end of a pipe.
fn ours<T>(end: Option<T>) -> io::Result<T> {
    end.ok_or(ErrorKind::NotConnected.into())
}

/// Writes to its standard input.
async fn tell(process: &Process, words: &str) -> io::Result<()> {
    let stdin = ours(process.stdin.as_ref())?;
    stdin.write(words.as_bytes())?;
    Ok(stdin.flush().await?)
}

/// Reads so many bytes of its standard output, or fewer if it ends.
async fn hear(process: &mut Process, len: usize) -> io::Result<String> {
    let stdout = ours(process.stdout.as_mut())?;
    let heard = match stdout.read_exact(len).await {
        Err(ReadExactError::Incomplete(incomplete)) => incomplete.partial,
        outcome => outcome?,
    };
    Ok(String::from_utf8_lossy(&heard).into_owned())
}

/// The kernel knows this process, dead or alive.
fn exists(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

pub(super) fn pipes_and_status(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let mut child = shell("read line; echo \"heard $line\"; echo oops >&2; exit 7").spawn()?;
        let output = child.communicate("you\n").await?;
        same("its output", (&*output.stdout, &*output.stderr), (&b"heard you\n"[..], &b"oops\n"[..]))?;
        same("its status", (output.status.code(), child.returncode()), (Some(7), Some(7)))?;
        for (kill, signal) in [(true, SIGKILL), (false, SIGTERM)] {
            let child = shell("read line").spawn()?;
            same("while it runs", child.returncode(), None)?;
            ensure(if kill { child.kill()? } else { child.terminate()? }, "it is gone already")?;
            child.wait().await;
            same("ended by a signal", child.returncode(), Some(-signal))?;
        }
        Ok(())
    })
}

pub(super) fn directory_environment_and_mixed_outputs(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let line = "pwd; echo $COLOUR >&2; echo ${HOME-none}";
        let mut command = Command::shell(line).stdout(Stdio::PIPE).stderr(Stdio::STDOUT);
        command = command.current_dir("/").env_clear().env("COLOUR", "blue");
        for _ in 0..2 {
            let output = command.spawn()?.communicate("").await?;
            same("its outputs, mixed", &*output.stdout, &b"/\nblue\nnone\n"[..])?;
        }
        let output = Command::new("cat").output().await?;
        same("without input", (output.status.code(), output.stdout.len()), (Some(0), 0))
    })
}

pub(super) fn communicate_ignores_broken_pipe(subject: &Subject<Loops>) -> Verdict {
    const MUCH: usize = 1 << 20;
    subject.run(async || {
        let output = shell("exit 3").spawn()?.communicate(vec![0; MUCH]).await?;
        same("a child that reads nothing", output.status.code(), Some(3))?;
        let mut child = shell("exit 4").spawn()?;
        child.wait().await;
        let output = child.communicate(vec![0; MUCH]).await?;
        same("one that has ended before", output.status.code(), Some(4))
    })
}

pub(super) fn drain_reports_broken_pipe(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let mut child = shell("exec 0<&-; echo closed; exec cat /dev/null").spawn()?;
        same("it has closed its input", hear(&mut child, 7).await?, "closed\n")?;
        let told = tell(&child, &"x".repeat(1 << 20)).await.map_err(|error| error.kind());
        same("writing to it", told, Err(ErrorKind::BrokenPipe))?;
        same("its status", child.wait().await.code(), Some(0))
    })
}

pub(super) fn exit_vs_pipes(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let mut child = shell("exec 3<&0; (read line <&3; echo \"$line\") & exit 3").spawn()?;
        same("the child's status", child.wait().await.code(), Some(3))?;
        tell(&child, "late\n").await?;
        same("what its own child wrote after that", hear(&mut child, 5).await?, "late\n")?;
        let stdout = ours(child.stdout.as_mut())?;
        same("and then", stdout.read_to_end().await?, *b"")
    })
}

pub(super) fn output_outlives_its_writer(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let mut child = shell("echo kept").spawn()?;
        child.wait().await;
        until(|| !exists(child.pid())).await;
        same("read after the end", child.communicate("").await?.stdout, *b"kept\n")
    })
}

pub(super) fn many_waiters(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let mut child = shell("read line; exit 9").spawn()?;
        let stdin = child.stdin.take();
        let child = std::rc::Rc::new(child);
        let waiting: Vec<_> = (0..10)
            .map(|_| {
                let child = child.clone();
                core_loop::spawn(async move { child.wait().await.code() })
            })
            .collect();
        turns(3).await;
        drop(stdin);
        for one in waiting {
            same("a status", one.await?, Some(9))?;
        }
        same("after the end", child.wait().await.code(), Some(9))
    })
}

pub(super) fn cancel_wait_does_not_kill(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let mut child = shell("read line; exit 2").spawn()?;
        let stdin = child.stdin.take();
        let child = std::rc::Rc::new(child);
        let waits = child.clone();
        let waiting = core_loop::spawn(async move { waits.wait().await });
        turns(3).await;
        waiting.cancel("enough");
        ensure(waiting.await.is_err(), "a cancelled wait has an output")?;
        same("while it runs", child.returncode(), None)?;
        drop(stdin);
        same("waited for again", child.wait().await.code(), Some(2))
    })
}

pub(super) fn cancelled_communicate_loses_nothing(subject: &Subject<Loops>) -> Verdict {
    const MUCH: usize = 200_000;
    subject.run(async || {
        let mut child = shell("echo first; kill -STOP $$; cat; echo done").spawn()?;
        let state = format!("/proc/{}/stat", child.pid());
        let stands_still = || std::fs::read_to_string(&state).is_ok_and(|stat| stat.contains(") T "));
        {
            // Given up in the middle: it has read something, and not written all of its input.
            let mut given_up = pin!(child.communicate(vec![b'x'; MUCH]));
            let cx = &mut Context::from_waker(Waker::noop());
            until(stands_still).await;
            for _ in 0..5 {
                ensure(given_up.as_mut().poll(cx).is_pending(), "nobody has read the input yet")?;
                turns(1).await;
            }
        }
        ensure(child.send_signal(SIGCONT)?, "it is gone already")?;
        let output = child.communicate("yz\n").await?;
        let wanted = [b"first\n", &vec![b'x'; MUCH][..], b"yz\ndone\n"].concat();
        ensure(output.stdout == wanted, format!("of {} bytes {} arrived", wanted.len(), output.stdout.len()))
    })
}

pub(super) fn cancel_during_spawn_reaps(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let pid = core_loop::Future::new();
        let tells = pid.clone();
        let task = core_loop::spawn(async move {
            let child = shell("read line").kill_on_drop(true).spawn()?;
            let _asked_once = tells.set_result(child.pid());
            std::io::Result::Ok(child.wait().await)
        });
        let pid = pid.await?;
        task.cancel("enough");
        ensure(task.await.is_err(), "a cancelled task has an output")?;
        until(|| !exists(pid)).await;
        Ok(())
    })
}

pub(super) fn close_kills_running_only(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let ended = shell("exit 0").kill_on_drop(true).spawn()?;
        ended.wait().await;
        let sent = [ended.kill()?, ended.terminate()?, ended.send_signal(1)?];
        same("signals to one that has ended", sent, [false; 3])?;
        let running = shell("read line").kill_on_drop(true).process_group(0).spawn()?;
        let pid = running.pid();
        ensure(running.signal_group(SIGKILL)?, "it leads no group")?;
        running.wait().await;
        same("ended by a signal to its group", running.returncode(), Some(-SIGKILL))?;
        drop((ended, running));
        ensure(!exists(pid), "it was not reaped")
    })
}

pub(super) fn no_zombie_without_a_handle(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let mut child = shell("read line").spawn()?;
        let (pid, stdin) = (child.pid(), child.stdin.take());
        drop(child);
        turns(5).await;
        ensure(exists(pid), "a child was killed by the drop of its handle")?;
        drop(stdin);
        until(|| !exists(pid)).await;
        Ok(())
    })
}

pub(super) fn no_zombie_after_the_close(subject: &Subject<Loops>) -> Verdict {
    let mut runner = subject.runner()?;
    // Its end comes after that of the loop: it is in nobody's hand but ours.
    let (waits, goes_on) = std::io::pipe()?;
    let pid = runner.run(async {
        let child = Command::shell("read line").stdin(waits).spawn()?;
        std::io::Result::Ok(child.pid())
    })??;
    runner.close(GRACE);
    ensure(exists(pid), "a child was killed by the close of its loop")?;
    drop(goes_on);
    while exists(pid) {
        std::thread::yield_now();
    }
    Ok(())
}

pub(super) fn deaf_to_sigterm(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let mut child = shell("trap '' TERM; echo ready; read line; echo alive; read line").spawn()?;
        same("it says", hear(&mut child, 6).await?, "ready\n")?;
        ensure(child.terminate()?, "it is gone already")?;
        tell(&child, "are you there?\n").await?;
        same("it says", hear(&mut child, 6).await?, "alive\n")?;
        ensure(child.kill()?, "it is gone already")?;
        child.wait().await;
        same("its status", child.returncode(), Some(-SIGKILL))
    })
}

pub(super) fn closes_its_pipes_and_lives_on(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let mut child = shell("echo last; exec 1>&- 2>&-; read line; exit 5").spawn()?;
        let stdin = child.stdin.take();
        {
            let mut all = pin!(child.communicate(""));
            let cx = &mut Context::from_waker(Waker::noop());
            for _ in 0..50 {
                ensure(all.as_mut().poll(cx).is_pending(), "it ended with its pipes")?;
                turns(1).await;
            }
        }
        drop(stdin);
        let output = child.communicate("").await?;
        same("its output and status", (&*output.stdout, output.status.code()), (&b"last\n"[..], Some(5)))
    })
}

pub(super) fn a_start_that_fails_says_why(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let missing = Command::new("no-such-program-anywhere")
            .spawn()
            .map_err(|error| (error.kind(), error.to_string()));
        let named = |(kind, words): &(ErrorKind, String)| {
            *kind == ErrorKind::NotFound && words.contains("no-such-program-anywhere")
        };
        ensure(missing.as_ref().is_err_and(named), format!("a program that is not there: {missing:?}"))?;
        let nul = Command::new("echo").arg("a\0b").spawn().map_err(|error| error.kind());
        same("an argument with a NUL", nul.err(), Some(ErrorKind::InvalidInput))?;
        let lost =
            Command::new("true").current_dir("/no/such/directory").spawn().map_err(|error| error.kind());
        same("a directory that is not there", lost.err(), Some(ErrorKind::NotFound))
    })
}

/// Notes what it is told.
struct Noting(Trace<String>);

impl SubprocessProtocol for Noting {
    fn connection_made(&mut self, _: SubprocessTransport) {
        self.0.note("made".into());
    }

    fn pipe_data_received(&mut self, descriptor: i32, data: &[u8]) {
        self.0.note(format!("{descriptor}: {}", String::from_utf8_lossy(data).trim()));
    }

    fn pipe_connection_lost(&mut self, descriptor: i32, error: Option<std::io::Error>) {
        self.0.note(format!("{descriptor} lost{}", error.map_or("", |_| " with an error")));
    }

    fn pause_writing(&mut self) {
        self.0.note("pause".into());
    }

    fn resume_writing(&mut self) {
        self.0.note("resume".into());
    }

    fn process_exited(&mut self) {
        self.0.note("exited".into());
    }

    fn connection_lost(&mut self) {
        self.0.note("over".into());
    }
}

pub(super) fn protocol_events_in_order(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let told = trace.clone();
        let mut command = shell("echo early; exec 3<&0 2>&-; (read line <&3; echo \"$line\") & exit 3");
        let (transport, _) = command.spawn_with(move || Noting(told))?;
        let has = |what: &str| trace.seen().iter().any(|seen| seen == what);
        until(|| has("exited") && has("2 lost") && has("1: early")).await;
        same("its exit code", transport.returncode(), Some(3))?;
        ensure(!has("1 lost") && !has("over"), format!("its own child still writes: {:?}", trace.seen()))?;
        transport.write(b"late\n");
        until(|| has("over")).await;
        let seen = trace.seen();
        let at = |what: &str| seen.iter().position(|seen| seen == what);
        same("first", at("made"), Some(0))?;
        same("last", at("over"), Some(seen.len() - 1))?;
        ensure(at("exited") < at("1: late") && at("1: late") < at("1 lost"), format!("the order: {seen:?}"))?;
        same("pipes that were lost", seen.iter().filter(|seen| seen.ends_with(" lost")).count(), 3)
    })
}

pub(super) fn transport_close_kills(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let told = trace.clone();
        let (transport, _) = shell("read line").spawn_with(move || Noting(told))?;
        until(|| !trace.seen().is_empty()).await;
        transport.close();
        until(|| trace.seen().iter().any(|seen| seen == "over")).await;
        same("ended by a signal", transport.returncode(), Some(-SIGKILL))?;
        transport.close();
        ensure(!exists(transport.pid()), "it was not reaped")
    })
}

pub(super) fn pauses_a_protocol_whose_child_does_not_read(subject: &Subject<Loops>) -> Verdict {
    const MUCH: usize = 1 << 20;
    subject.run(async || {
        let trace = Trace::new();
        let told = trace.clone();
        let mut command = shell("kill -STOP $$; exec wc -c");
        let (transport, _) = command.spawn_with(move || Noting(told))?;
        transport.set_write_buffer_limits(WriteLimits::new(0, MUCH / 2)?);
        transport.write(&[b'x'; MUCH]);
        let has = |what: &str| trace.seen().iter().any(|seen| seen == what);
        until(|| has("pause")).await;
        ensure(transport.get_write_buffer_size() > MUCH / 2, "most of it is sent although nobody reads")?;
        ensure(!has("resume"), "it goes on although nobody reads")?;
        let state = format!("/proc/{}/stat", transport.pid());
        until(|| std::fs::read_to_string(&state).is_ok_and(|stat| stat.contains(") T "))).await;
        transport.send_signal(SIGCONT)?;
        until(|| has("resume")).await;
        transport.write_eof();
        until(|| has("over")).await;
        ensure(has(&format!("1: {MUCH}")), format!("the child counted others: {:?}", trace.seen()))
    })
}

pub(super) fn streams_with_lines_and_a_limit(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let mut child =
            shell("while read line; do echo \"<$line>\"; done; echo end >&2").limit(16).spawn()?;
        for word in ["one", "two"] {
            tell(&child, &format!("{word}\n")).await?;
            let stdout = ours(child.stdout.as_mut())?;
            same("a line", stdout.readline().await?, format!("<{word}>\n").into_bytes())?;
        }
        tell(&child, &format!("{}\nlast\n", "x".repeat(40))).await?;
        // Its end is what closes the pipe.
        drop(child.stdin.take());
        let stdout = ours(child.stdout.as_mut())?;
        let long = stdout.readline().await;
        ensure(matches!(long, Err(ReadLineError::TooLong(_))), format!("over the limit: {long:?}"))?;
        same("the line behind it", stdout.next_line().await?.as_deref(), Some("<last>"))?;
        same("the end", stdout.next_line().await?, None)?;
        let stderr = ours(child.stderr.as_mut())?;
        same("its last words", stderr.read_to_end().await?, b"end\n")?;
        same("its status", child.wait().await.code(), Some(0))
    })
}

pub(super) fn an_endless_output_waits_in_its_pipe(subject: &Subject<Loops>) -> Verdict {
    const SIGPIPE: i32 = 13;
    subject.run(async || {
        let mut child = Command::new("yes").stdout(Stdio::PIPE).spawn()?;
        let mut stdout = ours(child.stdout.take())?;
        for _ in 0..10_000 {
            same("a line", stdout.readline().await?, b"y\n")?;
        }
        ensure(stdout.buffer().len() < 1 << 20, "it reads more than anybody asked for")?;
        drop(stdout);
        child.wait().await;
        same("what ended it", child.returncode(), Some(-SIGPIPE))
    })
}

pub(super) fn without_a_pidfd_a_thread_waits(subject: &Subject<Loops>) -> Verdict {
    /// The same number everywhere but on alpha.
    const PIDFD_OPEN: u32 = 434;
    const ENOSYS: u16 = 38;
    const BEHAVIOURS: [fn(&Subject<Loops>) -> Verdict; 6] = [
        pipes_and_status,
        many_waiters,
        cancel_wait_does_not_kill,
        close_kills_running_only,
        no_zombie_without_a_handle,
        no_zombie_after_the_close,
    ];
    let subject = subject.clone();
    // The filter stays with its thread, and with those that it starts.
    let filtered = std::thread::spawn(move || {
        forbid_system_call(PIDFD_OPEN, ENOSYS)
            .map_err(|error| Miss::Skip(format!("no filter of system calls can be set: {error}")))?;
        BEHAVIOURS.iter().try_for_each(|behaviour| behaviour(&subject))
    });
    filtered.join().map_err(|_| Miss::Fail("it panicked".to_owned()))?
}
