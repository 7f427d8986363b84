//! Texts about exports of the account and of chats.

use shared::{
    data_export::{DataExport, ExportState},
    file::size_text,
};

use super::dates::date_and_time;

pub const DOWNLOAD: &str = "Download";

pub fn export_state(export: &DataExport) -> String {
    match export.state {
        ExportState::Waiting => "Waiting in line. You can leave this page.".to_owned(),
        ExportState::Running => {
            format!("{} of {} messages and files. You can leave this page.", export.done, export.total)
        }
        ExportState::Ready => {
            let size = export.bytes.map(|bytes| format!(" ({})", size_text(bytes))).unwrap_or_default();
            let until =
                export.expires_at.map(|at| format!(" until {}", date_and_time(at))).unwrap_or_default();
            format!("Your file{size} is ready{until}.")
        }
        ExportState::Failed => "The export failed. Try again.".to_owned(),
        ExportState::Unknown => String::new(),
    }
}

/// What assistive technology announces.
pub const fn announcement(state: ExportState) -> Option<&'static str> {
    match state {
        ExportState::Ready => Some("Your file is ready."),
        ExportState::Failed => Some("The export failed."),
        _ => None,
    }
}
