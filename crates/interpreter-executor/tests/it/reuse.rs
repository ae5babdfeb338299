//! How long instances live, and who sees what they hold.

use crate::guests::{COUNTER, ENDLESS};
use crate::{NONE, count, ended, failure, loaded, outcome, output, start, threads};
use contract::{Reject, Trap};
use interpreter_executor::{Builder, ExecutorExt, GuestError, JobError, Reuse};
use std::num::NonZeroU32;

fn kept(threads: usize, reuse: Reuse) -> Builder {
    crate::threads(threads).reuse(reuse)
}

#[test]
fn a_fresh_instance_knows_nothing_of_the_call_before() {
    let (pool, module) = loaded(threads(1), COUNTER);
    for _ in 0..3 {
        assert_eq!(output(&pool, module.call("count", NONE)), [1]);
    }
}

#[test]
fn an_instance_for_three_calls_serves_three() {
    let (pool, module) = loaded(kept(1, Reuse::Calls(NonZeroU32::new(3).expect("three"))), COUNTER);
    let counts: Vec<u8> = (0..8).map(|_| output(&pool, module.call("count", NONE))[0]).collect();
    assert_eq!(counts, [1, 2, 3, 1, 2, 3, 1, 2]);
}

#[test]
fn a_pinned_instance_keeps_its_state_through_errors_of_its_own_and_loses_it_with_a_trap() {
    let (pool, module) = loaded(kept(1, Reuse::Pinned), COUNTER);
    assert_eq!(output(&pool, module.call("count", NONE)), [1]);
    assert_eq!(failure(&pool, module.call("refuse", NONE)), GuestError::Error(String::new()));
    assert_eq!(output(&pool, module.call("count", NONE)), [2]);
    let trap = GuestError::Trap { kind: Trap::Unreachable, function: "trap".into() };
    assert_eq!(failure(&pool, module.call("trap", NONE)), trap);
    assert_eq!(output(&pool, module.call("count", NONE)), [1]);
}

#[test]
fn each_thread_and_each_module_has_an_instance_of_its_own() {
    let (pool, module) = loaded(kept(2, Reuse::Pinned), COUNTER);
    let other = pool.load(crate::guests::module(COUNTER)).expect("a module");
    let jobs: Vec<_> = (0..100).map(|_| start(&pool, module.call("count", NONE))).collect();
    let mut counts: Vec<u8> = jobs.into_iter().map(|job| ended(job).expect("an output")[0]).collect();
    counts.sort_unstable();
    // Two counters, each without a gap, whoever served how many.
    let highest = usize::from(*counts.last().expect("a hundred"));
    let both =
        counts.iter().filter(|count| counts.iter().filter(|other| other == count).count() == 2).count();
    assert_eq!(counts.len(), highest + both / 2);
    assert_eq!(output(&pool, other.call("count", NONE)), [1]);
}

#[test]
fn a_thousand_calls_are_served_after_a_thousand_traps_on_the_same_thread() {
    for reuse in [Reuse::Fresh, Reuse::Pinned] {
        let (pool, module) = loaded(kept(1, reuse), COUNTER);
        let traps: Vec<_> = (0..1000).map(|_| start(&pool, module.call("trap", NONE))).collect();
        assert!(
            traps.into_iter().all(|job| matches!(ended(job), Err(JobError::Guest(GuestError::Trap { .. }))))
        );
        let calls: Vec<_> = (0..1000).map(|_| start(&pool, module.call("count", NONE))).collect();
        assert!(calls.into_iter().all(|job| ended(job).is_ok()));
        assert_eq!(pool.stats().threads, 1);
    }
}

#[test]
fn shared_values_are_in_every_instance_before_its_first_call() {
    for reuse in [Reuse::Fresh, Reuse::Calls(NonZeroU32::new(2).expect("two")), Reuse::Pinned] {
        let (pool, module) = loaded(kept(2, reuse), COUNTER);
        let module = module.initialized("set", [[40_u8]]).expect("there is such a function");
        let jobs: Vec<_> = (0..50).map(|_| start(&pool, module.call("count", NONE))).collect();
        assert!(jobs.into_iter().all(|job| ended(job).expect("an output")[0] > 40));
    }
}

#[test]
fn an_initializer_that_fails_breaks_its_module_and_no_other() {
    let (pool, module) = loaded(threads(1).queue(count(100)), COUNTER);
    let broken = module.initialized("trap", NONE).expect("there is such a function");
    // All of them are queued before the first of them runs.
    let endless = pool.load(crate::guests::module(ENDLESS)).expect("a module");
    let spins = start(&pool, endless.call("spin", NONE));
    let jobs: Vec<_> = (0..10).map(|_| start(&pool, broken.call("count", NONE))).collect();
    spins.cancel();
    for job in jobs {
        let Err(JobError::Initializer(why)) = ended(job) else { panic!("it never runs") };
        assert!(why.message().contains("`trap` reached code"), "{why}");
    }
    let refused = pool.try_submit(broken.call("count", NONE)).expect_err("it is broken");
    assert!(matches!(&refused.why, Reject::Broken(why) if why.to_string().contains("load it anew")));
    assert!(matches!(broken.call("count", NONE).run_here(1000), Err(JobError::Initializer(_))));
    assert_eq!(output(&pool, module.call("count", NONE)), [1]);
    assert!(module.initialized("nothing", NONE).is_err());
}

#[test]
fn an_initializer_that_had_too_little_fuel_here_breaks_nothing_for_others() {
    let (pool, module) = loaded(kept(1, Reuse::Pinned), COUNTER);
    let module = module.initialized("set", [[1_u8]]).expect("there is such a function");
    assert!(module.call("count", NONE).run_here(1).is_err());
    assert_eq!(outcome(&pool, module.call("count", NONE)).expect("an output"), [2]);
}
