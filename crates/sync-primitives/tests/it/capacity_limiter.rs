//! The capacity limiter: a total that changes while tokens are borrowed, and borrowers with names.

use crate::harness::{Hand, panic_of, panic_on_a_loop, poll_once};
use crate::random::Random;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use sync_primitives::CapacityLimiter;

#[test]
fn more_tokens_go_to_those_who_wait_in_order() {
    let limiter = CapacityLimiter::new(0);
    let mut waits = [(); 3].map(|()| Hand::waiting(limiter.acquire()));
    limiter.set_total_tokens(2);
    assert_eq!(waits.each_ref().map(Hand::wakes), [1, 1, 0]);
    assert!(limiter.try_acquire().is_none(), "they are promised");
    let _held = waits.each_mut().map(Hand::poll);
    assert_eq!((limiter.borrowed_tokens(), limiter.available_tokens()), (2, 0));
}

#[test]
fn with_fewer_tokens_than_are_borrowed_nobody_gets_one_until_enough_came_back() {
    let limiter = CapacityLimiter::new(3);
    let mut held = vec![limiter.try_acquire(), limiter.try_acquire(), limiter.try_acquire()];
    limiter.set_total_tokens(1);
    assert_eq!((limiter.total_tokens(), limiter.borrowed_tokens(), limiter.available_tokens()), (1, 3, 0));
    let mut wait = Hand::waiting(limiter.acquire());
    for left in [2, 1] {
        held.pop();
        assert_eq!((limiter.borrowed_tokens(), wait.wakes()), (left, 0));
    }
    held.pop();
    let token = wait.poll().expect("one may borrow");
    assert_eq!(limiter.borrowed_tokens(), 1);
    limiter.set_total_tokens(0);
    limiter.set_total_tokens(2);
    assert_eq!((limiter.borrowed_tokens(), limiter.available_tokens()), (1, 1));
    drop(token);
    assert_eq!((limiter.borrowed_tokens(), limiter.available_tokens()), (0, 2));
}

#[test]
fn a_token_that_is_taken_away_from_one_who_was_called_comes_to_it_later() {
    let limiter = CapacityLimiter::new(1);
    let held = limiter.try_acquire();
    let mut wait = Hand::waiting(limiter.acquire());
    drop(held);
    assert_eq!(wait.wakes(), 1);
    limiter.set_total_tokens(0);
    assert!(wait.poll().is_none());
    limiter.set_total_tokens(1);
    assert!(wait.poll().is_some());
}

#[test]
fn a_name_borrows_one_token_at_a_time() {
    let limiter = Arc::new(CapacityLimiter::new(2));
    let token = poll_once(limiter.acquire_on_behalf_of("a").unwrap()).unwrap();
    let error = limiter.acquire_on_behalf_of("a").unwrap_err();
    assert_eq!(error.name(), "a");
    assert_eq!(
        error.to_string(),
        "`a` has borrowed a token already; drop that one, or borrow under another name"
    );
    assert!(limiter.try_acquire_on_behalf_of("a").is_err());
    let other = limiter.try_acquire_on_behalf_of("b".to_owned()).unwrap().unwrap();
    assert_eq!(limiter.borrowers(), ["a", "b"]);
    assert!(limiter.try_acquire_on_behalf_of("c").unwrap().is_none());
    let waits = Hand::waiting(limiter.acquire_owned_on_behalf_of("d").unwrap());
    assert!(limiter.acquire_on_behalf_of("d").is_err(), "it waits already");
    drop(waits);
    assert!(limiter.acquire_on_behalf_of("d").is_ok());
    drop(token);
    assert!(limiter.acquire_on_behalf_of("a").is_ok());
    drop(other);
    assert!(limiter.borrowers().is_empty());
    assert_eq!(Arc::strong_count(&limiter), 1);
}

#[test]
fn a_thread_waits_for_a_token_until_its_deadline() {
    let limiter = CapacityLimiter::new(1);
    let held = limiter.acquire_blocking();
    assert!(limiter.acquire_timeout(Duration::from_millis(1)).is_none());
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| limiter.acquire_timeout(Duration::MAX).is_some());
        drop(held);
        assert!(waits.join().unwrap());
    });
    let message = panic_on_a_loop(|| limiter.acquire_blocking());
    assert!(message.contains("`.await` it instead"), "{message}");
}

#[test]
fn tokens_are_neither_lost_nor_made_while_threads_borrow_and_the_total_changes() {
    let (limiter, holding) = (CapacityLimiter::new(3), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for seed in 0..3 {
            let (limiter, holding) = (&limiter, &holding);
            scope.spawn(move || {
                let random = &mut Random(seed);
                for _ in 0..2_000 {
                    let token = match random.below(3) {
                        0 => limiter.try_acquire(),
                        1 => limiter.acquire_timeout(Duration::from_micros(20)),
                        _ => poll_once(limiter.acquire()),
                    };
                    if token.is_some() {
                        assert!(
                            holding.fetch_add(1, Ordering::SeqCst) < 4,
                            "never more than the greatest total"
                        );
                        holding.fetch_sub(1, Ordering::SeqCst);
                    }
                    drop(token);
                    limiter.set_total_tokens(random.below(5));
                }
            });
        }
    });
    limiter.set_total_tokens(2);
    assert_eq!((limiter.borrowed_tokens(), limiter.available_tokens()), (0, 2));
}

#[test]
fn a_total_that_cannot_be_counted_is_refused_before_anything_changes() {
    let most = usize::MAX / 4;
    let limiter = CapacityLimiter::new(1);
    let held = limiter.try_acquire().unwrap();
    for total in [most + 1, usize::MAX] {
        let message = panic_of(|| limiter.set_total_tokens(total));
        assert!(message.contains("at most usize::MAX / 4 tokens"), "{message}");
        assert_eq!((limiter.total_tokens(), limiter.borrowed_tokens()), (1, 1), "{total}");
    }
    limiter.set_total_tokens(most);
    assert_eq!((limiter.total_tokens(), limiter.available_tokens()), (most, most - 1));
    limiter.set_total_tokens(0);
    limiter.set_total_tokens(most);
    drop(held);
    assert_eq!((limiter.borrowed_tokens(), limiter.available_tokens()), (0, most));
}

#[test]
fn a_token_that_is_forgotten_counts_as_borrowed_for_good_and_its_name_is_free() {
    let limiter = CapacityLimiter::new(1);
    limiter.try_acquire_on_behalf_of("upload").unwrap().unwrap().forget();
    assert_eq!((limiter.borrowed_tokens(), limiter.available_tokens()), (1, 0));
    assert!(limiter.borrowers().is_empty());
    limiter.set_total_tokens(2);
    assert_eq!((limiter.borrowed_tokens(), limiter.available_tokens()), (1, 1));
}
