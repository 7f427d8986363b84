//! A file as the browser gives it.

use js_sys::{Array, Promise};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::js::{call, field};

/// A `File` of JavaScript.
#[derive(Clone, Debug)]
pub struct LocalFile(pub JsValue);

impl LocalFile {
    pub fn name(&self) -> String {
        field(&self.0, "name").and_then(|name| name.as_string()).unwrap_or_default()
    }

    /// In bytes.
    pub fn size(&self) -> u64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a size of a file")]
        let size = field(&self.0, "size").and_then(|size| size.as_f64()).unwrap_or_default() as u64;
        size
    }

    /// Whether the browser can still read it: it may have been changed or removed since it was chosen.
    pub async fn is_readable(&self) -> bool {
        let start = call(&self.0, "slice", &[&0.into(), &1.into()]);
        let reading = start.and_then(|start| call(&start, "arrayBuffer", &[])?.dyn_into::<Promise>().ok());
        match reading {
            Some(reading) => JsFuture::from(reading).await.is_ok(),
            None => false,
        }
    }

    /// As far as the browser knows it by the name.
    pub fn is_image(&self) -> bool {
        let media_type = field(&self.0, "type").and_then(|media_type| media_type.as_string());
        media_type.is_some_and(|media_type| media_type.starts_with("image/"))
    }
}

/// What was pasted or dropped, or is chosen in an input.
pub struct FileSelection {
    pub files: Vec<LocalFile>,
    /// Whether there were folders, which are left out.
    pub has_folders: bool,
}

/// Reads a `DataTransfer`, or an input with the field `files`.
pub fn read_files(source: &JsValue) -> FileSelection {
    let files = list(source, "files");
    let folders: Vec<bool> =
        list(source, "items").into_iter().filter(is_file).map(|it| is_folder(&it)).collect();
    let has_folders = folders.contains(&true);
    // There is one file for each item that is one.
    let is_wanted = |index: usize| !folders.get(index).copied().unwrap_or_default();
    let files = files.into_iter().enumerate().filter(|(index, _)| is_wanted(*index));
    FileSelection { files: files.map(|(_, file)| LocalFile(file)).collect(), has_folders }
}

fn list(source: &JsValue, name: &str) -> Vec<JsValue> {
    let list = field(source, name).filter(JsValue::is_object);
    list.map(|list| Array::from(&list).to_vec()).unwrap_or_default()
}

fn is_file(item: &JsValue) -> bool {
    field(item, "kind").and_then(|kind| kind.as_string()).as_deref() == Some("file")
}

fn is_folder(item: &JsValue) -> bool {
    let entry = call(item, "webkitGetAsEntry", &[]).filter(JsValue::is_object);
    entry.and_then(|entry| field(&entry, "isDirectory")).is_some_and(|is_folder| is_folder.is_truthy())
}

/// A URL under which the page can show the file, until it is dropped.
pub struct ObjectUrl(String);

impl ObjectUrl {
    pub fn new(file: &LocalFile) -> Option<Self> {
        call(&class()?, "createObjectURL", &[&file.0])?.as_string().map(Self)
    }

    pub fn url(&self) -> &str {
        &self.0
    }
}

impl Drop for ObjectUrl {
    fn drop(&mut self) {
        if let Some(class) = class() {
            call(&class, "revokeObjectURL", &[&self.0.as_str().into()]);
        }
    }
}

fn class() -> Option<JsValue> {
    field(&leptos::prelude::window(), "URL").filter(|class| class.dyn_ref::<js_sys::Function>().is_some())
}
