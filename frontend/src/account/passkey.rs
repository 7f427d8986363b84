//! Passkeys as the browser makes and shows them (WebAuthn, level 3). Whoever changes their mind is no fault.

use js_sys::{Function, JSON, Object, Promise, Reflect};
use leptos::prelude::window;
use serde_json::Value;
use shared::passkey::ShowPasskey;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::{
    api::{Trouble, account as calls},
    session::Session,
};

/// Whether this browser has them here: not without https, and not in browsers of some years ago.
pub fn are_there() -> bool {
    reader("parseRequestOptionsFromJSON").is_some()
}

/// Makes one; nothing if the person lets it be.
pub async fn make(options: &Value) -> Option<Value> {
    ask("create", "parseCreationOptionsFromJSON", options).await
}

/// Lets the person show one that they have for this server; nothing if they let it be.
pub async fn show(session: Session) -> Result<Option<ShowPasskey<Value>>, Trouble> {
    let asked = session.ask(calls::challenge()).await?;
    let shown = ask("get", "parseRequestOptionsFromJSON", &asked.options).await;
    Ok(shown.map(|credential| ShowPasskey { challenge: asked.id, credential }))
}

async fn ask(verb: &str, reader_name: &str, options: &Value) -> Option<Value> {
    let (class, read) = reader(reader_name)?;
    let options = JSON::parse(&options.to_string()).ok()?;
    let wanted = Object::new();
    Reflect::set(&wanted, &"publicKey".into(), &read.call1(&class, &options).ok()?).ok()?;
    let keeper = Reflect::get(&window().navigator(), &"credentials".into()).ok()?;
    let asked = Reflect::get(&keeper, &verb.into()).ok()?.dyn_into::<Function>().ok()?;
    let asked = asked.call1(&keeper, &wanted).ok()?.dyn_into::<Promise>().ok()?;
    let credential = JsFuture::from(asked).await.ok()?;
    serde_json::from_str(&String::from(JSON::stringify(&credential).ok()?)).ok()
}

/// What reads the options of the server, and the class that it belongs to; nothing where that is not there.
fn reader(name: &str) -> Option<(JsValue, Function)> {
    let class = Reflect::get(&window(), &"PublicKeyCredential".into()).ok()?;
    let read = Reflect::get(&class, &name.into()).ok()?.dyn_into().ok()?;
    Some((class, read))
}
