//! What an object is called, where the API knows it by its id only, or by a name that two have.
//!
//! The API is asked first. When it has no such object, nothing was done, and the list says which object
//! has that name.

use client::Client;
use serde_json::Value;

use crate::cli::failure::Failure;
use crate::cli::fields::NAMED_BY;
use crate::cli::output::field;

/// What was asked for and not found: the kind of object, the list it should stand in, the name.
#[derive(Debug)]
pub(crate) struct Missing<'a> {
    /// The resource's name.
    pub(crate) kind: &'a str,
    /// The path of the list.
    pub(crate) list: String,
    /// Whether the list was asked for the name already.
    pub(crate) looked_up: bool,
    /// The field by which the API knows the object.
    pub(crate) by: &'static str,
    /// What it was called.
    pub(crate) given: &'a str,
}

impl Missing<'_> {
    /// What the API knows the object by that has this name.
    ///
    /// # Errors
    /// None has it, or several have.
    pub(crate) async fn find(&self, client: &Client) -> Result<String, Failure> {
        if self.looked_up {
            return self.choose(&[]);
        }
        let all = client.get(&self.list).await?;
        self.choose(all.as_array().map(Vec::as_slice).unwrap_or_default())
    }

    fn choose(&self, all: &[Value]) -> Result<String, Failure> {
        let Self { kind, given, by, .. } = self;
        let named = |object: &&Value| {
            NAMED_BY.iter().skip(1).any(|name| object[*name].as_str() == Some(*given))
        };
        let found: Vec<&Value> = all.iter().filter(named).collect();
        match found.as_slice() {
            [] => Err(Failure::NotFound(format!("there is no {kind} `{given}`"))),
            [one] => Ok(field(one, by)),
            several => {
                let ids: Vec<String> = several.iter().map(|object| field(object, by)).collect();
                let (count, ids) = (several.len(), ids.join(", "));
                let message =
                    format!("{count} have the name `{given}`: use the {by}, one of {ids}");
                Err(Failure::Usage(message))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn chosen(given: &str) -> Result<String, String> {
        let missing =
            Missing { kind: "vlan", list: String::new(), looked_up: false, by: "vid", given };
        let all = [
            json!({"id": 1, "vid": 0, "name": "untagged"}),
            json!({"id": 5, "vid": 101, "name": "machines"}),
            json!({"id": 6, "vid": 102, "name": "lab"}),
            json!({"id": 7, "vid": 103, "name": "lab"}),
        ];
        missing.choose(&all).map_err(|failure| match failure {
            Failure::Usage(message) | Failure::NotFound(message) => message,
            other => format!("{other:?}"),
        })
    }

    #[test]
    fn a_name_stands_for_one_object() {
        assert_eq!(chosen("machines"), Ok("101".to_owned()));
        assert_eq!(chosen("5"), Err("there is no vlan `5`".to_owned()));
        let two = "2 have the name `lab`: use the vid, one of 102, 103";
        assert_eq!(chosen("lab"), Err(two.to_owned()));
    }
}
