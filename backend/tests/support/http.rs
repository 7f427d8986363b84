//! An HTTP client whose responses are checked against the OpenAPI document and the security headers.

use std::{
    future::{Future, IntoFuture},
    net::SocketAddr,
    pin::Pin,
};

use backend::file_storage::install_tls_provider;
use reqwest::{Client, Method, RequestBuilder, Response, header, header::HeaderMap, multipart};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use shared::{
    paths,
    problem::{Problem, ProblemCode},
};
use tokio::time::timeout;

use super::{TEST_TIMEOUT, log_capture, openapi};

/// Headers of every response.
const SECURITY_HEADERS: [(&str, &str); 2] =
    [("x-content-type-options", "nosniff"), ("cross-origin-resource-policy", "same-origin")];
/// Headers of pages alone.
const PAGE_HEADERS: [(&str, &str); 4] = [
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("x-robots-tag", "noindex"),
];
/// The `set-cookie` header that clears the refresh cookie.
pub const CLEARED_COOKIE: &str = "chatire_refresh=; HttpOnly; SameSite=Strict; Path=/auth/jwt/; Max-Age=0";

const PAGE_DIRECTIVES: [&str; 4] =
    ["default-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"];

#[track_caller]
pub fn assert_security_headers(request: &str, headers: &HeaderMap) {
    let header = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap());
    for (name, value) in SECURITY_HEADERS {
        assert_eq!(header(name), value, "{name} of {request}");
    }
    assert!(!header("cache-control").is_empty(), "{request}: no cache-control");
    let is_page = header("content-type").starts_with("text/html");
    for (name, value) in PAGE_HEADERS {
        assert_eq!(header(name), if is_page { value } else { "" }, "{name} of {request}");
    }
    let policy = header("content-security-policy");
    if !is_page {
        return assert_eq!(policy, "default-src 'none'; frame-ancestors 'none'", "{request}");
    }
    for directive in PAGE_DIRECTIVES {
        assert!(
            policy.split(';').any(|found| found.trim() == directive),
            "{request}: {directive} is missing from {policy}"
        );
    }
    assert!(!policy.contains("'unsafe-inline'") && !policy.contains("'unsafe-eval'"), "{request}: {policy}");
}

#[derive(Clone)]
pub struct HttpClient {
    client: Client,
    pub address: String,
}

/// A request; `.await` sends it.
pub struct ApiRequest {
    label: String,
    request: RequestBuilder,
}

pub struct ApiResponse {
    /// Method and path of the request.
    label: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl HttpClient {
    pub fn new(address: SocketAddr) -> Self {
        install_tls_provider();
        Self { client: Client::builder().no_proxy().build().unwrap(), address: address.to_string() }
    }

    pub fn request(&self, method: &Method, path: &str) -> ApiRequest {
        let request = self.client.request(method.clone(), format!("http://{}{path}", self.address));
        ApiRequest { label: format!("{method} {path}"), request }
    }

    pub fn get(&self, path: &str) -> ApiRequest {
        self.request(&Method::GET, path)
    }

    pub fn post(&self, path: &str) -> ApiRequest {
        self.request(&Method::POST, path)
    }
}

impl ApiRequest {
    pub fn header(self, name: &str, value: &str) -> Self {
        Self { request: self.request.header(name, value), ..self }
    }

    pub fn json(self, body: &impl Serialize) -> Self {
        Self { request: self.request.json(body), ..self }
    }

    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        Self { request: self.request.form(fields), ..self }
    }

    pub fn multipart(self, fields: &[(&str, &str)]) -> Self {
        let form = fields.iter().fold(multipart::Form::new(), |form, (name, value)| {
            form.text((*name).to_owned(), (*value).to_owned())
        });
        Self { request: self.request.multipart(form), ..self }
    }

    /// Sets any bytes with any content type.
    pub fn body(self, content_type: &str, bytes: impl Into<reqwest::Body>) -> Self {
        Self { request: self.request.header(header::CONTENT_TYPE, content_type).body(bytes), ..self }
    }

