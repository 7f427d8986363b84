//! The response with the content of a file, or a part of it.

use std::ops::Range;

use actix_web::{
    HttpRequest, HttpResponse,
    body::SizedStream,
    http::{
        Method, StatusCode,
        header::{
            self, CacheControl, CacheDirective, Charset, ContentDisposition, ContentRange, ContentRangeSpec,
            DispositionParam, DispositionType, ETag, EntityTag, ExtendedValue, Header, IfNoneMatch, IfRange,
            Range as RangeHeader,
        },
    },
};
use futures_util::stream;
use shared::file::Rendition;

use super::media_types::is_shown;
use crate::{
    error::ApiError,
    file_storage::{FileStorage, ObjectName},
    store::stored_files::StoredFile,
};

/// Nothing in a file may run or load anything, also if it is opened by itself.
const POLICY: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

/// What is sent of a file.
pub struct Content<'a> {
    file: &'a StoredFile,
    object: ObjectName,
    media_type: &'a str,
    length: u64,
    is_attachment: bool,
}

impl<'a> Content<'a> {
    pub fn new(file: &'a StoredFile, rendition: Rendition, download: bool) -> Self {
        let (rendition, media_type, length) = match (&file.preview_media_type, rendition) {
            (Some(preview), Rendition::Preview) => (rendition, preview, file.stored_size - file.size),
            _ => (Rendition::Full, &file.media_type, file.size),
        };
        Self {
            file,
            object: ObjectName { key: file.object_key, rendition },
            media_type,
            length: length.unsigned_abs(),
            is_attachment: download || !is_shown(media_type),
        }
    }

    /// The requested part, which the browser may keep for some time.
    pub async fn respond(
        &self,
        storage: &FileStorage,
        request: &HttpRequest,
        cache_seconds: Option<i64>,
    ) -> Result<HttpResponse, ApiError> {
        let tag = self.tag();
        let (status, range) = if is_known(request, &tag) {
            (StatusCode::NOT_MODIFIED, None)
        } else {
            match requested_range(request, &tag, self.length) {
                None => (StatusCode::OK, Some(0..self.length)),
                Some(Ok(range)) => (StatusCode::PARTIAL_CONTENT, Some(range)),
                Some(Err(Unsatisfiable)) => (StatusCode::RANGE_NOT_SATISFIABLE, None),
            }
        };
        let mut response = HttpResponse::build(status);
        response.insert_header((header::CONTENT_SECURITY_POLICY, POLICY));
        if status == StatusCode::RANGE_NOT_SATISFIABLE {
            return Ok(response.insert_header(self.content_range(None)).finish());
        }
        response.insert_header(ETag(tag)).insert_header(cache_control(cache_seconds));
        if cache_seconds.is_none() {
            response.insert_header((header::VARY, "Authorization"));
        }
        let Some(range) = range else { return Ok(response.finish()) };
        if status == StatusCode::PARTIAL_CONTENT {
            response.insert_header(self.content_range(Some(&range)));
        }
        response
            .insert_header((header::CONTENT_TYPE, self.media_type))
            .insert_header(self.disposition())
            .insert_header((header::ACCEPT_RANGES, "bytes"));
        let length = range.end - range.start;
        if *request.method() == Method::HEAD {
            return Ok(response.body(SizedStream::new(length, stream::empty::<object_store::Result<_>>())));
        }
        let bytes = storage.read(self.object, range).await?;
        Ok(response.body(SizedStream::new(length, bytes)))
    }

    fn tag(&self) -> EntityTag {
        let checksum = self.file.checksum.iter().take(16).map(|byte| format!("{byte:02x}"));
        let rendition = if self.object.rendition == Rendition::Full { "full" } else { "preview" };
        EntityTag::new_strong(format!("{}-{rendition}", checksum.collect::<String>()))
    }

    /// Of a part, or of none if the request asks for another.
    fn content_range(&self, range: Option<&Range<u64>>) -> ContentRange {
        let range = range.map(|range| (range.start, range.end - 1));
        ContentRange(ContentRangeSpec::Bytes { range, instance_length: Some(self.length) })
    }

    /// The name in UTF-8 (RFC 5987), and in ASCII for old programs.
    fn disposition(&self) -> ContentDisposition {
        let name = &self.file.name;
        let keep = |c: char| c.is_ascii_graphic() && !"\"%\\".contains(c) || c == ' ';
        let ascii = name.chars().map(|c| if keep(c) { c } else { '_' }).collect();
        let disposition =
            if self.is_attachment { DispositionType::Attachment } else { DispositionType::Inline };
        let extended = ExtendedValue {
            charset: Charset::Ext("UTF-8".to_owned()),
            language_tag: None,
            value: name.clone().into_bytes(),
        };
        ContentDisposition {
            disposition,
            parameters: vec![DispositionParam::Filename(ascii), DispositionParam::FilenameExt(extended)],
        }
    }
}

/// A range that begins behind the end.
struct Unsatisfiable;

/// The URL with a token is a secret of its session, and the content never changes. Without a token, another user of the browser
/// could get what it keeps.
fn cache_control(seconds: Option<i64>) -> CacheControl {
    let seconds = seconds.and_then(|seconds| u32::try_from(seconds).ok());
    let directives = match seconds {
        Some(seconds) => {
            vec![CacheDirective::MaxAge(seconds), CacheDirective::Extension("immutable".to_owned(), None)]
        }
        None => vec![CacheDirective::NoCache],
    };
    CacheControl([vec![CacheDirective::Private], directives].concat())
}

/// Whether the client has the content already.
fn is_known(request: &HttpRequest, tag: &EntityTag) -> bool {
    if !request.headers().contains_key(header::IF_NONE_MATCH) {
        return false;
    }
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(tag)),
        Err(_) => false,
    }
}

/// The one range that a request asks for. Several ranges are ignored, as are those of other content (RFC 9110, section 14.2).
fn requested_range(
    request: &HttpRequest,
    tag: &EntityTag,
    length: u64,
) -> Option<Result<Range<u64>, Unsatisfiable>> {
    let headers = request.headers();
    if *request.method() != Method::GET || !headers.contains_key(header::RANGE) {
        return None;
    }
    let is_current = !headers.contains_key(header::IF_RANGE)
        || matches!(IfRange::parse(request), Ok(IfRange::EntityTag(known)) if known.strong_eq(tag));
    let Ok(RangeHeader::Bytes(ranges)) = RangeHeader::parse(request) else { return None };
    let [range] = ranges.as_slice() else { return None };
    if !is_current {
        return None;
    }
    Some(match range.to_satisfiable_range(length) {
        Some((first, last)) => Ok(first..last + 1),
        None => Err(Unsatisfiable),
    })
}
