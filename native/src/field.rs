//! What objects of a resource can be filtered and sorted by: the fields of its shape.
//!
//! A field of an object within is named with a dot, `vlan.vid`; the object's own name stands for its `name`.

use std::collections::BTreeSet;

use model::query::field::{Field, FieldKind};
use serde_json::Value;

use crate::resource::{Resource, Shape};

/// Fields that say nothing about an object.
const SILENT: &[&str] = &["resource_uri"];

/// The fields of a shape, and where each stands in an object.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    /// What queries know.
    pub fields: Vec<Field>,
    /// The members to go through to each, in the same order.
    pub paths: Vec<Vec<String>>,
}

impl Fields {
    /// The fields of a resource's shape, and of when what is told of happened.
    #[must_use]
    pub fn of(resource: &Resource) -> Self {
        let shape = (resource.shape)();
        let mut fields = Self::default();
        fields.add_object(&Schemas::of(&shape), &[], resource.kinds);
        for moment in resource.times {
            let name = moment.name().to_owned();
            fields.add(name.clone(), FieldKind::Time, moment.doc(), vec![name]);
        }
        fields
    }

    /// The place of a field by its name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }

    fn add_object(
        &mut self,
        schemas: &Schemas,
        within: &[String],
        kinds: &[(&'static str, FieldKind)],
    ) {
        let Some(object) = schemas.at(within) else { return };
        let Some(members) = object.get("properties").and_then(Value::as_object) else { return };
        for (name, member) in members {
            if SILENT.contains(&name.as_str()) {
                continue;
            }
            let path: Vec<String> = within.iter().chain([name]).cloned().collect();
            let dotted = path.join(".");
            let mut member = schemas.resolved(member);
            // Of a list of objects, the members of each.
            if let Some(item) = member.get("items").map(|items| schemas.resolved(items))
                && item.get("properties").is_some()
            {
                member = item;
            }
            let doc = member.get("description").and_then(Value::as_str).unwrap_or_default();
            let told = kinds.iter().find(|(field, _)| *field == dotted).map(|(_, kind)| *kind);
            if let Some(kind) = told.or_else(|| kind_of(&member)) {
                self.add(dotted, kind, doc, path);
            } else if within.is_empty() && member.get("properties").is_some() {
                if member.pointer("/properties/name").is_some() {
                    let path = vec![name.clone(), "name".to_owned()];
                    self.add(name.clone(), FieldKind::Text, doc, path);
                }
                self.add_object(schemas, &path, kinds);
            }
        }
    }

    fn add(&mut self, name: String, kind: FieldKind, doc: &str, path: Vec<String>) {
        let searched = kind != FieldKind::Number && kind != FieldKind::Boolean && path.len() == 1;
        let field = Field::new(name, kind, doc.to_owned());
        self.fields.push(if searched { field.searched() } else { field });
        self.paths.push(path);
    }
}

/// A shape's schema with what it refers to.
struct Schemas {
    root: Value,
    named: Vec<(String, Value)>,
}

impl Schemas {
    fn of(shape: &Shape) -> Self {
        let json = |schema| serde_json::to_value(schema).unwrap_or_default();
        let named = shape.named.iter().map(|(name, schema)| (name.clone(), json(schema)));
        Self { root: json(&shape.schema), named: named.collect() }
    }

    /// The schema of what lies at a path of members.
    fn at(&self, path: &[String]) -> Option<Value> {
        let mut found = self.resolved(&self.root);
        for member in path {
            found = self.resolved(found.get("properties")?.get(member)?);
            if let Some(items) = found.get("items") {
                found = self.resolved(items);
            }
        }
        Some(found)
    }

    /// A schema without references, whether it may be null or not, and with all its parts as one.
    fn resolved(&self, schema: &Value) -> Value {
        if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
            let name = name.rsplit('/').next().unwrap_or_default();
            let found = self.named.iter().find(|(known, _)| known == name);
            return found.map(|(_, schema)| self.resolved(schema)).unwrap_or_default();
        }
        for choice in ["oneOf", "anyOf"] {
            let Some(choices) = schema.get(choice).and_then(Value::as_array) else { continue };
            let is_null = |choice: &&Value| choice.get("type") == Some(&"null".into());
            let others: Vec<&Value> = choices.iter().filter(|choice| !is_null(choice)).collect();
            if let [only] = others.as_slice() {
                return self.resolved(only);
            }
        }
        if let Some(all) = schema.get("allOf").and_then(Value::as_array) {
            return self.joined(all);
        }
        schema.clone()
    }

    fn joined(&self, all: &[Value]) -> Value {
        let mut members = serde_json::Map::new();
        for part in all {
            if let Some(more) = self.resolved(part).get("properties").and_then(Value::as_object) {
                members.extend(more.clone());
            }
        }
        serde_json::json!({ "type": "object", "properties": members })
    }
}

/// The kind of what can be compared; of a list, that of its items.
fn kind_of(schema: &Value) -> Option<FieldKind> {
    let types: BTreeSet<&str> = match schema.get("type")? {
        Value::String(one) => BTreeSet::from([one.as_str()]),
        Value::Array(some) => some.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    if types.contains("array") {
        return kind_of(schema.get("items")?);
    }
    let kinds = [
        ("string", FieldKind::Text),
        ("integer", FieldKind::Number),
        ("number", FieldKind::Number),
        ("boolean", FieldKind::Boolean),
    ];
    kinds.iter().find(|(name, _)| types.contains(name)).map(|(_, kind)| *kind)
}
