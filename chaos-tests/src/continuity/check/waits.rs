//! How long clients of a kind waited: the slowest of them, and the longest time in which some asked and none was answered.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Serialize;

use super::Window;
use crate::continuity::history::{Ask, Lookup, Resolved};
use crate::continuity::kind::Kind;

/// A question of a client, of whatever kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// When it was first asked.
    pub begun: Duration,
    /// When it was answered; none when it never was.
    pub answered: Option<Duration>,
}

/// How clients of a kind were served in a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Waits {
    /// How many questions were asked in it, or were open when it began.
    pub asked: usize,
    /// How many of them were answered, then or later.
    pub answered: usize,
    /// The slowest answer, seconds. For a question that was never answered, until the window's end.
    pub slowest_s: f64,
    /// The longest time in which clients asked and none was answered, seconds.
    pub silence_s: f64,
}

/// What clients of a kind asked.
#[must_use]
pub fn questions(kind: Kind, asks: &[Ask], lookups: &[Lookup]) -> Vec<Question> {
    if kind == Kind::Names {
        let of = |lookup: &Lookup| Question {
            begun: lookup.begun,
            answered: (lookup.resolved == Resolved::Right).then_some(lookup.ended),
        };
        return lookups.iter().map(of).collect();
    }
    let of = |ask: &Ask| Question { begun: ask.begun, answered: ask.ended.filter(|_| ask.granted) };
    asks.iter().filter(|ask| ask.kind == kind).map(of).collect()
}

/// How they were served in a window.
#[must_use]
pub fn waits(questions: &[Question], window: Window) -> Waits {
    let open_in = |question: &&Question| {
        question.begun < window.to && question.answered.is_none_or(|at| at >= window.from)
    };
    let concerned: Vec<Question> = questions.iter().filter(open_in).copied().collect();
    let waited = |question: &Question| {
        let end = question.answered.unwrap_or(window.to);
        end.saturating_sub(question.begun).as_secs_f64()
    };
    Waits {
        asked: concerned.len(),
        answered: concerned.iter().filter(|question| question.answered.is_some()).count(),
        slowest_s: concerned.iter().map(waited).fold(0.0, f64::max),
        silence_s: silence(&concerned, window).as_secs_f64(),
    }
}

/// The longest time within a window in which at least one question was open all along and none was answered.
fn silence(questions: &[Question], window: Window) -> Duration {
    let numbered = || questions.iter().enumerate();
    let mut answers: Vec<(Duration, Option<usize>)> =
        numbered().filter_map(|(number, it)| Some((it.answered?, Some(number)))).collect();
    answers.sort_unstable();
    answers.push((window.to.max(answers.last().map_or(Duration::ZERO, |last| last.0)), None));
    let mut coming: Vec<(Duration, usize)> = numbered().map(|(at, it)| (it.begun, at)).collect();
    coming.sort_unstable_by_key(|begun| std::cmp::Reverse(*begun));
    let (mut longest, mut before) = (Duration::ZERO, window.from);
    let mut open: BTreeSet<(Duration, usize)> = BTreeSet::new();
    for (answer, number) in answers {
        while let Some(question) = coming.pop_if(|(begun, _)| *begun <= answer) {
            open.insert(question);
        }
        // The one that is answered now was open until now, too.
        if let Some((first, _)) = open.first() {
            let since = before.max(*first).max(window.from);
            longest = longest.max(answer.min(window.to).saturating_sub(since));
        }
        if let Some(number) = number {
            open.remove(&(questions[number].begun, number));
        }
        before = answer;
    }
    longest
}

/// For how long names could not be resolved by clients that ask once more: from the first question that two servers left
/// unanswered to the next one that was answered.
#[must_use]
pub fn gap_of_names(lookups: &[Lookup], window: Window) -> Duration {
    let (mut longest, mut since) = (Duration::ZERO, None);
    let within = lookups.iter().filter(|lookup| window.contains(lookup.begun));
    for lookup in within {
        if lookup.resolved == Resolved::Right {
            let failing_since: Option<Duration> = since.take();
            let gap = failing_since.map_or(Duration::ZERO, |at| lookup.ended.saturating_sub(at));
            longest = longest.max(gap);
        } else {
            since.get_or_insert(lookup.begun);
        }
    }
    since.map_or(longest, |at| longest.max(window.to.saturating_sub(at)))
}

#[cfg(test)]
mod tests {
    use super::{Question, Waits, gap_of_names, questions, waits};
    use crate::continuity::check::planted::{ask, at, window};
    use crate::continuity::history::{Lookup, Resolved};
    use crate::continuity::kind::{Family, Kind};

    fn question(begun: u64, answered: Option<u64>) -> Question {
        Question { begun: at(begun), answered: answered.map(at) }
    }

    fn lookup(begun: u64, resolved: Resolved) -> Lookup {
        let (begun, ended) = (at(begun), at(begun + 1));
        Lookup { begun, ended, tries: 2, resolved, detail: String::new() }
    }

    #[test]
    fn the_slowest_client_and_the_longest_silence_differ() {
        let asked = [question(0, Some(9)), question(2, Some(3)), question(4, Some(5))];
        let seen = waits(&asked, window(0, 20));
        assert_eq!((seen.slowest_s, seen.silence_s), (9.0, 4.0));
        assert_eq!((seen.asked, seen.answered), (3, 3));
    }

    #[test]
    fn nobody_asking_is_no_silence() {
        let asked = [question(0, Some(1)), question(15, Some(16))];
        assert_eq!(waits(&asked, window(0, 20)).silence_s, 1.0);
        assert_eq!(waits(&[], window(0, 20)), Waits::default());
    }

    #[test]
    fn who_is_never_answered_waits_until_the_end() {
        let asked = [question(0, Some(1)), question(5, None)];
        let seen = waits(&asked, window(0, 20));
        assert_eq!((seen.slowest_s, seen.silence_s, seen.answered), (15.0, 15.0, 1));
    }

    #[test]
    fn only_what_was_open_in_the_window_counts() {
        let asked = [question(0, Some(1)), question(8, Some(12)), question(21, Some(30))];
        let seen = waits(&asked, window(10, 20));
        assert_eq!((seen.asked, seen.slowest_s, seen.silence_s), (1, 4.0, 2.0));
    }

    #[test]
    fn questions_are_those_of_the_kind() {
        let kind = Kind::Renewing(Family::V6);
        let asks = [ask(kind, 1, 3, Some(4)), ask(Kind::New(Family::V6), 2, 3, Some(4))];
        assert_eq!(questions(kind, &asks, &[]), [question(3, Some(4))]);
        let failed = questions(Kind::Names, &asks, &[lookup(1, Resolved::Failed)]);
        assert_eq!(failed, [question(1, None)]);
    }

    #[test]
    fn the_gap_of_names_is_from_the_first_that_nobody_answers_to_the_next_that_somebody_does() {
        use Resolved::{Right, Unanswered};
        let seen =
            [lookup(1, Right), lookup(3, Unanswered), lookup(5, Unanswered), lookup(8, Right)];
        assert_eq!(gap_of_names(&seen, window(0, 20)), at(6));
        assert_eq!(gap_of_names(&seen[..3], window(0, 20)), at(17), "it does not end");
        assert_eq!(gap_of_names(&seen[..1], window(0, 20)), at(0));
    }
}
