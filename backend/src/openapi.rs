//! The API as an OpenAPI document: what each handler says of itself, and beside it what the table of routes knows.

mod bounds;
mod refusals;

use std::sync::LazyLock;

use shared::problem::Problem;
use utoipa::{
    OpenApi,
    openapi::{
        Components, Content, HttpMethod, InfoBuilder, OpenApi as Document, RefOr, Required,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn},
        schema::{KnownFormat, Object, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type},
        security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme},
    },
};

use crate::{
    auth::access::{Access, Actor, Verdict},
    routes::{ROUTES, table::Route},
};

/// Who answers with the client: that is no part of the API.
const PAGES: [&str; 2] = ["pages::chat", "pages::account"];
const TOKEN: &str = "token";
const JSON: &str = "application/json";
/// In which the same fields may come, as far as they are no objects.
const FORMS: [&str; 2] = ["application/x-www-form-urlencoded", "multipart/form-data"];
const ABOUT: &str = "Every path is answered with and without its slash at the end. Whatever is refused is answered with a \
    problem document (RFC 9457), whose `code` programs act on. What happens in chats is told at the socket.";

#[derive(OpenApi)]
#[openapi(components(schemas(Problem)))]
struct Common;

/// The document, in JSON.
pub fn document() -> &'static str {
    static DOCUMENT: LazyLock<String> =
        LazyLock::new(|| without_links(&describe().to_json().unwrap_or_default()));
    &DOCUMENT
}

/// What rustdoc makes links of stays as the name of a thing.
fn without_links(described: &str) -> String {
    let names = described.replace("[`", "`");
    let mut parts = names.split("`]");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let rest =
            part.strip_prefix('(').and_then(|link| link.split_once(')')).map_or(part, |(_, rest)| rest);
        text + "`" + rest
    })
}

fn describe() -> Document {
    let mut document = Common::openapi();
    document.info = InfoBuilder::new().title("Chatire").version("1").description(Some(ABOUT)).build();
    for route in ROUTES.iter().filter(|route| !PAGES.contains(&route.handler)) {
        let Document { paths, components, .. } = (route.described)();
        let mut types = components.unwrap_or_default();
        for path in paths.paths.keys() {
            let described = paths.get_path_operation(path, method(route.method)).cloned();
            let operation = complete(described.unwrap_or_default(), route, &mut types);
            document.paths.add_path_operation(written(path, route), vec![method(route.method)], operation);
        }
        document.components.get_or_insert_default().schemas.extend(types.schemas);
    }
    let components = document.components.get_or_insert_default();
    components.responses = refusals::all().collect();
    components.add_security_scheme(TOKEN, token());
    document
}

/// The path as its handler writes it, unless it is a second name for the same.
fn written(path: &str, route: &Route) -> String {
    if path.trim_end_matches('/') == route.path { path.to_owned() } else { format!("{}/", route.path) }
}

fn complete(mut operation: Operation, route: &Route, types: &mut Components) -> Operation {
    name(&mut operation, route);
    allow(&mut operation, route.access);
    take(&mut operation, route.path, types);
    refusals::add(&mut operation, route);
    operation
}

fn name(operation: &mut Operation, route: &Route) {
    let (noun, _) = route.handler.split_once("::").unwrap_or_default();
    operation.tags = Some(vec![noun.replace('_', " ")]);
    operation.operation_id = Some(format!("{} {}", route.method, route.path));
}

/// Says who may.
fn allow(operation: &mut Operation, access: Access) {
    let token = || SecurityRequirement::new(TOKEN, [""; 0]);
    operation.security = match access.may(Actor::Anonymous) {
        Verdict::NotSignedIn => Some(vec![token()]),
        _ if access == Access::Visiting => Some(vec![SecurityRequirement::default(), token()]),
        _ => None,
    };
    let said = operation.description.take().map(|said| said + "\n\n").unwrap_or_default();
    operation.description = Some(format!("{said}For {}.", who(access)));
}

const fn who(access: Access) -> &'static str {
    match access {
        Access::Anyone => "everybody",
        Access::Visiting => "everybody who is not banned from the chat",
        Access::SignedIn => "everybody who is signed in",
        Access::Account => "everybody with an account",
        Access::Proven => "everybody with an account who has shown lately that it is theirs",
        Access::ProvenOrGuest => {
            "guests, and everybody with an account who has shown lately that it is theirs"
        }
        Access::GuestOnly => "guests",
        Access::Joining => "everybody whom the chat lets in",
        Access::Leaving => "everybody who is in the chat or waits to be, but for its owner",
        Access::Reader => "everybody who is in the chat",
        Access::Writer => "those in the chat who may say something",
        Access::Moderator => "the owner and the moderators of the chat",
        Access::Owner => "the owner of the chat",
    }
}

