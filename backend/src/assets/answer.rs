//! How a file is answered: in which encoding, for how long it may be kept, and when it need not be sent again.

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

use super::{File, Files, Program, names};

pub fn page(request: &HttpRequest, program: Program, files: Files) -> HttpResponse {
    show(request, program, files, StatusCode::OK)
}

pub fn file_or_missing(request: &HttpRequest, files: Files) -> Option<HttpResponse> {
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        return None;
    }
    let path = request.path().trim_start_matches('/');
    if let Some(found) = Representation::of(path, request, files) {
        return Some(found.answer(request, StatusCode::OK));
    }
    wants_a_page(request).then(|| show(request, Program::Chat, files, StatusCode::NOT_FOUND))
}

fn show(request: &HttpRequest, program: Program, files: Files, status: StatusCode) -> HttpResponse {
    match Representation::of(program.page(), request, files) {
        Some(page) => page.answer(request, status),
        None => not_built(),
    }
}

/// Only by name: programs that take anything are better served by a problem document.
fn wants_a_page(request: &HttpRequest) -> bool {
    let accepted = request.get_header::<Accept>();
    let names_page =
        |kind: &QualityItem<Mime>| kind.item.essence_str() == "text/html" && kind.quality > Quality::ZERO;
    accepted.is_some_and(|kinds| kinds.iter().any(names_page))
}

fn not_built() -> HttpResponse {
    HttpResponse::ServiceUnavailable()
        .insert_header((header::CONTENT_TYPE, "text/plain; charset=utf-8"))
        .insert_header(CacheControl(vec![CacheDirective::NoStore]))
        .body("The server runs, but the client was not built: run `cargo xtask build`.\n")
}

/// A file in the encoding that the caller likes best.
struct Representation<'a> {
    path: &'a str,
    encoding: Encoding,
    file: File,
}

impl<'a> Representation<'a> {
    fn of(path: &'a str, request: &HttpRequest, files: Files) -> Option<Self> {
        let plain = Self { path, encoding: Encoding::identity(), file: files(path)? };
        let compressed = [(Encoding::brotli(), "br"), (Encoding::gzip(), "gz")].map(|(encoding, ending)| {
            let file = files(&format!("{path}.{ending}"))?;
            Some(Self { path, encoding, file })
        });
        let mut offers: Vec<_> = compressed.into_iter().flatten().collect();
        let known: Vec<_> = offers.iter().chain([&plain]).map(|offer| offer.encoding.clone()).collect();
        let best = AcceptEncoding::parse(request).ok().and_then(|accepted| accepted.negotiate(known.iter()));
        let best = offers.iter().position(|offer| Some(&offer.encoding) == best.as_ref());
        // A caller who refuses even the plain bytes gets them, as RFC 9110 allows.
        Some(best.map_or(plain, |best| offers.swap_remove(best)))
    }

    fn answer(self, request: &HttpRequest, status: StatusCode) -> HttpResponse {
        let tag = self.tag();
        let unchanged = status == StatusCode::OK && has_already(request, &tag);
        let mut answer = HttpResponse::build(if unchanged { StatusCode::NOT_MODIFIED } else { status });
        answer.insert_header(names::keeping(self.path));
        answer.insert_header((header::VARY, header::ACCEPT_ENCODING.as_str()));
        if status == StatusCode::OK {
            answer.insert_header(ETag(tag));
        } else {
            // The same address answers programs with a problem document.
            answer.append_header((header::VARY, header::ACCEPT.as_str()));
        }
        if unchanged {
            return answer.finish();
        }
        if self.encoding != Encoding::identity() {
            answer.insert_header((header::CONTENT_ENCODING, self.encoding.to_string()));
        }
        answer.insert_header((header::CONTENT_TYPE, names::content_type(self.path)));
        answer.body(body(self.file.bytes))
    }

    /// Strong: it tells the encodings of a file apart.
    fn tag(&self) -> EntityTag {
        let hash = BASE64_URL_SAFE_NO_PAD.encode(self.file.sha256);
        EntityTag::new_strong(format!("{hash}-{}", self.encoding))
    }
}

fn has_already(request: &HttpRequest, tag: &EntityTag) -> bool {
    match request.get_header::<IfNoneMatch>() {
        Some(IfNoneMatch::Any) => true,
        Some(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(tag)),
        None => false,
    }
}

/// Embedded bytes are sent from where they are.
fn body(bytes: Cow<'static, [u8]>) -> Bytes {
    match bytes {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    }
}
