//! One sentence that follows from the rows.

use super::place::Place;
use super::report::Row;

/// A loop that is late by this much at worst is not noticed by whoever waits for it.
const CALM_MS: f64 = 10.0;

/// A place that is simpler may be slower by this factor.
const NEARLY: f64 = 0.9;

/// From the simplest to the one that isolates best.
const PLACES: [Place; 4] = [Place::Inline, Place::Threads, Place::Interpreters, Place::Processes];

/// A place, as the runtimes see it in the middle.
#[derive(Debug, Clone, Copy)]
struct Seen {
    place: Place,
    jobs_per_s: f64,
    delay_ms: f64,
    /// How much of the fastest runtime's jobs/s the slowest one lacks.
    spread: f64,
}

/// What to choose for each kind of work. Of the places that leave the loop calm, the simplest that is nearly as fast as
/// the fastest.
pub(super) fn advice(rows: &[Row]) -> String {
    let mut works: Vec<&str> = rows.iter().map(|row| row.work.as_str()).collect();
    works.sort_unstable();
    works.dedup();
    let chosen: Vec<String> = works.into_iter().filter_map(|work| choose(rows, work)).collect();
    if chosen.is_empty() {
        return "There is nothing to choose from: no runtime could run here.".to_owned();
    }
    format!("For {}.", chosen.join("; for "))
}

fn choose(rows: &[Row], work: &str) -> Option<String> {
    let seen: Vec<Seen> = PLACES.iter().filter_map(|place| see(rows, work, *place)).collect();
    let calmest = seen.iter().map(|seen| seen.delay_ms).fold(f64::INFINITY, f64::min);
    let calm = || seen.iter().filter(|seen| seen.delay_ms <= CALM_MS.max(2.0 * calmest));
    let fastest = calm().map(|seen| seen.jobs_per_s).fold(0.0, f64::max);
    let best = calm().find(|seen| seen.jobs_per_s >= NEARLY * fastest)?;
    let others = seen.iter().filter(|seen| seen.place != best.place);
    let others: Vec<String> = others
        .map(|seen| format!("{} {:.0} and {:.1} ms", seen.place, seen.jobs_per_s, seen.delay_ms))
        .collect();
    Some(format!(
        "{work} choose {} ({:.0} jobs/s, the loop late by {:.1} ms at worst; {}; runtimes differ by up to {:.0} %)",
        best.place,
        best.jobs_per_s,
        best.delay_ms,
        others.join("; "),
        best.spread * 100.0
    ))
}

fn see(rows: &[Row], work: &str, place: Place) -> Option<Seen> {
    let of = || rows.iter().filter(|row| row.work == work && row.place == place);
    let speeds = sorted(of().map(|row| row.jobs_per_s));
    let delays = sorted(of().map(|row| row.worst_loop_delay_ms));
    Some(Seen {
        place,
        jobs_per_s: middle(&speeds)?,
        delay_ms: middle(&delays)?,
        spread: 1.0 - speeds.first()? / speeds.last()?,
    })
}

fn sorted(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_unstable_by(f64::total_cmp);
    numbers
}

/// The median; of an even number the lower one, so that one runtime with a bad day does not decide.
fn middle(sorted: &[f64]) -> Option<f64> {
    sorted.get(sorted.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::{Place, Row, advice};

    fn row(runtime: &str, place: Place, jobs_per_s: f64, worst_loop_delay_ms: f64) -> Row {
        let (work, runtime) = ("hash".to_owned(), runtime.to_owned());
        Row { work, runtime, place, jobs: 1, jobs_per_s, p50_ms: 1.0, p99_ms: 1.0, worst_loop_delay_ms }
    }

    fn chosen(inline: (f64, f64), threads: (f64, f64), processes: (f64, f64)) -> String {
        let rows = [
            row("native", Place::Inline, inline.0, inline.1),
            row("native", Place::Threads, threads.0, threads.1),
            row("native", Place::Processes, processes.0, processes.1),
        ];
        let advice = advice(&rows);
        let word = advice.strip_prefix("For hash choose ").unwrap().split(' ').next().unwrap();
        word.to_owned()
    }

    #[test]
    fn a_place_that_blocks_the_loop_is_not_chosen_however_fast() {
        assert_eq!(chosen((9000.0, 30.0), (100.0, 1.0), (90.0, 1.0)), "threads");
    }

    #[test]
    fn of_places_that_are_nearly_as_fast_the_simplest_is_chosen() {
        assert_eq!(chosen((95.0, 1.0), (100.0, 1.0), (100.0, 1.0)), "inline");
        assert_eq!(chosen((50.0, 1.0), (100.0, 1.0), (105.0, 1.0)), "threads");
        assert_eq!(chosen((50.0, 1.0), (100.0, 1.0), (150.0, 1.0)), "processes");
    }

    #[test]
    fn on_a_machine_that_is_late_itself_the_calmest_places_count() {
        assert_eq!(chosen((90.0, 300.0), (100.0, 60.0), (150.0, 50.0)), "processes");
    }

    #[test]
    fn one_runtime_with_a_bad_day_does_not_decide() {
        let mut rows = vec![row("native", Place::Inline, 50.0, 1.0)];
        for (runtime, delay_ms) in [("native", 2.0), ("tokio", 2.0), ("smol", 2.0), ("glommio", 500.0)] {
            rows.push(row(runtime, Place::Threads, 100.0, delay_ms));
        }
        let sentence = advice(&rows);
        assert_eq!(
            sentence,
            "For hash choose threads (100 jobs/s, the loop late by 2.0 ms at worst; inline 50 and 1.0 ms; runtimes differ by \
             up to 0 %)."
        );
    }

    #[test]
    fn without_a_row_it_says_so() {
        assert!(advice(&[]).starts_with("There is nothing to choose from"));
    }
}
