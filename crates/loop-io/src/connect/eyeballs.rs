//! Several addresses of one host: tried in turns, the first that connects wins (RFC 8305).

use core_loop::{Sleep, sleep};
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// In turns of both versions, beginning with that of the first; each version in the order that the resolver gave.
pub(super) fn interleaved(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (preferred, other): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let (mut preferred, mut other) = (preferred.into_iter(), other.into_iter());
    let mut mixed = Vec::new();
    loop {
        let pair = [preferred.next(), other.next()];
        if pair == [None, None] {
            return mixed;
        }
        mixed.extend(pair.into_iter().flatten());
    }
}

/// Connects to the first of the addresses that answers. Another attempt begins when the one before it has failed, or has
/// taken as long as `stagger`. Attempts that lose are dropped.
///
/// # Errors
///
/// All of them failed: of several errors each is told.
pub(super) async fn first<T, F: Future<Output = io::Result<T>>>(
    addresses: Vec<SocketAddr>,
    stagger: Option<Duration>,
    connect: impl Fn(SocketAddr) -> F,
) -> io::Result<T> {
    let mut race = Race {
        left: addresses.into_iter(),
        stagger,
        connect,
        running: Vec::new(),
        timer: None,
        failed: Vec::new(),
    };
    poll_fn(|cx| race.poll(cx)).await
}

struct Race<F, C> {
    left: std::vec::IntoIter<SocketAddr>,
    stagger: Option<Duration>,
    connect: C,
    running: Vec<Pin<Box<F>>>,
    /// Until the next attempt begins beside those that run.
    timer: Option<Pin<Box<Sleep>>>,
    failed: Vec<io::Error>,
}

impl<T, F: Future<Output = io::Result<T>>, C: Fn(SocketAddr) -> F> Race<F, C> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        loop {
            let before = self.running.len();
            let mut at = 0;
            while let Some(attempt) = self.running.get_mut(at) {
                match attempt.as_mut().poll(cx) {
                    Poll::Ready(Ok(stream)) => return Poll::Ready(Ok(stream)),
                    Poll::Ready(Err(error)) => {
                        self.failed.push(error);
                        drop(self.running.remove(at));
                    }
                    Poll::Pending => at += 1,
                }
            }
            let one_failed = self.running.len() < before;
            let waited_enough = self.timer.as_mut().is_some_and(|timer| timer.as_mut().poll(cx).is_ready());
            if !(one_failed || waited_enough || before == 0) {
                return Poll::Pending;
            }
            if let Some(address) = self.left.next() {
                self.running.push(Box::pin((self.connect)(address)));
                let more = self.left.len() > 0;
                self.timer = self.stagger.filter(|_| more).map(|delay| Box::pin(sleep(delay)));
            } else {
                self.timer = None;
                if self.running.is_empty() {
                    return Poll::Ready(Err(all(std::mem::take(&mut self.failed))));
                }
                return Poll::Pending;
            }
        }
    }
}

/// One error of all of them. Its kind is the first one's: that of the address which was preferred.
fn all(mut errors: Vec<io::Error>) -> io::Error {
    if errors.len() == 1 {
        return errors.remove(0);
    }
    let kind = errors.first().map_or(io::ErrorKind::NotFound, io::Error::kind);
    let told: Vec<_> = errors.iter().map(ToString::to_string).collect();
    io::Error::new(kind, told.join("; "))
}

#[cfg(test)]
mod tests {
    use super::{first, interleaved};
    use std::cell::RefCell;
    use std::future::pending;
    use std::io;
    use std::net::SocketAddr;
    use std::time::Duration;

    const SOON: Option<Duration> = Some(Duration::from_millis(1));

    fn addresses(of: &[&str]) -> Vec<SocketAddr> {
        of.iter().map(|one| one.parse().unwrap()).collect()
    }

    fn run<T>(main: impl Future<Output = T>) -> T {
        core_loop::run(main).expect("the native driver runs everywhere")
    }

    #[test]
    fn both_versions_take_turns_beginning_with_the_first() {
        let given = addresses(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1"]);
        assert_eq!(interleaved(given), addresses(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "[::3]:1"]));
        assert_eq!(interleaved(Vec::new()), []);
    }

    #[test]
    fn an_address_that_does_not_answer_does_not_hold_up_the_next() {
        let given = addresses(&["[::1]:1", "1.1.1.1:1"]);
        let won = run(first(
            given,
            SOON,
            async |address: SocketAddr| {
                if address.is_ipv6() { pending().await } else { Ok(address) }
            },
        ));
        assert!(won.unwrap().is_ipv4());
    }

    #[test]
    fn an_address_that_fails_makes_room_for_the_next_at_once() {
        let given = addresses(&["[::1]:1", "1.1.1.1:1"]);
        let won = run(first(given, Some(Duration::from_secs(3600)), async |address: SocketAddr| {
            if address.is_ipv6() { Err(io::ErrorKind::ConnectionRefused.into()) } else { Ok(address) }
        }));
        assert!(won.unwrap().is_ipv4());
    }

    #[test]
    fn without_a_delay_each_has_to_fail_first() {
        let tried = RefCell::new(Vec::new());
        let given = addresses(&["1.1.1.1:1", "1.1.1.2:1", "1.1.1.3:1"]);
        let won = run(first(given.clone(), None, async |address: SocketAddr| {
            tried.borrow_mut().push(address);
            core_loop::yield_now().await;
            if address.port() == 1 && address.ip().to_string().ends_with('3') {
                Ok(())
            } else {
                Err(io::Error::other("no"))
            }
        }));
        won.unwrap();
        assert_eq!(*tried.borrow(), given);
    }

    #[test]
    fn when_all_fail_each_is_told_and_the_kind_is_the_first_ones() {
        let given = addresses(&["1.1.1.1:1", "1.1.1.2:1"]);
        let lost = run(first(given, SOON, async |address: SocketAddr| {
            io::Result::<()>::Err(io::Error::new(io::ErrorKind::ConnectionRefused, format!("no {address}")))
        }));
        let lost = lost.unwrap_err();
        assert_eq!(lost.kind(), io::ErrorKind::ConnectionRefused);
        assert_eq!(lost.to_string(), "no 1.1.1.1:1; no 1.1.1.2:1");
    }
}
