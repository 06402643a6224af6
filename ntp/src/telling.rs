//! When what a time service says of itself is told on: when it is another thing, and from time to time.

use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::standing::Standing;

/// How old what was told last may become.
const TOLD_EVERY: Duration = Duration::from_secs(600);
/// How long there is between two tellings, whatever happens, and after one that was not taken.
const PAUSE: Duration = Duration::from_secs(10);

/// Tells on how a service stands, as long as anybody says that. What changes meanwhile is told after the pause.
///
/// `is_news` compares with what was told last; `tell` says whether it was taken.
pub async fn tell<T, F: Future<Output = bool>>(
    mut standing: watch::Receiver<Standing>,
    made: impl Fn(&Standing) -> Option<T>,
    is_news: impl Fn(&T, &T) -> bool,
    tell: impl Fn(&T) -> F,
) {
    let mut told: Option<(T, Instant)> = None;
    loop {
        let now = made(&standing.borrow_and_update());
        let due = told.as_ref().map(|(_, at)| *at + TOLD_EVERY);
        let is_due = due.is_none_or(|due| due <= Instant::now());
        if let Some(now) = now
            && told.as_ref().is_none_or(|(last, _)| is_due || is_news(&now, last))
        {
            if tell(&now).await {
                told = Some((now, Instant::now()));
            }
            sleep_until(Instant::now() + PAUSE).await;
            continue;
        }
        tokio::select! {
            changed = standing.changed() => if changed.is_err() { return },
            () = sleep_until(due.unwrap_or_else(|| Instant::now() + TOLD_EVERY)) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// What was told until a moment, in seconds since the beginning.
    async fn run(
        changes: Vec<(u64, Standing)>,
        refuses: usize,
        seconds: u64,
    ) -> Vec<(u64, String)> {
        let (said, standing) = watch::channel(Standing::Starting);
        let heard = Mutex::new(Vec::new());
        let began = Instant::now();
        let telling = tell(
            standing,
            |standing| match standing {
                Standing::Starting => None,
                Standing::Down(reason) => Some(reason.clone()),
                Standing::Unsynchronised | Standing::Synchronised(_) => {
                    Some(format!("{standing:?}"))
                }
            },
            |one, other| one != other,
            |now| {
                let mut heard = heard.lock().unwrap();
                heard.push((began.elapsed().as_secs(), now.clone()));
                let taken = heard.len() > refuses;
                async move { taken }
            },
        );
        let saying = async {
            for (at, standing) in changes {
                sleep_until(began + Duration::from_secs(at)).await;
                said.send_replace(standing);
            }
            sleep_until(began + Duration::from_secs(seconds)).await;
        };
        tokio::select! { () = telling => {}, () = saying => {} }
        heard.into_inner().unwrap()
    }

    fn down(reason: &str) -> Standing {
        Standing::Down(reason.to_owned())
    }

    #[tokio::test(start_paused = true)]
    async fn what_changes_is_told_but_not_more_often_than_every_ten_seconds() {
        let changes = vec![(1, down("a")), (2, down("b")), (3, down("c")), (30, down("c"))];
        let told = run(changes, 0, 60).await;
        assert_eq!(told, [(1, "a".to_owned()), (11, "c".to_owned())]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_not_taken_is_told_again_and_what_stays_from_time_to_time() {
        let told = run(vec![(1, down("a"))], 2, 700).await;
        let times: Vec<u64> = told.iter().map(|(at, _)| *at).collect();
        assert_eq!(times, [1, 11, 21, 621]);
    }
}
