//! What `top` looks like: pure, from what is known to a frame.

use jiff::Timestamp;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph, Row, Table};

use crate::cli::top::state::{Member, Pane, State, Stuck};

/// What the keys do.
const KEYS: &[(&str, &str)] = &[
    ("q, Ctrl-C", "end"),
    ("Tab, arrows left and right", "another part of the screen"),
    ("arrows up and down, Page, Home", "move in it"),
    ("?", "these keys"),
];

/// Draws everything.
pub(crate) fn draw(frame: &mut Frame<'_>, state: &State) {
    let banner = u16::from(state.lost.is_some());
    let members = u16::try_from(state.members.len()).unwrap_or(u16::MAX).clamp(3, 7) + 3;
    let [head, lost, first, second, events, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(banner),
        Constraint::Length(members),
        Constraint::Fill(2),
        Constraint::Fill(3),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    frame.render_widget(title(state), head);
    if let Some((why, since)) = &state.lost {
        let words = format!(" nothing new for {}: {why} ", age(state.now, *since));
        frame.render_widget(Line::from(words).style(Style::new().reversed()), lost);
    }
    let [left, right] = Layout::horizontal([Constraint::Fill(3), Constraint::Fill(2)]).areas(first);
    table(frame, left, state, Pane::Members);
    table(frame, right, state, Pane::Statuses);
    let [left, right] =
        Layout::horizontal([Constraint::Fill(3), Constraint::Fill(2)]).areas(second);
    table(frame, left, state, Pane::Stuck);
    table(frame, right, state, Pane::Pools);
    table(frame, events, state, Pane::Events);
    frame.render_widget(Line::from(" q end   ? keys   Tab next part   ↑↓ move"), foot);
    if state.is_explained {
        explain(frame);
    }
}

fn title(state: &State) -> Line<'static> {
    let said = || state.members.iter().filter_map(|member| member.said);
    let leader = state.members.iter().find(|it| is_leader(it));
    let term = said().map(|said| said.term).max().unwrap_or_default();
    let leader = leader.map_or("no leader", |leader| host(&leader.endpoint));
    let machines: u64 = state.statuses.iter().map(|(_, count)| count).sum();
    let words = format!(
        " ironraft  term {term}  leader {leader}  {machines} machines  {}",
        state.now.strftime("%H:%M:%SZ")
    );
    Line::from(words).style(Style::new().add_modifier(Modifier::BOLD))
}

/// One part: a table in a frame.
fn table(frame: &mut Frame<'_>, area: Rect, state: &State, pane: Pane) {
    let (name, heads, widths, rows) = match pane {
        Pane::Members => members(state),
        Pane::Statuses => statuses(state),
        Pane::Stuck => stuck(state),
        Pane::Pools => pools(state),
        Pane::Events => events(state),
    };
    let style = if state.focus == pane { Style::new().fg(Color::Cyan) } else { Style::new() };
    let name = match (state.focus == pane, state.len(pane)) {
        (true, len) if len > 0 => format!("▸ {name} {}/{len} ", state.scrolled(pane) + 1),
        (true, _) => format!("▸ {name} "),
        (false, _) => format!(" {name} "),
    };
    let block = Block::bordered().title(name).border_style(style);
    let rows = rows.into_iter().skip(state.scrolled(pane));
    let head = Row::new(heads.iter().copied()).style(Style::new().add_modifier(Modifier::DIM));
    frame.render_widget(Table::new(rows, widths).header(head).block(block), area);
}

type Part = (String, &'static [&'static str], Vec<Constraint>, Vec<Row<'static>>);

fn members(state: &State) -> Part {
    let last = state.last_log();
    let rows = state.members.iter().map(|member| {
        let number = |of: Option<u64>| of.map_or_else(|| "-".to_owned(), |it| it.to_string());
        let said = member.said;
        let seen = match (member.seen, &member.silent) {
            (None, None) => "-".to_owned(),
            (None, Some(why)) => why.clone(),
            (Some(seen), None) => age(state.now, seen),
            (Some(seen), Some(why)) => format!("{}: {why}", age(state.now, seen)),
        };
        let cells = [
            host(&member.endpoint).to_owned(),
            role(member).to_owned(),
            number(said.map(|said| said.term)),
            number(said.map(|said| said.log)),
            number(said.map(|said| last.saturating_sub(said.applied))),
            seen,
        ];
        let row = Row::new(cells);
        if member.silent.is_some() { row.style(Style::new().fg(Color::Red)) } else { row }
    });
    let widths = [18, 9, 6, 10, 7].map(Constraint::Length).into_iter().chain([Constraint::Fill(1)]);
    let voters = state.members.iter().filter_map(|member| Some(member.said?.voters)).max();
    let voters = voters.map_or_else(String::new, |voters| format!(", {voters} vote"));
    let heads = &["REGION", "ROLE", "TERM", "LOG", "BEHIND", "HEARD"];
    (format!("Regions{voters}"), heads, widths.collect(), rows.collect())
}

fn is_leader(member: &Member) -> bool {
    member.silent.is_none() && member.said.is_some_and(|said| said.leads)
}