/// Says what the path names, in which forms a body may come, and what its values may be.
fn take(operation: &mut Operation, path: &str, types: &mut Components) {
    let parameters = operation.parameters.get_or_insert_default();
    for parameter in &mut *parameters {
        if let RefOr::T(Parameter { name, schema: Some(schema), .. }) = parameter {
            bounds::add(name, schema);
        }
    }
    let named = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    parameters.extend(named.map(|name| RefOr::T(parameter(name))));
    let Some(RefOr::T(body)) = &mut operation.request_body else { return };
    let Some(content) = body.content.get(JSON).cloned() else { return };
    let Some(Object { properties: fields, required, .. }) = of_body(&content, types) else { return };
    // Nothing at all says what an object without fields says.
    body.required = (!required.is_empty()).then_some(Required::True);
    if !fields.values().any(|field| is(field, &SchemaType::AnyValue)) {
        body.content.extend(FORMS.map(|form| (form.to_owned(), content.clone())));
    }
    for (name, field) in fields {
        bounds::add(name, field);
    }
}

/// The type of a body, unless it is one of several.
fn of_body<'a>(content: &RefOr<Content>, types: &'a mut Components) -> Option<&'a mut Object> {
    let RefOr::T(Content { schema: Some(RefOr::Ref(name)), .. }) = content else { return None };
    let name = name.ref_location.rsplit('/').next()?;
    let Some(RefOr::T(Schema::Object(body))) = types.schemas.get_mut(name) else { return None };
    Some(body)
}

fn is(field: &RefOr<Schema>, kind: &SchemaType) -> bool {
    matches!(field, RefOr::T(Schema::Object(field)) if field.schema_type == *kind)
}

fn parameter(name: &str) -> Parameter {
    let (description, kind, format) = match name {
        "uri" => ("The address of the chat, or the secret of a link into it.", Type::String, None),
        "seq" => ("The place of the message.", Type::Integer, Some(KnownFormat::Int64)),
        "user_id" => ("The number of the person.", Type::Integer, Some(KnownFormat::Int64)),
        "link_id" => ("The number of the link.", Type::Integer, Some(KnownFormat::Int64)),
        "avatar_id" => ("What a person's `avatar` says.", Type::String, None),
        "file" => ("Its name.", Type::String, None),
        _ => ("Its `id`.", Type::String, Some(KnownFormat::Uuid)),
    };
    let schema = ObjectBuilder::new().schema_type(kind).format(format.map(SchemaFormat::KnownFormat));
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}

fn token() -> SecurityScheme {
    let about = "`JWT <token>`, with the token that signing in gives. It is good for fifteen minutes.";
    SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description("Authorization", about)))
}

fn method(name: &str) -> HttpMethod {
    match name {
        "HEAD" => HttpMethod::Head,
        "POST" => HttpMethod::Post,
        "PUT" => HttpMethod::Put,
        "PATCH" => HttpMethod::Patch,
        "DELETE" => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_route_of_the_api_is_described_with_what_comes_of_it() {
        let described = describe();
        let mut methods = BTreeSet::new();
        for route in ROUTES.iter().filter(|route| !PAGES.contains(&route.handler)) {
            let paths = (route.described)().paths;
            assert!(
                paths.paths.keys().all(|path| paths.get_path_operation(path, method(route.method)).is_some()),
                "{route:?}"
            );
            let path = [route.path.to_owned(), format!("{}/", route.path)];
            let operation =
                path.iter().find_map(|path| described.paths.get_path_operation(path, method(route.method)));
            let operation = operation.unwrap_or_else(|| panic!("{route:?} is not described"));
            assert!(operation.summary.is_some() && operation.responses.responses.len() > 4, "{route:?}");
            assert!(methods.insert(operation.operation_id.clone()), "{route:?} is described twice");
        }
    }

    #[test]
    fn links_of_rustdoc_are_names() {
        let text = "See [`check`](crate::check), or [`Other`] (the other).";
        assert_eq!(without_links(text), "See `check`, or `Other` (the other).");
    }
}
