//! The catalogue itself, and how outcomes come about.

use conformance::{Bench, Executors, Kind, Kit, Loops, Outcome, Primitives, Subject};
use contract::Unavailable;
use std::collections::HashSet;
use std::time::Duration;

use crate::thread_per_worker::{Bug, Workers};

fn ids<K: Kind>() -> Vec<&'static str> {
    K::behaviours().iter().map(|behaviour| behaviour.id).collect()
}

#[test]
fn ids_are_unique_and_have_an_area_and_a_name() {
    let all: Vec<_> = [ids::<Loops>(), ids::<Executors>(), ids::<Primitives>()].concat();
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
    assert!(all.iter().all(|id| {
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        id.split_once('.').is_some_and(|(area, name)| plain(area) && plain(name))
    }));
}

#[test]
fn every_behaviour_is_a_sentence_with_an_origin() {
    fn all_are<K: Kind>() {
        for behaviour in K::behaviours() {
            assert!(behaviour.sentence.ends_with('.') && !behaviour.origin.is_empty(), "{behaviour:?}");
            assert!(behaviour.adapted.is_none_or(|why| !why.trim().is_empty()), "{behaviour:?}");
        }
    }
    all_are::<Loops>();
    all_are::<Executors>();
    all_are::<Primitives>();
}

const ORDER: &str = "executor.starts_in_order";

fn outcome(subject: &Subject<Executors>) -> Outcome {
    let behaviour = Executors::behaviours().iter().find(|behaviour| behaviour.id == ORDER);
    behaviour.expect("it is in the catalogue").try_on(subject)
}

fn pool(bug: Bug) -> Subject<Executors> {
    Subject::executor("pool", move || Ok(Bench::closures(Workers::with(2, bug)).workers(2)))
}

#[test]
fn a_skip_carries_its_reason() {
    let skipped = pool(Bug::LastInFirstOut).skip(ORDER, "it is a stack");
    assert_eq!(outcome(&skipped), Outcome::Skip("it is a stack".to_owned()));
}

#[test]
fn an_expected_failure_is_a_skip_that_says_both_why_and_what() {
    let Outcome::Skip(why) = outcome(&pool(Bug::LastInFirstOut).fails(ORDER, "it is a stack")) else {
        panic!("it fails as expected")
    };
    assert!(why.contains("it is a stack") && why.contains("the order of starting"), "{why}");
}

#[test]
fn an_expected_failure_that_passes_is_a_failure() {
    let Outcome::Fail(why) = outcome(&pool(Bug::None).fails(ORDER, "it is a stack")) else {
        panic!("it passes")
    };
    assert!(why.contains("strike it off the list"), "{why}");
}

#[test]
fn a_behaviour_that_hangs_fails_within_its_limit() {
    let hanging = Subject::executor("a factory that hangs", || -> Result<Bench, Unavailable> {
        std::thread::park();
        unreachable!("nobody unparks it")
    });
    let Outcome::Fail(why) = outcome(&hanging.limit(Duration::from_millis(50))) else { panic!("it hangs") };
    assert_eq!(why, "it did not end within 50ms");
}

#[test]
fn a_behaviour_that_panics_fails_with_the_message() {
    let panicking = Subject::executor("a factory that panics", || -> Result<Bench, Unavailable> {
        std::panic::resume_unwind(Box::new("no luck"))
    });
    assert_eq!(outcome(&panicking), Outcome::Fail("it panicked: no luck".to_owned()));
}

#[test]
fn a_subject_that_cannot_run_here_is_skipped_with_reason_and_cure() {
    let missing =
        Subject::executor("missing", || Err(Unavailable::new("missing", "nobody wrote it", "write it")));
    assert_eq!(
        outcome(&missing),
        Outcome::Skip("missing cannot run here: nobody wrote it; write it".to_owned())
    );
}

#[test]
fn an_exception_for_a_behaviour_that_does_not_exist_is_refused() {
    let refused = contract::Panic::catch(|| pool(Bug::None).skip("executor.flies", "it has no wings"));
    let words = refused.map(|_| ()).expect_err("there is no such behaviour");
    assert!(words.message().contains("`executor.flies` is no executor behaviour"), "{words}");
}

#[test]
fn the_behaviours_of_a_primitive_that_is_not_in_the_set_are_skipped() {
    let none = Subject::primitives("none", || Ok(Kit::new()));
    let skipped = |outcome| matches!(outcome, Outcome::Skip(why) if why.ends_with("in the set"));
    assert!(none.outcomes().all(|(_, outcome)| skipped(outcome)));
}
