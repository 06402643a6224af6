//! Names of objects that the API knows by their ids only: what is below another object, and what is in no table of resources.
//! The list of them says which one is called so.

use serde_json::Value;

use crate::cli::failure::Failure;
use crate::cli::native::exchange::NativeApi;
use crate::cli::native::grammar::Chosen;
use crate::cli::output::field;

/// What the API knows the object by that was named; what was given, when that may be it already.
///
/// # Errors
/// Several have the name, or nobody answers.
pub(crate) async fn known_by(
    api: &NativeApi,
    chosen: &Chosen<'_>,
    parents: &[&str],
    given: &str,
) -> Result<String, Failure> {
    let noun = chosen.noun();
    let is_resource = noun.resource.is_some() && parents.is_empty();
    let is_number = given.chars().all(|letter| letter.is_ascii_digit());
    let key = chosen.deed.key();
    let (false, false, Some(key), Some(list)) = (is_resource, is_number, key, noun.deed("list"))
    else {
        return Ok(given.to_owned());
    };
    let listed = api.get(&list.path_of(parents), Vec::new()).await?.body;
    let named = match &listed {
        Value::Array(items) => items.as_slice(),
        listed => listed["items"].as_array().map_or(&[][..], Vec::as_slice),
    };
    choose(named, key, given)
}

fn choose(all: &[Value], key: &str, given: &str) -> Result<String, Failure> {
    let found: Vec<&Value> = all.iter().filter(|object| object["name"] == given).collect();
    match found.as_slice() {
        [] => Ok(given.to_owned()),
        [one] => Ok(field(one, key)),
        several => {
            let keys: Vec<String> = several.iter().map(|object| field(object, key)).collect();
            let (count, keys) = (several.len(), keys.join(", "));
            Err(Failure::Usage(format!(
                "{count} are called `{given}`: use the {key}, one of {keys}"
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::native::noun;

    #[test]
    fn a_name_stands_for_one_object() {
        let all = [
            json!({"id": 5, "vid": 101, "name": "machines"}),
            json!({"id": 6, "vid": 102, "name": "lab"}),
            json!({"id": 7, "vid": 103, "name": "lab"}),
        ];
        let chosen = |given: &str| choose(&all, "vid", given).map_err(|failure| failure.told().1);
        assert_eq!(chosen("machines"), Ok("101".to_owned()));
        assert_eq!(chosen("other"), Ok("other".to_owned()));
        let two = "2 are called `lab`: use the vid, one of 102, 103";
        assert_eq!(chosen("lab"), Err(two.to_owned()));
    }

    #[test]
    fn a_path_says_what_an_object_is_known_by() {
        let vlan = &noun::find("fabric").unwrap().below[0];
        assert_eq!(vlan.deed("set").unwrap().key(), Some("vid"));
        assert_eq!(noun::find("group").unwrap().deed("add-member").unwrap().key(), Some("id"));
        assert_eq!(noun::find("zone").unwrap().deed("create").unwrap().key(), None);
    }
}
