//! Creates and uses passkeys through the browser's API (WebAuthn, level 3).

use js_sys::{Function, JSON, Object, Promise, Reflect};
use leptos::prelude::window;
use serde_json::Value;
use shared::passkey::PasskeyAssertion;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::{
    api::{RequestError, account as calls},
    session::Session,
};

/// Passkeys need https, a host that is no IP address, and a browser with the JSON methods of level 3.
pub fn is_supported() -> bool {
    let host = window().location().hostname().unwrap_or_default();
    !is_ip_address(&host) && options_parser("parseRequestOptionsFromJSON").is_some()
}

/// As in the URL standard: a host whose last label is a number is an IPv4 address.
fn is_ip_address(host: &str) -> bool {
    host.ends_with(']') || host.rsplit('.').next().is_some_and(|label| label.parse::<u8>().is_ok())
}

/// Creates a passkey; `None` if the user cancels.
pub async fn create(options: &Value) -> Option<Value> {
    call_credentials("create", "parseCreationOptionsFromJSON", options).await
}

/// Lets the user choose a passkey of this server; `None` if they cancel.
pub async fn get_assertion(session: Session) -> Result<Option<PasskeyAssertion<Value>>, RequestError> {
    let challenge = session.send(calls::create_passkey_challenge()).await?;
    let credential = call_credentials("get", "parseRequestOptionsFromJSON", &challenge.options).await;
    Ok(credential.map(|credential| PasskeyAssertion { challenge: challenge.id, credential }))
}

/// Calls `navigator.credentials.<method>()`.
async fn call_credentials(method: &str, parser_name: &str, options: &Value) -> Option<Value> {
    let (class, parse) = options_parser(parser_name)?;
    let options = JSON::parse(&options.to_string()).ok()?;
    let argument = Object::new();
    Reflect::set(&argument, &"publicKey".into(), &parse.call1(&class, &options).ok()?).ok()?;
    let credentials = Reflect::get(&window().navigator(), &"credentials".into()).ok()?;
    let method = Reflect::get(&credentials, &method.into()).ok()?.dyn_into::<Function>().ok()?;
    let promise = method.call1(&credentials, &argument).ok()?.dyn_into::<Promise>().ok()?;
    let credential = JsFuture::from(promise).await.ok()?;
    serde_json::from_str(&String::from(JSON::stringify(&credential).ok()?)).ok()
}

/// A static method of `PublicKeyCredential`, with the class to call it on; `None` if the browser has no such method.
fn options_parser(name: &str) -> Option<(JsValue, Function)> {
    let class = Reflect::get(&window(), &"PublicKeyCredential".into()).ok()?;
    let parse = Reflect::get(&class, &name.into()).ok()?.dyn_into().ok()?;
    Some((class, parse))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ip_addresses_are_told_from_host_names() {
        assert!(["127.0.0.1", "192.168.0.17", "[::1]"].into_iter().all(is_ip_address));
        assert!(!["localhost", "chat1", "chat.example.org", "10.example"].into_iter().any(is_ip_address));
    }
}
