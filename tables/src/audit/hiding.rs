//! A row as JSON in which no secret can be read: what a [`model::secret::Secret`] holds becomes a mark, wherever it is, and
//! `***` when it is told. Marks differ where secrets do, so that a change of one is told of.
//!
//! Everything else has the form that `serde_json` gives it.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use model::secret::{self, HIDDEN};
use serde::ser::{
    Error as _, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};
use serde_json::{Error, Map, Value, value};

/// Before and after what tells a secret from another one.
const MARK: char = '\0';

/// What stands for a secret while rows are compared. It is kept nowhere.
pub(crate) fn marked<T: Serialize + ?Sized>(secret: &T) -> Result<String, Error> {
    let mut hasher = DefaultHasher::new();
    serde_json::to_vec(secret)?.hash(&mut hasher);
    Ok(format!("{MARK}{:016x}{MARK}", hasher.finish()))
}

/// A value as it is told: without marks.
pub(crate) fn unmarked(value: Value) -> Value {
    match value {
        Value::String(text) if text.contains(MARK) => {
            let parts = text.split(MARK).enumerate();
            parts
                .map(|(at, part)| if at % 2 == 0 { part } else { HIDDEN })
                .collect::<String>()
                .into()
        }
        Value::Array(items) => Value::Array(items.into_iter().map(unmarked).collect()),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (name, unmarked(value))).collect()
        }
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => other,
    }
}

/// A value as JSON without its secrets.
pub(crate) fn value_of<T: Serialize + ?Sized>(value: &T) -> Result<Value, Error> {
    value.serialize(Hiding)
}

/// Serializes as `serde_json` does, but for secrets.
#[derive(Debug, Clone, Copy)]
struct Hiding;

/// Items, and the variant that they are of.
struct Items {
    variant: Option<&'static str>,
    items: Vec<Value>,
}

/// Fields, and the variant that they are of.
struct Fields {
    variant: Option<&'static str>,
    fields: Map<String, Value>,
    key: Option<String>,
}

impl Items {
    fn of(variant: Option<&'static str>) -> Self {
        Self { variant, items: Vec::new() }
    }

    fn add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.items.push(value_of(value)?);
        Ok(())
    }

    fn finish(self) -> Value {
        of_variant(self.variant, Value::Array(self.items))
    }
}

impl Fields {
    fn of(variant: Option<&'static str>) -> Self {
        Self { variant, fields: Map::new(), key: None }
    }

    fn add<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), Error> {
        self.fields.insert(key.to_owned(), value_of(value)?);
        Ok(())
    }

    fn finish(self) -> Value {
        of_variant(self.variant, Value::Object(self.fields))
    }
}

fn of_variant(variant: Option<&'static str>, value: Value) -> Value {
    match variant {
        None => value,
        Some(name) => Value::Object(Map::from_iter([(name.to_owned(), value)])),
    }
}

macro_rules! as_json {
    ($($name:ident: $kind:ty),+ $(,)?) => {
        $(fn $name(self, value: $kind) -> Result<Value, Error> {
            value::Serializer.$name(value)
        })+
    };
}

impl Serializer for Hiding {
    type Ok = Value;
    type Error = Error;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = Items;
    type SerializeMap = Fields;
    type SerializeStruct = Fields;
    type SerializeStructVariant = Fields;

    as_json! {
        serialize_bool: bool,
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_i64: i64,
        serialize_i128: i128,
        serialize_u8: u8,
        serialize_u16: u16,
        serialize_u32: u32,
        serialize_u64: u64,
        serialize_u128: u128,
        serialize_f32: f32,
        serialize_f64: f64,
        serialize_char: char,
        serialize_str: &str,
        serialize_bytes: &[u8],
        serialize_unit_struct: &'static str,
    }

    fn serialize_none(self) -> Result<Value, Error> {
        Ok(Value::Null)
    }

    fn serialize_unit(self) -> Result<Value, Error> {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, Error> {
        value.serialize(self)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Value, Error> {
        Ok(variant.into())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<Value, Error> {
        if name == secret::SERIALIZED_NAME {
            Ok(marked(value)?.into())
        } else {
            value.serialize(self)
        }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Value, Error> {
        Ok(of_variant(Some(variant), value_of(value)?))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items, Error> {
        Ok(Items::of(None))
    }

    fn serialize_tuple(self, _: usize) -> Result<Items, Error> {
        Ok(Items::of(None))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Items, Error> {
        Ok(Items::of(None))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Items, Error> {
        Ok(Items::of(Some(variant)))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Fields, Error> {
        Ok(Fields::of(None))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields, Error> {
        Ok(Fields::of(None))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Fields, Error> {
        Ok(Fields::of(Some(variant)))
    }
}

macro_rules! items {
    ($($kind:ident::$add:ident),+ $(,)?) => {
        $(impl $kind for Items {
            type Ok = Value;
            type Error = Error;

            fn $add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.add(value)
            }

            fn end(self) -> Result<Value, Error> {
                Ok(self.finish())
            }
        })+
    };
}

items! {
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field,
}

macro_rules! fields {
    ($($kind:ident),+ $(,)?) => {
        $(impl $kind for Fields {
            type Ok = Value;
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), Error> {
                self.add(key, value)
            }

            fn end(self) -> Result<Value, Error> {
                Ok(self.finish())
            }
        })+
    };
}

fields! { SerializeStruct, SerializeStructVariant }

impl SerializeMap for Fields {
    type Ok = Value;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.key = Some(match value_of(key)? {
            Value::String(text) => text,
            other => other.to_string(),
        });
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let key = self.key.take().ok_or_else(|| Error::custom("a value without its key"))?;
        self.add(&key, value)
    }

    fn end(self) -> Result<Value, Error> {
        Ok(self.finish())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::secret::{Secret, SecretBytes};
    use serde::Serialize;
    use serde_json::json;

    use super::*;

    #[derive(Serialize)]
    enum Kind {
        Plain,
        One(u8),
        Two(u8, String),
        Named { at: Option<i64>, flag: bool },
    }

    #[derive(Serialize)]
    struct Wrapped(u32);

    #[derive(Serialize)]
    struct Row {
        kinds: Vec<Kind>,
        by_number: BTreeMap<u32, Wrapped>,
        pair: (f64, char),
        nothing: (),
        #[serde(skip_serializing_if = "Option::is_none")]
        absent: Option<u8>,
    }

    #[test]
    fn what_is_no_secret_is_as_json_has_it() {
        let row = Row {
            kinds: vec![
                Kind::Plain,
                Kind::One(1),
                Kind::Two(2, "b".to_owned()),
                Kind::Named { at: Some(-3), flag: true },
                Kind::Named { at: None, flag: false },
            ],
            by_number: BTreeMap::from([(7, Wrapped(8))]),
            pair: (1.5, 'x'),
            nothing: (),
            absent: None,
        };
        assert_eq!(value_of(&row).unwrap(), serde_json::to_value(&row).unwrap());
    }

    #[test]
    fn no_secret_is_shown_however_deep_it_is() {
        let secret = Secret::from("hunter2");
        let nested = json!({ "before": 1 });
        let value = (
            Some(&secret),
            BTreeMap::from([("power_pass", vec![secret.clone()])]),
            SecretBytes::new(b"hunter2".to_vec()),
            nested.clone(),
        );
        let shown = value_of(&value).unwrap();
        assert_eq!(unmarked(shown), json!(["***", { "power_pass": ["***"] }, "***", nested]));
    }
}
