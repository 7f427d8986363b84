//! The contents of files in an export.

use anyhow::anyhow;
use futures_util::StreamExt;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use shared::{file::Rendition, id::Seq, problem::ProblemCode};

use super::{archive::ZipArchive, progress::Progress};
use crate::{
    error::ApiError,
    file_storage::{FileStorage, ObjectName},
    store::{
        Db,
        files::{self, FilePosition, FileScope, PostedFile, PostedFiles},
    },
};

/// The folder in the archive.
const FOLDER: &str = "files";
/// How many bytes of a name the archive keeps: the last ones, with the extension. Systems allow 255 with the number.
const NAME_MAX: usize = 200;
/// How many files are listed at a time.
const PAGE_SIZE: i64 = 100;
const URL_ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_');

/// The path of a file of a chat in its archive; `index` counts the files of the message. Without characters that some systems
/// do not allow in names.
pub fn archive_path(seq: Seq, index: usize, name: &str) -> String {
    let is_allowed = |c: char| !c.is_control() && !r#"<>:"/\|?*"#.contains(c);
    let name: String = name.trim().chars().map(|c| if is_allowed(c) { c } else { '_' }).collect();
    let start = name.ceil_char_boundary(name.len().saturating_sub(NAME_MAX));
    let kept = name.get(start..).unwrap_or_default();
    format!("{FOLDER}/{seq}-{}-{}", index + 1, kept.trim_end_matches(['.', ' ']))
}

/// The relative URL of a path.
pub fn archive_url(path: &str) -> String {
    utf8_percent_encode(path, URL_ESCAPED).to_string()
}

/// Writes the files; false if the export was deleted meanwhile. A file that is not in the storage, as after its message was deleted,
/// is left out.
pub async fn write(
    db: &Db,
    storage: &FileStorage,
    posted: PostedFiles,
    archive: &mut ZipArchive,
    progress: &mut Progress,
) -> anyhow::Result<bool> {
    let mut after = FilePosition::default();
    loop {
        let page = files::list_posted(&mut *db.get().await?, posted, after, PAGE_SIZE).await?;
        let Some(last) = page.last() else { return Ok(true) };
        after = last.position();
        let count = page.len();
        for file in page {
            write_file(storage, posted.scope, &file, archive).await?;
        }
        if !progress.add_files(count).await? {
            return Ok(false);
        }
    }
}

async fn write_file(
    storage: &FileStorage,
    scope: FileScope,
    file: &PostedFile,
    archive: &mut ZipArchive,
) -> anyhow::Result<()> {
    let index = usize::try_from(file.position - 1).unwrap_or_default();
    let path = archive_path(file.seq, index, &file.name);
    let path = match scope {
        FileScope::Chat(_) => path,
        FileScope::User(_) => format!("messages/{}-{path}", file.chat_id),
    };
    let size = u64::try_from(file.size)?;
    let failed = |error: ApiError| anyhow!("cannot export a file: {error}");
    let _space = storage.reserve_disk(size).map_err(failed)?;
    let object = ObjectName { key: file.object_key, rendition: Rendition::Full };
    let mut content = match storage.read(object, 0..size).await {
        Ok(content) => Box::pin(content),
        Err(error) if error.code() == ProblemCode::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    archive.add_uncompressed(&path).await?;
    while let Some(part) = content.next().await {
        archive.append(part?.to_vec()).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archive_paths_are_names_everywhere() {
        let path = |name: &str| archive_path(Seq::new(7), 1, name);
        assert_eq!(path("Floor plan.pdf"), "files/7-2-Floor plan.pdf");
        assert_eq!(path(r#"a<>:"/\|?*b"#), "files/7-2-a_________b");
        assert_eq!(path("..\n. "), "files/7-2-.._");
        for c in ["é", "会", "🫖"] {
            let kept = c.repeat(196 / c.len());
            assert_eq!(path(&format!("{}.pdf", c.repeat(200))), format!("files/7-2-{kept}.pdf"));
        }
        assert_eq!(archive_url(&path("Größe 1.png")), "files/7-2-Gr%C3%B6%C3%9Fe%201.png");
    }
}
