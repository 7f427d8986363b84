//! Responses with files: content encoding, caching and conditional requests.

use std::borrow::Cow;

use actix_web::http::header::{
    self, Accept, AcceptEncoding, CacheControl, CacheDirective, ETag, Encoding, EntityTag, Header,
    IfNoneMatch, Quality, QualityItem,
};
use actix_web::http::{Method, StatusCode};
use actix_web::mime::Mime;
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::{File, FileSource, Program, file_names};

pub fn page(request: &HttpRequest, program: Program, files: FileSource) -> HttpResponse {
    show_page(request, program, files, StatusCode::OK)
}

pub fn file_or_missing(request: &HttpRequest, files: FileSource) -> Option<HttpResponse> {
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        return None;
    }
    let path = request.path().trim_start_matches('/');
    if let Some(found) = Representation::select(path, request, files) {
        return Some(found.respond(request, StatusCode::OK));
    }
    accepts_html(request).then(|| show_page(request, Program::Chat, files, StatusCode::NOT_FOUND))
}

fn show_page(request: &HttpRequest, program: Program, files: FileSource, status: StatusCode) -> HttpResponse {
    match Representation::select(program.page(), request, files) {
        Some(page) => page.respond(request, status),
        None => not_built(),
    }
}

/// Only if the type is named: clients that accept `*/*` get a problem document.
fn accepts_html(request: &HttpRequest) -> bool {
    let accepted = request.get_header::<Accept>();
    let is_html =
        |kind: &QualityItem<Mime>| kind.item.essence_str() == "text/html" && kind.quality > Quality::ZERO;
    accepted.is_some_and(|kinds| kinds.iter().any(is_html))
}

fn not_built() -> HttpResponse {
    HttpResponse::ServiceUnavailable()
        .insert_header((header::CONTENT_TYPE, "text/plain; charset=utf-8"))
        .insert_header(CacheControl(vec![CacheDirective::NoStore]))
        .body("The server is running, but the client was not built: run `cargo xtask build`.\n")
}

/// A file in the encoding that the client prefers.
struct Representation<'a> {
    path: &'a str,
    encoding: Encoding,
    file: File,
}

impl<'a> Representation<'a> {
    fn select(path: &'a str, request: &HttpRequest, files: FileSource) -> Option<Self> {
        let plain = Self { path, encoding: Encoding::identity(), file: files(path)? };
        let compressed =
            [(Encoding::brotli(), "br"), (Encoding::gzip(), "gz")].map(|(encoding, extension)| {
                let file = files(&format!("{path}.{extension}"))?;
                Some(Self { path, encoding, file })
            });
        let mut offers: Vec<_> = compressed.into_iter().flatten().collect();
        let encodings: Vec<_> = offers.iter().chain([&plain]).map(|offer| offer.encoding.clone()).collect();
        let best =
            AcceptEncoding::parse(request).ok().and_then(|accepted| accepted.negotiate(encodings.iter()));
        let best = offers.iter().position(|offer| Some(&offer.encoding) == best.as_ref());
        // A client that accepts none of the encodings gets the uncompressed file, as RFC 9110 allows.
        Some(best.map_or(plain, |best| offers.swap_remove(best)))
    }

    fn respond(self, request: &HttpRequest, status: StatusCode) -> HttpResponse {
        let tag = self.tag();
        let is_unchanged = status == StatusCode::OK && is_cached(request, &tag);
        let mut response = HttpResponse::build(if is_unchanged { StatusCode::NOT_MODIFIED } else { status });
        response.insert_header(file_names::cache_control(self.path));
        response.insert_header((header::VARY, header::ACCEPT_ENCODING.as_str()));
        // Also if unchanged: a browser takes over the security headers, which depend on the type.
        response.insert_header((header::CONTENT_TYPE, file_names::content_type(self.path)));
        if status == StatusCode::OK {
            response.insert_header(ETag(tag));
        } else {
            // Other clients get a problem document at the same URL.
            response.append_header((header::VARY, header::ACCEPT.as_str()));
        }
        if is_unchanged {
            return response.finish();
        }
        if self.encoding != Encoding::identity() {
            response.insert_header((header::CONTENT_ENCODING, self.encoding.to_string()));
        }
        response.body(body(self.file.bytes))
    }

    /// A strong tag, because it distinguishes the encodings of a file.
    fn tag(&self) -> EntityTag {
        let hash = BASE64_URL_SAFE_NO_PAD.encode(self.file.sha256);
        EntityTag::new_strong(format!("{hash}-{}", self.encoding))
    }
}

fn is_cached(request: &HttpRequest, tag: &EntityTag) -> bool {
    match request.get_header::<IfNoneMatch>() {
        Some(IfNoneMatch::Any) => true,
        Some(IfNoneMatch::Items(tags)) => tags.iter().any(|cached| cached.weak_eq(tag)),
        None => false,
    }
}

/// Embedded bytes are not copied.
fn body(bytes: Cow<'static, [u8]>) -> Bytes {
    match bytes {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    }
}
