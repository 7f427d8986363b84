//! Records the texts and secrets that tests send and receive, so that the logs can be searched for them.

use std::{
    collections::HashSet,
    fs::File,
    io::Write,
    process,
    sync::{Mutex, OnceLock},
};

use serde_json::Value;

use super::log_folder;

/// Shorter values are words that a log may contain.
const LENGTH_MIN: usize = 12;

struct Recorder {
    recorded: HashSet<String>,
    file: File,
}

/// Records the values of a body, a frame or a header.
pub fn record(text: &str) {
    static RECORDER: OnceLock<Option<Mutex<Recorder>>> = OnceLock::new();
    let open = || Some(Mutex::new(Recorder { recorded: HashSet::new(), file: create_file("sent")? }));
    if let Some(recorder) = RECORDER.get_or_init(open) {
        let recorder = &mut *recorder.lock().unwrap();
        match serde_json::from_str(text) {
            Ok(value) => recorder.record(&value),
            Err(_) => text.split(['&', '=', ' ', ';', '\n']).for_each(|part| recorder.record(&part.into())),
        }
    }
}

/// Creates the file of this process with the extension; `None` if no logs are kept.
pub fn create_file(extension: &str) -> Option<File> {
    Some(File::create(log_folder::path(&format!("api-{}.{extension}", process::id()))?).unwrap())
}

impl Recorder {
    fn record(&mut self, value: &Value) {
        match value {
            Value::String(text) => {
                for line in text.lines().map(str::trim).filter(|line| line.len() >= LENGTH_MIN) {
                    if self.recorded.insert(line.to_owned()) {
                        writeln!(self.file, "{line}").unwrap();
                    }
                }
            }
            Value::Array(values) => values.iter().for_each(|value| self.record(value)),
            Value::Object(fields) => fields.values().for_each(|value| self.record(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}
