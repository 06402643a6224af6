//! Asks regions and follows events as long as somebody looks, at whichever region answers.

use std::time::Duration;

use client::Patience;
use crossterm::event::{Event as Pressed, EventStream};
use futures::StreamExt;
use futures::future::join_all;
use jiff::Timestamp;
use ratatui::DefaultTerminal;
use serde_json::Value;
use tokio::sync::mpsc::{self, Sender};
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::cli::bundle::text_of;
use crate::cli::failure::Failure;
use crate::cli::native::exchange::NativeApi;
use crate::cli::native::watch::Told;
use crate::cli::profile::content::Profile;
use crate::cli::top::state::{Input, State};
use crate::cli::top::{metrics, screen};

/// How many inputs wait for being shown.
const INPUTS_MAX: usize = 256;

/// How often regions and machines are asked.
const EVERY: Duration = Duration::from_secs(2);

/// How long is waited before everybody is asked again.
const PAUSE: Duration = Duration::from_secs(1);

/// How long one region has to say how it is.
const REGION: Patience = Patience {
    connect: Duration::from_secs(1),
    answer: Duration::from_secs(2),
    total: Duration::from_millis(1),
    pause: Duration::from_millis(1),
    repeat_unanswered: false,
};

/// Machines that failed, or are at something for longer than it may take.
const STUCK: &str = "status:failed*,broken OR deadline:>1s";

/// Shows a cluster until somebody ends it.
///
/// # Errors
/// It was refused, or the terminal is gone.
pub(crate) async fn run(
    terminal: &mut DefaultTerminal,
    api: &NativeApi,
    profile: &Profile,
) -> Result<(), Failure> {
    let (sender, mut inputs) = mpsc::channel(INPUTS_MAX);
    let mut state = State::new(&profile.endpoints, Timestamp::now());
    let shown = async {
        loop {
            terminal.draw(|frame| screen::draw(frame, &state)).map_err(Failure::other)?;
            let Some(input) = inputs.recv().await else { return Ok(()) };
            state.take(input, Timestamp::now());
            // What arrived meanwhile is shown together.
            while let Ok(input) = inputs.try_recv() {
                state.take(input, Timestamp::now());
            }
            if state.is_over {
                return Ok(());
            }
        }
    };
    tokio::select! {
        outcome = shown => outcome,
        outcome = keys(&sender) => outcome,
        () = regions(profile, &sender) => Ok(()),
        outcome = machines(api, &sender) => outcome,
        outcome = events(api, &sender) => outcome,
    }
}

async fn keys(sender: &Sender<Input>) -> Result<(), Failure> {
    let mut pressed = EventStream::new();
    let mut tick = interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        let input = tokio::select! {
            _ = tick.tick() => Input::Tick,
            pressed = pressed.next() => match pressed {
                Some(Ok(Pressed::Key(key))) => Input::Key(key),
                Some(Ok(Pressed::Resize(..))) => Input::Resized,
                Some(Ok(_)) => continue,
                Some(Err(error)) => return Err(Failure::other(error)),
                None => return Ok(()),
            },
        };
        let _over = sender.send(input).await;
    }
}

async fn regions(profile: &Profile, sender: &Sender<Input>) {
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let asked = profile.endpoints.iter().map(|endpoint| async move {
            let page = text_of(profile, endpoint, "/metrics", REGION).await;
            let samples = page.map(|page| metrics::read(&page));
            let _over = sender.send(Input::Region { endpoint: endpoint.clone(), samples }).await;
        });
        join_all(asked).await;
    }
}

async fn machines(api: &NativeApi, sender: &Sender<Input>) -> Result<(), Failure> {
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let read = async |query: &[(&str, &str)]| {
            let query = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            Ok::<Value, Failure>(api.get(&["machines"], query.collect()).await?.body)
        };
        let both = async {
            let counts = read(&[("limit", "0"), ("facets", "status")]).await?;
            let stuck = read(&[("filter", STUCK), ("sort", "-updated"), ("limit", "100")]).await?;
            Ok::<_, Failure>(Input::Machines { counts, stuck })
        };
        tell(sender, both.await).await?;
    }
}

async fn events(api: &NativeApi, sender: &Sender<Input>) -> Result<(), Failure> {
    loop {
        let begun = async {
            let query = vec![("limit".to_owned(), "200".to_owned())];
            let reply = api.get(&["events"], query).await?;
            let items = reply.body["items"].as_array().cloned().unwrap_or_default();
            Ok::<_, Failure>((items, reply.revision))
        };
        let (items, revision) = match begun.await {
            Ok(begun) => begun,
            Err(failure) => {
                tell(sender, Err(failure)).await?;
                sleep(PAUSE).await;
                continue;
            }
        };
        tell(sender, Ok(Input::Events(items))).await?;
        follow(api, revision, sender).await?;
    }
}

/// Follows events until what was missed is not known any more.
async fn follow(
    api: &NativeApi,
    since: Option<u64>,
    sender: &Sender<Input>,
) -> Result<(), Failure> {
    let mut watch = api.watch(&["events"], "", since);
    loop {
        match watch.next().await {
            Ok(Told::Changes(changes)) => {
                let objects = changes.into_iter().map(|mut change| change["object"].take());
                let events = objects.filter(Value::is_object).collect();
                tell(sender, Ok(Input::Events(events))).await?;
            }
            Ok(Told::Nothing(_)) => tell(sender, Ok(Input::Found)).await?,
            Ok(Told::Reset) => return Ok(()),
            Err(failure) => {
                tell(sender, Err(failure)).await?;
                sleep(PAUSE).await;
            }
        }
    }
}

/// Passes on what was answered. That nobody answers is told and goes by; what is refused is not.
async fn tell(sender: &Sender<Input>, answer: Result<Input, Failure>) -> Result<(), Failure> {
    match answer {
        Ok(input) => {
            let _over = sender.send(Input::Found).await;
            let _over = sender.send(input).await;
            Ok(())
        }
        Err(Failure::Unavailable(why)) => {
            let _over = sender.send(Input::Lost(why)).await;
            Ok(())
        }
        Err(failure) => Err(failure),
    }
}
