//! Reading the JSON of the workspace's own binaries: every miss is an error that names the field.

use crate::error::{Error, Result};
use serde_json::Value;

pub(crate) fn parse(text: &str, from: &str) -> Result<Value> {
    serde_json::from_str(text)
        .map_err(|error| Error::new(format!("{from} printed no readable JSON: {error}")))
}

pub(crate) fn text<'a>(value: &'a Value, field: &str) -> Result<&'a str> {
    value[field].as_str().ok_or_else(|| missing(field, "text", value))
}

pub(crate) fn list<'a>(value: &'a Value, field: &str) -> Result<&'a [Value]> {
    value[field].as_array().map(Vec::as_slice).ok_or_else(|| missing(field, "a list", value))
}

pub(crate) fn number(value: &Value, field: &str) -> Result<f64> {
    value[field].as_f64().ok_or_else(|| missing(field, "a number", value))
}

/// Prints a document for other programs.
pub(crate) fn print(value: &Value) {
    println!("{value:#}");
}

fn missing(field: &str, what: &str, value: &Value) -> Error {
    let mut shown: String = value.to_string().chars().take(80).collect();
    if shown.len() < value.to_string().len() {
        shown.push('…');
    }
    Error::new(format!("`{field}` should be {what} in {shown}"))
}
