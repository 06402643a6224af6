//! One kind of request, sent by many at once, and what is wrong with the answers.

use std::collections::BTreeMap;

use futures::future::join_all;
use region_bench::regions::rest::Answer;
use reqwest::Method;
use serde_json::Value;

use crate::site::Site;

/// How many kinds of wrong answers are shown.
const SHOWN_MAX: usize = 5;

/// A request of a round.
pub(crate) struct Ask {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) form: Vec<(String, String)>,
}

impl Ask {
    pub(crate) fn post(path: impl Into<String>, form: &[(&str, &str)]) -> Self {
        Self::new(Method::POST, path, form)
    }

    pub(crate) fn put(path: impl Into<String>, form: &[(&str, &str)]) -> Self {
        Self::new(Method::PUT, path, form)
    }

    fn new(method: Method, path: impl Into<String>, form: &[(&str, &str)]) -> Self {
        let form = form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self { method, path: path.into(), form: form.collect() }
    }
}

/// The answers to one kind of request.
pub(crate) struct Round {
    kind: &'static str,
    pub(crate) answers: Vec<Answer>,
    findings: Vec<String>,
}

impl Round {
    /// Sends all requests at once, to the regions in turns.
    pub(crate) async fn send(site: &Site, kind: &'static str, asks: Vec<Ask>) -> Self {
        let sent = asks.iter().enumerate().map(|(number, ask)| {
            let rest = site.door(number);
            async move {
                let form: Vec<(&str, &str)> =
                    ask.form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                if ask.method == Method::PUT {
                    rest.put(&ask.path, &form).await
                } else {
                    rest.post(&ask.path, &form).await
                }
            }
        });
        // No answer is an answer that nobody caused.
        let answer = |answer: anyhow::Result<Answer>| {
            answer.unwrap_or_else(|error| Answer { status: 0, text: format!("{error:#}") })
        };
        let answers = join_all(sent).await.into_iter().map(answer).collect();
        Self { kind, answers, findings: Vec::new() }
    }

    /// The bodies of all successes.
    pub(crate) fn successes(&self) -> Vec<Value> {
        self.answers.iter().filter(|answer| is_success(answer)).map(Answer::json).collect()
    }

    /// Which of the requests succeeded.
    pub(crate) fn succeeded(&self) -> Vec<usize> {
        let all = self.answers.iter().enumerate();
        all.filter(|(_, answer)| is_success(answer)).map(|(number, _)| number).collect()
    }

    /// So many must have succeeded, and every other one was refused with one of these: a status,
    /// and words that say that the caller caused it.
    pub(crate) fn expect(mut self, successes: usize, caused: &[(u16, &str)]) -> Self {
        let found = self.succeeded().len();
        if found != successes {
            self.findings.push(format!("{found} succeeded and not {successes}"));
        }
        let is_caused = |answer: &&Answer| {
            let said = |(status, words): &(u16, &str)| {
                answer.status == *status && answer.text.contains(words)
            };
            is_success(answer) || caused.iter().any(said)
        };
        let mut others: BTreeMap<String, usize> = BTreeMap::new();
        for answer in self.answers.iter().filter(|answer| !is_caused(answer)) {
            let text: String = answer.text.trim().chars().take(120).collect();
            *others.entry(format!("{} {text}", answer.status)).or_default() += 1;
        }
        let shown = others.iter().take(SHOWN_MAX).map(|(said, times)| format!("{times} x {said}"));
        self.findings.extend(shown);
        self
    }

    /// No two successes may have the same value there.
    pub(crate) fn distinct(mut self, what: &str, value: impl Fn(&Value) -> Value) -> Self {
        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        for success in self.successes() {
            *times.entry(value(&success).to_string()).or_default() += 1;
        }
        let twice = times.iter().filter(|(_, times)| **times > 1).take(SHOWN_MAX);
        self.findings.extend(twice.map(|(given, times)| format!("{what} {given} {times} times")));
        self
    }

    /// Something else that must hold.
    pub(crate) fn and(mut self, holds: bool, otherwise: impl Into<String>) -> Self {
        if !holds {
            self.findings.push(otherwise.into());
        }
        self
    }

    /// What is wrong, if anything is.
    pub(crate) fn wrong(&self) -> Option<String> {
        let Self { kind, findings, .. } = self;
        (!findings.is_empty()).then(|| format!("{kind}: {}", findings.join("; ")))
    }
}

fn is_success(answer: &Answer) -> bool {
    (200..300).contains(&answer.status)
}