    /// Asserts that the request is rejected as busy, in time and with a retry time.
    pub async fn assert_retry_later(self) {
        let response: ApiResponse = timeout(TEST_TIMEOUT, self).await.expect("response in time");
        let seconds: u64 = response.header("retry-after").parse().unwrap_or_else(|_| panic!("{response:?}"));
        assert_eq!(response.assert_problem(ProblemCode::Busy).retry_after, Some(seconds));
    }

    /// Sends the request and leaves the response body unread; connection errors are returned.
    pub async fn open(self) -> Result<Response, reqwest::Error> {
        self.request.send().await
    }
}

impl IntoFuture for ApiRequest {
    type Output = ApiResponse;
    type IntoFuture = Pin<Box<dyn Future<Output = ApiResponse> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { label, request } = self;
        Box::pin(async move {
            let (client, request) = request.build_split();
            let request = request.unwrap();
            record(request.headers(), request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default());
            let response = client.execute(request).await.unwrap_or_else(|error| panic!("{label}: {error:?}"));
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            assert_security_headers(&label, &headers);
            let text = response.text().await.unwrap_or_else(|error| panic!("{label}: {error:?}"));
            openapi::assert_documented(&label, status, &headers, &text);
            // The API document is public, and logs may use its words.
            if status < 400 && !label.contains(paths::OPENAPI) {
                record(&headers, text.as_bytes());
            }
            ApiResponse { label, status, headers, text }
        })
    }
}

impl ApiResponse {
    #[track_caller]
    pub fn assert_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// Asserts that the response is a problem document with this code and the status of the code.
    #[track_caller]
    pub fn assert_problem(self, code: ProblemCode) -> Problem {
        let problem: Problem = self.json();
        assert_eq!(
            (problem.code, problem.status, self.status),
            (code, code.status(), code.status()),
            "{self:?}"
        );
        assert_eq!((problem.kind.as_str(), problem.title.is_empty()), ("about:blank", false), "{self:?}");
        problem
    }

    #[track_caller]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    #[track_caller]
    pub fn value(&self) -> Value {
        self.json()
    }

    /// Value of a header; empty if it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Value and attributes of a cookie that the response sets.
    #[track_caller]
    pub fn cookie(&self, name: &str) -> (String, String) {
        self.find_cookie(name).unwrap_or_else(|| panic!("{name} is not set: {self:?}"))
    }

    pub fn find_cookie(&self, name: &str) -> Option<(String, String)> {
        let mut set = self.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
        let (value, rest) = set.find_map(|set| set.strip_prefix(&format!("{name}=")))?.split_once("; ")?;
        Some((value.to_owned(), rest.to_owned()))
    }

    /// The `cookie` header that a browser sends to `/auth/jwt/` after this response.
    #[track_caller]
    pub fn cookies(&self) -> String {
        format!("chatire_refresh={}; chatire_browser={}", self.cookie("chatire_refresh").0, self.browser_id())
    }

    /// The `cookie` header with the refresh cookie alone.
    #[track_caller]
    pub fn refresh_cookie(&self) -> String {
        format!("chatire_refresh={}", self.cookie("chatire_refresh").0)
    }

    #[track_caller]
    pub fn browser_id(&self) -> String {
        self.cookie("chatire_browser").0
    }
}

impl std::fmt::Debug for ApiResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} -> {} {}", self.label, self.status, self.text)
    }
}

/// Records what must not appear in a log.
fn record(headers: &HeaderMap, body: &[u8]) {
    for name in ["authorization", "cookie", "set-cookie"] {
        for value in headers.get_all(name) {
            log_capture::record(&String::from_utf8_lossy(value.as_bytes()));
        }
    }
    log_capture::record(&String::from_utf8_lossy(body));
}

/// Sorted names of the fields of a JSON object.
#[track_caller]
pub fn field_names(value: &Value) -> Vec<&str> {
    let mut names: Vec<_> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}
