//! Finds the operations at a path.

use std::collections::BTreeMap;

use ipnet::IpNet;
use percent_encoding::percent_decode_str;

/// The placeholder that takes all elements that are left.
const MANY: &str = "filename";

/// Splits a path below the API's root into its decoded elements; runs of `/` count as one. Also
/// says whether the path ends in `/`.
#[must_use]
pub fn elements(path: &str) -> (Vec<String>, bool) {
    let parts = path.split('/').filter(|part| !part.is_empty());
    let decoded = parts.map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned());
    (decoded.collect(), path.is_empty() || path.ends_with('/'))
}

/// Matches a path's elements with a template such as `subnets/{id}/`; returns the values of its
/// placeholders. A placeholder takes two elements when they form a prefix, `10.0.0.0/24`; that of a file's
/// name takes all there are.
#[must_use]
pub fn matched(
    template: &'static str,
    elements: &[String],
) -> Option<BTreeMap<&'static str, String>> {
    let template: Vec<&'static str> = template.split('/').filter(|part| !part.is_empty()).collect();
    let mut found = BTreeMap::new();
    walk(&template, elements, &mut found).then_some(found)
}

/// The names of a template's placeholders, in order.
pub fn placeholders(template: &'static str) -> impl Iterator<Item = &'static str> {
    template.split('/').filter_map(placeholder)
}

fn placeholder(part: &'static str) -> Option<&'static str> {
    part.strip_prefix('{')?.strip_suffix('}')
}

fn walk(
    template: &[&'static str],
    elements: &[String],
    found: &mut BTreeMap<&'static str, String>,
) -> bool {
    let (Some((part, template)), Some((element, rest))) =
        (template.split_first(), elements.split_first())
    else {
        return template.is_empty() && elements.is_empty();
    };
    let Some(name) = placeholder(part) else {
        return part == element && walk(template, rest, found);
    };
    if name == MANY && template.is_empty() {
        found.insert(name, elements.join("/"));
        return true;
    }
    if let Some((length, after)) = rest.split_first() {
        let joined = format!("{element}/{length}");
        let address = joined.rsplit(':').next().unwrap_or_default();
        let is_prefix = joined.parse::<IpNet>().is_ok()
            || address.parse::<IpNet>().is_ok()
            || joined.strip_prefix("cidr:").is_some_and(|text| text.parse::<IpNet>().is_ok());
        if is_prefix && walk(template, after, found) {
            found.insert(name, joined);
            return true;
        }
    }
    if walk(template, rest, found) {
        found.insert(name, element.clone());
        return true;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(template: &'static str, path: &str, expected: Option<&[(&'static str, &str)]>) {
        let found = matched(template, &elements(path).0);
        let expected = expected
            .map(|pairs| pairs.iter().map(|&(name, value)| (name, value.to_owned())).collect());
        assert_eq!(found, expected, "{path} at {template}");
    }

    #[test]
    fn placeholders_take_one_element_or_a_prefix() {
        check("subnets/{id}/", "subnets/3/", Some(&[("id", "3")]));
        check("subnets/{id}/", "subnets/10.0.0.0/24/", Some(&[("id", "10.0.0.0/24")]));
        check("subnets/{id}/", "subnets/cidr:fd00::/64/", Some(&[("id", "cidr:fd00::/64")]));
        check("subnets/{id}/", "subnets/a%20b/", Some(&[("id", "a b")]));
        check("subnets/{id}/", "subnets/3/4/", None);
        check("subnets/{id}/", "subnets/", None);
        check("files/{filename}/", "files/a/b%2Fc/", Some(&[("filename", "a/b/c")]));
        check("files/{filename}/", "files/", None);
        check(
            "fabrics/{f}/vlans/{vid}/",
            "fabrics//0//vlans/5/",
            Some(&[("f", "0"), ("vid", "5")]),
        );
    }
}
