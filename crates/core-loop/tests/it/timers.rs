//! Timers at scale.

use crate::run;
use core_loop::{Handle, Loop, sleep_until};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);

/// A permutation of the numbers below `count`, the same each time.
fn shuffled(count: usize) -> Vec<usize> {
    let mut numbers: Vec<_> = (0..count).collect();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for last in (1..count).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        numbers.swap(last, usize::try_from(state % (last as u64 + 1)).expect("below the count"));
    }
    numbers
}

#[test]
fn of_a_hundred_thousand_timers_cancelled_in_random_order_those_left_fire_by_their_deadlines() {
    const TIMERS: usize = 100_000;
    const LEFT: usize = 1000;
    run(async {
        let lp = Loop::current();
        // Far enough that none is due before all are set.
        let begin = lp.time() + Duration::from_secs(3600);
        let token = Rc::new(());
        let timers: Vec<Handle> = shuffled(TIMERS)
            .into_iter()
            .map(|number| {
                let token = token.clone();
                lp.call_at(begin + MS * u32::try_from(number).expect("a small number"), move || drop(token))
            })
            .collect();
        let order = shuffled(TIMERS);
        for chosen in &order[LEFT..] {
            timers[*chosen].cancel();
        }
        assert_eq!(Rc::strong_count(&token) - 1, LEFT, "a cancelled timer gives up its callback at once");

        // Those left, moved to now: they still come out by their deadlines.
        let fired = Rc::new(RefCell::new(Vec::new()));
        let now = lp.time();
        for chosen in &order[..LEFT] {
            let when = timers[*chosen].when().expect("it is a timer") - begin;
            timers[*chosen].cancel();
            let fired = fired.clone();
            lp.call_at(now + when / 10_000, move || fired.borrow_mut().push(when));
        }
        assert_eq!(Rc::strong_count(&token), 1);
        while fired.borrow().len() < LEFT {
            sleep_until(lp.time() + MS).await;
        }
        assert!(fired.borrow().is_sorted(), "out of order: {:?}", fired.borrow());
    });
}
