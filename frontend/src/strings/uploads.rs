//! Texts about files that are chosen and sent.

use shared::file::MESSAGE_FILES_MAX;

use super::bidi::BidiIsolate;

const MEGABYTE: u64 = 1_024 * 1_024;

pub const ATTACH_FILES: &str = "Attach files";
pub const ATTACHED_FILES: &str = "Attached files";
pub const DROP_FILES: &str = "Drop files to attach them";
pub const UPLOADING: &str = "Uploading…";
pub const FOLDERS_LEFT_OUT: &str = "Folders can’t be attached. Choose the files in them.";

pub fn remove(name: &str) -> String {
    format!("Remove {}", BidiIsolate(name))
}

/// Of a file that is uploaded.
pub fn progress(name: &str) -> String {
    format!("Upload of {}", BidiIsolate(name))
}

pub fn attached(count: usize) -> String {
    if count == 1 { "1 file attached".to_owned() } else { format!("{count} files attached") }
}

pub fn too_large(names: &[String], bytes_max: u64) -> String {
    format!("Larger than {} MB, not attached: {}", bytes_max / MEGABYTE, list(names))
}

pub fn too_many(names: &[String]) -> String {
    format!("A message can have {MESSAGE_FILES_MAX} files. Not attached: {}", list(names))
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| BidiIsolate(name).to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_name_the_files_that_are_left_out() {
        let names = ["plan.pdf".to_owned(), "film.mp4".to_owned()];
        assert_eq!(too_large(&names, 25 * MEGABYTE), "Larger than 25 MB, not attached: plan.pdf, film.mp4");
        assert_eq!(too_many(&names), "A message can have 10 files. Not attached: plan.pdf, film.mp4");
        assert_eq!((attached(1), attached(2)), ("1 file attached".to_owned(), "2 files attached".to_owned()));
    }
}
