//! What is asked of a server, and what it answers.

use std::{
    future::{Future, IntoFuture},
    net::SocketAddr,
    pin::Pin,
};

use reqwest::{Client, Method, RequestBuilder, Response, header, header::HeaderMap, multipart};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use shared::problem::{Problem, ProblemCode};

use crate::{documented, sent};

/// What every answer carries, whatever it says.
const PROMISED: [(&str, &str); 6] = [
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-robots-tag", "noindex"),
];
const POLICY: [&str; 4] =
    ["default-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"];

/// Looks at every answer that any test gets.
#[track_caller]
pub fn keeps_promises(what: &str, headers: &HeaderMap) {
    let header = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap());
    for (name, value) in PROMISED {
        assert_eq!(header(name), value, "{name} of {what}");
    }
    let policy = header("content-security-policy");
    for part in POLICY {
        assert!(
            policy.split(';').any(|found| found.trim() == part),
            "{what}: {part} is missing from {policy}"
        );
    }
    assert!(!policy.contains("'unsafe-inline'") && !policy.contains("'unsafe-eval'"), "{what}: {policy}");
    assert!(!header("cache-control").is_empty(), "{what}: nothing is said of keeping it");
}

/// The way to a server.
#[derive(Clone)]
pub struct Web {
    client: Client,
    pub address: String,
}

/// A request before it is sent, which `.await` does.
pub struct Call {
    what: String,
    request: RequestBuilder,
}

/// What came back.
pub struct Answer {
    what: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Web {
    pub fn new(address: SocketAddr) -> Self {
        Self { client: Client::builder().no_proxy().build().unwrap(), address: address.to_string() }
    }

    pub fn call(&self, method: &Method, path: &str) -> Call {
        let request = self.client.request(method.clone(), format!("http://{}{path}", self.address));
        Call { what: format!("{method} {path}"), request }
    }

    pub fn get(&self, path: &str) -> Call {
        self.call(&Method::GET, path)
    }

    pub fn post(&self, path: &str) -> Call {
        self.call(&Method::POST, path)
    }
}

impl Call {
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

    /// Any bytes under any content type.
    pub fn body(self, content_type: &str, bytes: impl Into<reqwest::Body>) -> Self {
        Self { request: self.request.header(header::CONTENT_TYPE, content_type).body(bytes), ..self }
    }

    /// Sends it, and reads only the head of what comes back; a connection that is not there is no fault of the test.
    pub async fn open(self) -> Result<Response, reqwest::Error> {
        self.request.send().await
    }
}

impl IntoFuture for Call {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { what, request } = self;
        Box::pin(async move {
            let (client, request) = request.build_split();
            let request = request.unwrap();
            note(request.headers(), request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default());
            let response = client.execute(request).await.unwrap_or_else(|error| panic!("{what}: {error:?}"));
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            keeps_promises(&what, &headers);
            let text = response.text().await.unwrap_or_else(|error| panic!("{what}: {error:?}"));
            documented::tells_of(&what, status, &headers, &text);
            if status < 400 {
                note(&headers, text.as_bytes());
            }
            Answer { what, status, headers, text }
        })
    }
}

impl Answer {
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// The problem of a refusal, whose status goes with its code.
    #[track_caller]
    pub fn refused(self, code: ProblemCode) -> Problem {
        let problem: Problem = self.read();
        assert_eq!(
            (problem.code, problem.status, self.status),
            (code, code.status(), code.status()),
            "{self:?}"
        );
        assert_eq!((problem.kind.as_str(), problem.title.is_empty()), ("about:blank", false), "{self:?}");
        problem
    }

    #[track_caller]
    pub fn read<T: DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    #[track_caller]
    pub fn value(&self) -> Value {
        self.read()
    }

    /// A header's value; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} -> {} {}", self.what, self.status, self.text)
    }
}

/// What is in them is for nobody's log.
fn note(headers: &HeaderMap, body: &[u8]) {
    for name in ["authorization", "cookie", "set-cookie"] {
        for value in headers.get_all(name) {
            sent::note(&String::from_utf8_lossy(value.as_bytes()));
        }
    }
    sent::note(&String::from_utf8_lossy(body));
}

/// The names of an object's fields, in order.
#[track_caller]
pub fn fields(value: &Value) -> Vec<&str> {
    let mut names: Vec<_> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}
