//! Stores an upload: its objects first, and then the row that makes them a file.

use std::io::Cursor;

use shared::{file::Rendition, problem::ProblemCode};
use tokio::io::AsyncSeekExt;
use uuid::Uuid;

use super::{file_upload::FileUpload, media_types, space};
use crate::{
    error::ApiError,
    file_storage::{ObjectName, unavailable},
    images::{EncodedImage, Renditions, is_image_start},
    state::AppState,
    store::stored_files::{self, StoredFile},
};

/// What is written for a file.
struct NewObjects {
    media_type: &'static str,
    image: Option<Renditions>,
}

/// Returns the file, and whether it was stored now.
pub async fn store(app: &AppState, upload: &FileUpload) -> Result<(StoredFile, bool), ApiError> {
    if let Some(stored) = find_stored(app, upload).await? {
        return Ok((stored, false));
    }
    let _turn = app.file_storage.begin_write().await?;
    let objects = prepare(app, upload).await?;
    let file = describe(upload, &objects);
    space::check_limits(app, file.user_id, file.chat_id, file.stored_size).await?;
    stored_files::insert_unowned(&mut *app.db.get().await?, file.object_key).await?;
    // If this fails, the service may write the object all the same: it is deleted when that is certain to be over.
    write(app, upload, &file, objects).await?;
    let inserted = async { stored_files::insert(&mut *app.db.get().await?, file.clone()).await };
    match inserted.await {
        Ok(()) => {
            app.file_storage.add_to_total(file.stored_size).await;
            Ok((file, true))
        }
        Err(error) => {
            abandon(app, file.object_key).await;
            let error = ApiError::from(error);
            // The same file may have been sent twice at once.
            let is_taken = error.code() == ProblemCode::ClientIdConflict;
            let stored = if is_taken { find_stored(app, upload).await? } else { None };
            stored.map(|stored| (stored, false)).ok_or(error)
        }
    }
}

/// What an earlier request has stored; fails if that is something else.
async fn find_stored(app: &AppState, upload: &FileUpload) -> Result<Option<StoredFile>, ApiError> {
    let stored = stored_files::find(&mut *app.db.get().await?, upload.id).await?;
    let Some(stored) = stored else { return Ok(None) };
    let is_same = stored.user_id == upload.user.id
        && stored.chat_id == upload.chat.id
        && stored.checksum == upload.received.checksum;
    if is_same { Ok(Some(stored)) } else { Err(ProblemCode::ClientIdConflict.into()) }
}

/// Encodes an image. One that cannot be decoded is a file as any other.
async fn prepare(app: &AppState, upload: &FileUpload) -> Result<NewObjects, ApiError> {
    let start = &upload.received.start;
    let image = if is_image_start(start) {
        app.images.create_renditions(upload.received.try_clone()?).await?
    } else {
        None
    };
    let media_type = match &image {
        Some(image) => image.full.media_type,
        None => media_types::recognize(start),
    };
    Ok(NewObjects { media_type, image })
}

fn describe(upload: &FileUpload, NewObjects { media_type, image }: &NewObjects) -> StoredFile {
    let length = |image: &EncodedImage| i64::try_from(image.bytes.len()).unwrap_or(i64::MAX);
    let received = i64::try_from(upload.received.size).unwrap_or(i64::MAX);
    let size = image.as_ref().map_or(received, |image| length(&image.full));
    let preview = image.as_ref().and_then(|image| image.preview.as_ref());
    let to_column = |pixels: u32| i32::try_from(pixels).unwrap_or(i32::MAX);
    StoredFile {
        id: upload.id,
        chat_id: upload.chat.id,
        user_id: upload.user.id,
        object_key: Uuid::new_v4(),
        name: upload.name.clone(),
        media_type: (*media_type).to_owned(),
        stored_size: size + preview.map_or(0, length),
        size,
        width: image.as_ref().map(|image| to_column(image.size.width)),
        height: image.as_ref().map(|image| to_column(image.size.height)),
        checksum: upload.received.checksum.clone(),
        preview_media_type: preview.map(|preview| preview.media_type.to_owned()),
    }
}

async fn write(
    app: &AppState,
    upload: &FileUpload,
    file: &StoredFile,
    NewObjects { image, .. }: NewObjects,
) -> Result<(), ApiError> {
    let name = |rendition| ObjectName { key: file.object_key, rendition };
    let Some(Renditions { full, preview, .. }) = image else {
        let mut received = tokio::fs::File::from_std(upload.received.try_clone()?);
        received.rewind().await.map_err(|error| unavailable(&error))?;
        return app.file_storage.write(name(Rendition::Full), received, upload.received.size).await;
    };
    for (rendition, image) in [(Rendition::Full, Some(full)), (Rendition::Preview, preview)] {
        let Some(EncodedImage { bytes, .. }) = image else { continue };
        let size = bytes.len().try_into().unwrap_or(u64::MAX);
        app.file_storage.write(name(rendition), Cursor::new(bytes), size).await?;
    }
    Ok(())
}

/// Lets the background job delete the objects, unless the file was stored although its transaction seemed to fail.
async fn abandon(app: &AppState, object_key: Uuid) {
    let abandoned = async {
        let mut connection = app.db.get().await?;
        stored_files::abandon_unowned(&mut connection, object_key).await
    };
    if let Err(error) = abandoned.await {
        tracing::warn!(%error, "the objects of a failed upload are deleted later");
    }
}
