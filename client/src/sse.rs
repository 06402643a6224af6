//! Server-sent events, read from the pieces that arrive (HTML Living Standard §9.2.6).

/// An event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    /// What it is called; `message` when it is not said.
    pub name: String,
    /// Its id, if it has one.
    pub id: Option<String>,
    /// What it says.
    pub data: String,
}

/// Bytes that are no whole event yet.
#[derive(Debug, Default)]
pub struct Events {
    bytes: Vec<u8>,
}

impl Events {
    /// Adds what arrived.
    pub fn add(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next event that is whole; comments are none.
    pub fn next_whole(&mut self) -> Option<Event> {
        loop {
            let end = self.bytes.windows(2).position(|two| two == b"\n\n")?;
            let block: Vec<u8> = self.bytes.drain(..end + 2).collect();
            if let Some(event) = read(&String::from_utf8_lossy(&block)) {
                return Some(event);
            }
        }
    }
}

fn read(block: &str) -> Option<Event> {
    let mut event = Event { name: "message".to_owned(), ..Event::default() };
    let mut data: Vec<&str> = Vec::new();
    for line in block.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut event.name),
            "id" => event.id = Some(value.to_owned()),
            "data" => data.push(value),
            _ => {}
        }
    }
    event.data = data.join("\n");
    (!data.is_empty()).then_some(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_whole_whatever_pieces_they_arrive_in() {
        let text = "event: open\ndata: {}\n\n:\n\nid: 7\nevent: change\ndata: a\ndata: b\n\nid: 8";
        for size in 1..text.len() {
            let mut events = Events::default();
            let mut seen = Vec::new();
            for piece in text.as_bytes().chunks(size) {
                events.add(piece);
                while let Some(event) = events.next_whole() {
                    seen.push((event.name, event.id, event.data));
                }
            }
            let of = |name: &str, id: Option<&str>, data: &str| {
                (name.to_owned(), id.map(str::to_owned), data.to_owned())
            };
            let wanted = [of("open", None, "{}"), of("change", Some("7"), "a\nb")];
            assert_eq!(seen, wanted, "in pieces of {size}");
        }
    }
}
