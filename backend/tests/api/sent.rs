//! What is said to servers and by them, kept for whoever looks for it in the logs.

use std::{
    collections::HashSet,
    fs::File,
    io::Write,
    process,
    sync::{Mutex, OnceLock},
};

use serde_json::Value;

use crate::logs;

/// Shorter ones are words that anybody may write into a log.
const TELLING: usize = 12;

struct Sent {
    known: HashSet<String>,
    file: File,
}

/// Keeps the values of a body, a frame or a header.
pub fn note(text: &str) {
    static SENT: OnceLock<Option<Mutex<Sent>>> = OnceLock::new();
    let open = || Some(Mutex::new(Sent { known: HashSet::new(), file: file("sent")? }));
    if let Some(sent) = SENT.get_or_init(open) {
        let sent = &mut *sent.lock().unwrap();
        match serde_json::from_str(text) {
            Ok(value) => sent.note(&value),
            Err(_) => text.split(['&', '=', ' ', ';', '\n']).for_each(|part| sent.note(&part.into())),
        }
    }
}

/// A file for it, or for the log.
pub fn file(kind: &str) -> Option<File> {
    Some(File::create(logs::place(&format!("api-{}.{kind}", process::id()))?).unwrap())
}

impl Sent {
    fn note(&mut self, value: &Value) {
        match value {
            Value::String(text) => {
                for line in text.lines().map(str::trim).filter(|line| line.len() >= TELLING) {
                    if self.known.insert(line.to_owned()) {
                        writeln!(self.file, "{line}").unwrap();
                    }
                }
            }
            Value::Array(values) => values.iter().for_each(|value| self.note(value)),
            Value::Object(fields) => fields.values().for_each(|value| self.note(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}
