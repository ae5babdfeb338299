//! What other threads send to the loop.

use crate::host::Host;
use crate::inbox::Inbox;
use crate::model;
use loom::sync::Arc;
use loom::sync::atomic::Ordering::Relaxed;
use loom::thread;
use std::cell::Cell;
use std::task::Waker;

#[test]
fn nothing_that_is_pushed_to_the_inbox_is_left_there_while_the_host_sleeps() {
    model(|| {
        let inbox = Arc::new(Inbox::new());
        let host = std::sync::Arc::new(Host::default());
        inbox.set_host(&Waker::from(host.clone()));
        let pushers = [1, 2].map(|item| {
            let inbox = inbox.clone();
            thread::spawn(move || assert!(inbox.push_with(|| item)))
        });
        let (mut taken, spare) = (Vec::new(), Cell::default());
        loop {
            inbox.take_into(&spare, |item| taken.push(item));
            if taken.len() == 2 {
                break;
            }
            host.sleep();
        }
        pushers.into_iter().for_each(|pusher| pusher.join().unwrap());
        assert!(host.rings.load(Relaxed) <= 2);
        taken.sort_unstable();
        assert_eq!(taken, [1, 2]);
    });
}

#[test]
fn a_push_that_races_with_the_close_is_refused_or_handed_over() {
    model(|| {
        let inbox = Arc::new(Inbox::new());
        let pusher = {
            let inbox = inbox.clone();
            thread::spawn(move || inbox.push_with(|| 7))
        };
        let left = inbox.close();
        let accepted = pusher.join().unwrap();
        assert_eq!(left, if accepted { vec![7] } else { vec![] });
        assert!(!inbox.push_with(|| unreachable!("it is closed")));
    });
}