fn role(member: &Member) -> &'static str {
    match (&member.silent, member.said) {
        (Some(_), _) => "silent",
        (None, None) => "-",
        (None, Some(said)) if said.leads => "leader",
        (None, Some(said)) if said.has_leader => "follower",
        (None, Some(_)) => "no leader",
    }
}

fn statuses(state: &State) -> Part {
    let all: u64 = state.statuses.iter().map(|(_, count)| count).sum();
    let rows = state.statuses.iter().map(|(status, count)| {
        let row = Row::new([status.clone(), format!("{count:>7}"), bar(*count, all)]);
        let needs_somebody = status.starts_with("failed") || status == "broken";
        if needs_somebody { row.style(Style::new().fg(Color::Red)) } else { row }
    });
    let widths = vec![Constraint::Length(24), Constraint::Length(7), Constraint::Fill(1)];
    ("Machines by status".to_owned(), &["STATUS", "  COUNT", ""], widths, rows.collect())
}

fn stuck(state: &State) -> Part {
    let row = |it: &Stuck| Row::new([it.name.clone(), it.status.clone(), it.why.clone()]);
    let widths = vec![Constraint::Length(24), Constraint::Length(22), Constraint::Fill(1)];
    let name = format!("Failed or stuck: {}", state.stuck_total);
    (name, &["MACHINE", "STATUS", "WHY"], widths, state.stuck.iter().map(row).collect())
}

fn pools(state: &State) -> Part {
    let rows = state.pools.iter().map(|pool| {
        let level = match pool.level {
            0 => "enough",
            1 => "80 %",
            2 => "95 %",
            _ => "none",
        };
        let cells = [
            pool.subnet.clone(),
            format!("{:>6}", pool.free),
            format!("{:>3}%", pool.used_percent()),
            level.to_owned(),
        ];
        let row = Row::new(cells);
        if pool.level > 0 { row.style(Style::new().fg(Color::Yellow)) } else { row }
    });
    let widths = [20, 6, 4, 6].map(Constraint::Length).to_vec();
    ("DHCP pools".to_owned(), &["SUBNET", "  FREE", "USED", "LEVEL"], widths, rows.collect())
}

fn events(state: &State) -> Part {
    let rows = state.events.iter().map(|event| {
        // Its time of day: the date is the same for what is looked at live.
        let time = event.time.get(11..19).unwrap_or(&event.time).to_owned();
        let row = Row::new([time, event.level.clone(), event.of.clone(), event.text.clone()]);
        match event.level.as_str() {
            "error" | "critical" => row.style(Style::new().fg(Color::Red)),
            "warning" => row.style(Style::new().fg(Color::Yellow)),
            _ => row,
        }
    });
    let widths = [8, 8, 20].map(Constraint::Length).into_iter().chain([Constraint::Fill(1)]);
    let heads = &["TIME", "LEVEL", "OF", "WHAT"];
    ("Events".to_owned(), heads, widths.collect(), rows.collect())
}

/// A bar as long as a share is great.
fn bar(count: u64, all: u64) -> String {
    let tenths = count.saturating_mul(10).checked_div(all).unwrap_or_default();
    "█".repeat(usize::try_from(tenths).unwrap_or_default())
}

/// How long ago something was.
fn age(now: Timestamp, then: Timestamp) -> String {
    let seconds = now.as_second().saturating_sub(then.as_second()).max(0);
    if seconds < 120 { format!("{seconds} s") } else { format!("{} min", seconds / 60) }
}

/// An address without its scheme.
fn host(endpoint: &str) -> &str {
    endpoint.split_once("://").map_or(endpoint, |(_, host)| host)
}

fn explain(frame: &mut Frame<'_>) {
    let whole = frame.area();
    let size = |wanted: u16, room: u16| wanted.min(room);
    let height = size(u16::try_from(KEYS.len()).unwrap_or(0) + 2, whole.height);
    let width = size(66, whole.width);
    let area = Rect { x: (whole.width - width) / 2, y: (whole.height - height) / 2, width, height };
    let line = |(key, what): &(&'static str, &'static str)| {
        Line::from(vec![Span::raw(format!(" {key:<32}")), Span::raw(*what)])
    };
    let lines: Vec<Line<'_>> = KEYS.iter().map(line).collect();
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(lines).block(Block::bordered().title(" Keys ")), area);
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;
    use crate::cli::top::state::Input;
    use crate::cli::top::state::tests::{at, busy};

    fn drawn(state: &State, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, state)).unwrap();
        terminal.backend().to_string()
    }

    #[test]
    fn a_cluster_at_work_is_seen_at_a_glance() {
        insta::assert_snapshot!("busy", drawn(&busy(), 120, 30));
    }

    #[test]
    fn a_loss_and_the_keys_are_told_above_the_rest() {
        let mut state = busy();
        state.take(Input::Lost("10.0.0.1:5240: connection refused".to_owned()), at(20));
        state.take(Input::Key(KeyEvent::new(KeyCode::Char('?'), KeyModifiers::NONE)), at(150));
        insta::assert_snapshot!("lost", drawn(&state, 100, 26));
    }

    #[test]
    fn any_size_of_the_screen_will_do() {
        let mut state = busy();
        state.is_explained = true;
        for (width, height) in [(1, 1), (20, 5), (80, 24), (300, 100), (3, 60)] {
            drawn(&state, width, height);
        }
    }
}
