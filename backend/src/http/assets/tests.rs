//! Responses with files from a fixture.

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH,
    VARY,
};
use actix_web::test::TestRequest;
use actix_web::{App, HttpServer, body, web};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

const WASM: &str = "/chat-5d3c1f0a9b8e7d6c_bg.wasm";

fn fixture(path: &str) -> Option<File> {
    let bytes: &'static [u8] = match path {
        "chat/index.html" => b"<!DOCTYPE html>",
        "chat/index.html.br" => b"index in br",
        "chat-5d3c1f0a9b8e7d6c_bg.wasm" => b"\0asm",
        "chat-5d3c1f0a9b8e7d6c_bg.wasm.br" => b"wasm in br",
        "chat-5d3c1f0a9b8e7d6c_bg.wasm.gz" => b"wasm in gz",
        "logo.svg" => b"<svg/>",
        _ => return None,
    };
    Some(File { bytes: bytes.into(), sha256: Sha256::digest(bytes).into() })
}

fn empty_fixture(_: &str) -> Option<File> {
    None
}

fn get(path: &str, headers: &[(HeaderName, &str)]) -> Option<HttpResponse> {
    let request = headers.iter().fold(TestRequest::get().uri(path), |request, header| {
        request.append_header((header.0.clone(), header.1))
    });
    response::file_or_missing(&request.to_http_request(), fixture)
}

fn header(response: &HttpResponse, name: HeaderName) -> &str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

async fn text(response: HttpResponse) -> String {
    String::from_utf8(body::to_bytes(response.into_body()).await.unwrap().into()).unwrap()
}

#[actix_web::test]
async fn hashed_file_is_immutable() {
    let response = get(WASM, &[]).unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(&response, CONTENT_TYPE), "application/wasm");
    assert_eq!(header(&response, CACHE_CONTROL), "public, max-age=31536000, immutable");
    assert_eq!(header(&response, VARY), "accept-encoding");
    assert_eq!(text(response).await, "\0asm");
}

#[actix_web::test]
async fn other_files_and_page_are_revalidated() {
    assert_eq!(header(&get("/logo.svg", &[]).unwrap(), CACHE_CONTROL), "no-cache");
    let page = response::page(&TestRequest::with_uri("/chats/tea").to_http_request(), Program::Chat, fixture);
    assert_eq!(page.status(), StatusCode::OK);
    assert_eq!(header(&page, CACHE_CONTROL), "no-cache");
    assert_eq!(header(&page, CONTENT_TYPE), "text/html; charset=utf-8");
    assert_eq!(text(page).await, "<!DOCTYPE html>");
}

#[actix_web::test]
async fn preferred_encoding_is_sent() {
    for (accepted, encoding, sent) in [
        ("gzip, deflate, br, zstd", "br", "wasm in br"),
        ("gzip;q=1.0, br;q=0.5", "gzip", "wasm in gz"),
        ("br;q=0, gzip", "gzip", "wasm in gz"),
        ("GZIP", "gzip", "wasm in gz"),
        ("identity, br;q=0.5", "", "\0asm"),
        ("zstd", "", "\0asm"),
        ("*;q=0", "", "\0asm"),
        ("", "", "\0asm"),
        (";;nonsense", "", "\0asm"),
    ] {
        let response = get(WASM, &[(ACCEPT_ENCODING, accepted)]).unwrap();
        assert_eq!(header(&response, CONTENT_ENCODING), encoding, "{accepted}");
        assert_eq!(header(&response, CONTENT_TYPE), "application/wasm", "{accepted}");
        assert_eq!(text(response).await, sent, "{accepted}");
    }
}

#[actix_web::test]
async fn file_without_compressed_forms_is_sent_plain() {
    let response = get("/logo.svg", &[(ACCEPT_ENCODING, "br, gzip")]).unwrap();
    assert_eq!(header(&response, CONTENT_ENCODING), "");
    assert_eq!(text(response).await, "<svg/>");
}

#[actix_web::test]
async fn cached_file_is_not_sent_again() {
    let accepted = (ACCEPT_ENCODING, "br");
    let first = get(WASM, std::slice::from_ref(&accepted)).unwrap();
    let tag = header(&first, ETAG).to_owned();
    assert!(tag.starts_with('"') && tag.ends_with("-br\""), "{tag}");
    for known in [&tag, &format!("W/{tag}, \"other\""), "*"] {
        let again = get(WASM, &[accepted.clone(), (IF_NONE_MATCH, known)]).unwrap();
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{known}");
        assert_eq!(header(&again, ETAG), tag);
        assert_eq!(header(&again, CONTENT_TYPE), "application/wasm");
        assert_eq!(header(&again, CACHE_CONTROL), "public, max-age=31536000, immutable");
        assert_eq!(header(&again, CONTENT_ENCODING), "");
        assert_eq!(text(again).await, "");
    }
    let other_encoding = get(WASM, &[(ACCEPT_ENCODING, "gzip"), (IF_NONE_MATCH, &tag)]).unwrap();
    assert_eq!(other_encoding.status(), StatusCode::OK);
}

#[actix_web::test]
async fn browser_gets_chat_page_for_unknown_path() {
    let accepted = (ACCEPT, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");
    let response = get("/no/such/page", &[accepted, (IF_NONE_MATCH, "*")]).unwrap();
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(header(&response, CONTENT_TYPE), "text/html; charset=utf-8");
    assert_eq!(text(response).await, "<!DOCTYPE html>");
}

#[actix_web::test]
async fn program_gets_no_page_for_unknown_path() {
    for accepted in ["*/*", "application/json", "text/html;q=0, */*", ""] {
        assert!(get("/no/such/page", &[(ACCEPT, accepted)]).is_none(), "{accepted}");
    }
    assert!(get("/no/such/page", &[]).is_none());
    let post = TestRequest::post().uri(WASM).to_http_request();
    assert!(response::file_or_missing(&post, fixture).is_none());
}

#[actix_web::test]
async fn missing_client_build_is_explained() {
    let page = response::page(&TestRequest::with_uri("/").to_http_request(), Program::Chat, empty_fixture);
    assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(text(page).await.contains("cargo xtask build"));
}

#[actix_web::test]
async fn files_outside_dist_are_not_served() {
    for path in ["../Cargo.toml", "..%2fCargo.toml", "/etc/passwd", ""] {
        assert!(load_file(path).is_none(), "{path}");
    }
}

/// Over a real connection, because the connection omits the body.
#[actix_web::test]
async fn head_response_has_length_but_no_body() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let page = |request: HttpRequest| std::future::ready(response::page(&request, Program::Chat, fixture));
    let server = HttpServer::new(move || App::new().route("/", web::head().to(page)));
    let server = server.workers(1).disable_signals().listen(listener).unwrap().run();
    let handle = server.handle();
    actix_web::rt::spawn(server);

    let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = b"HEAD / HTTP/1.1\r\nhost: localhost\r\naccept-encoding: br\r\nconnection: close\r\n\r\n";
    connection.write_all(request).await.unwrap();
    let mut response = String::new();
    connection.read_to_string(&mut response).await.unwrap();
    assert!(response.contains("content-length: 11\r\n") && response.ends_with("\r\n\r\n"), "{response}");
    handle.stop(false).await;
}
