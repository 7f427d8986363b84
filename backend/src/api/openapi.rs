//! The OpenAPI document, from the descriptions of the handlers and the route table.

mod bounds;
mod error_responses;

use shared::problem::Problem;
use utoipa::{
    OpenApi,
    openapi::{
        Components, Content, HttpMethod, InfoBuilder, OpenApi as Document, RefOr, Required,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn},
        schema::{KnownFormat, Object, ObjectBuilder, Schema, SchemaFormat, Type},
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

use crate::{
    api::route_table::Route,
    auth::policy::access::{Decision, Policy, Principal},
};

/// The handlers of client pages, which are not part of the API.
const PAGES: [&str; 2] = ["pages::chat", "pages::account"];
const TOKEN: &str = "token";
const JSON: &str = "application/json";
const ABOUT: &str = "Every path works with and without its trailing slash. A request body in JSON may also be sent as a form \
    (`application/x-www-form-urlencoded` or `multipart/form-data`) with the same fields. HEAD is answered like GET, without the \
    body. Errors are problem documents (RFC 9457) with a `code` for programs. Changes in chats are sent over the WebSocket.";

#[derive(OpenApi)]
#[openapi(components(schemas(Problem)))]
struct Common;

/// The document in JSON.
pub fn document(routes: &[Route]) -> String {
    remove_rustdoc_links(&describe(routes).to_json().unwrap_or_default())
}

/// Replaces rustdoc links by their text.
fn remove_rustdoc_links(json: &str) -> String {
    let names = json.replace("[`", "`");
    let mut parts = names.split("`]");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let rest =
            part.strip_prefix('(').and_then(|link| link.split_once(')')).map_or(part, |(_, rest)| rest);
        text + "`" + rest
    })
}

fn describe(routes: &[Route]) -> Document {
    let mut document = Common::openapi();
    document.info = InfoBuilder::new().title("Chatire").version("1").description(Some(ABOUT)).build();
    for route in routes.iter().filter(|route| !PAGES.contains(&route.handler)) {
        let Document { paths, components, .. } = (route.openapi)();
        let mut types = components.unwrap_or_default();
        for path in paths.paths.keys() {
            let described = paths.get_path_operation(path, method(route.method)).cloned();
            let mut operation = complete(described.unwrap_or_default(), route, &mut types);
            if path != route.documented_path {
                operation.operation_id = operation.operation_id.map(|id| id + "Alias");
            }
            document.paths.add_path_operation(route.documented_path, vec![method(route.method)], operation);
        }
        document.components.get_or_insert_default().schemas.extend(types.schemas);
    }
    let components = document.components.get_or_insert_default();
    components.responses = error_responses::all().collect();
    components.add_security_scheme(TOKEN, token_scheme());
    document
}

fn complete(mut operation: Operation, route: &Route, types: &mut Components) -> Operation {
    add_tag(&mut operation, route);
    add_policy(&mut operation, route.policy);
    add_parameters(&mut operation, route.path);
    complete_body(&mut operation, types);
    error_responses::add(&mut operation, route);
    operation
}

fn add_tag(operation: &mut Operation, route: &Route) {
    let (module, _) = route.handler.split_once("::").unwrap_or_default();
    operation.tags = Some(vec![module.replace('_', " ")]);
}

fn add_policy(operation: &mut Operation, policy: Policy) {
    let token = || SecurityRequirement::new(TOKEN, [""; 0]);
    operation.security = match policy.decide(Principal::Anonymous) {
        Decision::Unauthenticated => Some(vec![token()]),
        _ if policy == Policy::NotBanned => Some(vec![SecurityRequirement::default(), token()]),
        _ => None,
    };
    let text = operation.description.take().map(|text| text + "\n\n").unwrap_or_default();
    operation.description = Some(format!("{text}Allowed: {}.", describe_policy(policy)));
}

const fn describe_policy(policy: Policy) -> &'static str {
    match policy {
        Policy::Anyone => "everyone",
        Policy::NotBanned => "everyone who is not banned from the chat",
        Policy::Authenticated => "authenticated users",
        Policy::Account => "users with an account",
        Policy::RecentlyAuthenticated => "users with an account who re-authenticated recently",
        Policy::RecentlyAuthenticatedOrGuest => {
            "guests, and users with an account who re-authenticated recently"
        }
        Policy::GuestOnly => "guests",
        Policy::CanJoin => "authenticated users who may join the chat",
        Policy::CanLeave => "members, and users with a pending join request",
        Policy::Reader => "members of the chat",
        Policy::Writer => "members of the chat who may write",
        Policy::Moderator => "the owner and the moderators of the chat",
        Policy::Owner => "the owner of the chat",
        Policy::CanExport => "the owner of the chat, and all members where the owner allows it",
    }
}

/// Adds the parameters of the path, and the bounds of all parameters.
fn add_parameters(operation: &mut Operation, path: &str) {
    let parameters = operation.parameters.get_or_insert_default();
    for parameter in &mut *parameters {
        if let RefOr::T(Parameter { name, schema: Some(schema), .. }) = parameter {
            bounds::add(name, schema);
        }
    }
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    parameters.extend(names.map(|name| RefOr::T(path_parameter(name))));
}

/// Adds whether the body is required, and the bounds of its fields. Forms are left out: generators of clients make one class for
/// each content type, with the same name.
fn complete_body(operation: &mut Operation, types: &mut Components) {
    let Some(RefOr::T(body)) = &mut operation.request_body else { return };
    let Some(content) = body.content.get(JSON) else { return };
    let Some(Object { properties: fields, required, .. }) = body_type(content, types) else { return };
    // An empty body is equal to an object without fields.
    body.required = (!required.is_empty()).then_some(Required::True);
    for (name, field) in fields {
        bounds::add(name, field);
    }
}

/// The type of a body, unless it is a union.
fn body_type<'a>(content: &RefOr<Content>, types: &'a mut Components) -> Option<&'a mut Object> {
    let RefOr::T(Content { schema: Some(RefOr::Ref(name)), .. }) = content else { return None };
    let name = name.ref_location.rsplit('/').next()?;
    let Some(RefOr::T(Schema::Object(body))) = types.schemas.get_mut(name) else { return None };
    Some(body)
}

fn path_parameter(name: &str) -> Parameter {
    let (description, kind, format) = match name {
        "uri" => ("The URI of the chat, or the secret of an invite link.", Type::String, None),
        "seq" => ("The sequence number of the message.", Type::Integer, Some(KnownFormat::Int64)),
        "emoji" => ("One emoji, percent-encoded.", Type::String, None),
        "user_id" => ("The id of the user.", Type::Integer, Some(KnownFormat::Int64)),
        "link_id" => ("The id of the invite link.", Type::Integer, Some(KnownFormat::Int64)),
        "avatar_id" => ("The value of a user's `avatar`.", Type::String, None),
        "file" => ("The file name.", Type::String, None),
        _ => ("The `id`.", Type::String, Some(KnownFormat::Uuid)),
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

fn token_scheme() -> SecurityScheme {
    let about = "The token from a sign-in. The schemes `JWT` and `Token` mean the same as `Bearer`.";
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
    SecurityScheme::Http(scheme.description(Some(about)).build())
}

fn method(name: &str) -> HttpMethod {
    match name {
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
    use crate::api::routes::ROUTES;

    #[test]
    fn every_api_route_is_described() {
        let document = describe(ROUTES);
        let mut ids = BTreeSet::new();
        for route in ROUTES.iter().filter(|route| !PAGES.contains(&route.handler)) {
            let paths = (route.openapi)().paths;
            assert!(
                paths.paths.keys().all(|path| paths.get_path_operation(path, method(route.method)).is_some()),
                "{route:?}"
            );
            let operation = document.paths.get_path_operation(route.documented_path, method(route.method));
            let operation = operation.unwrap_or_else(|| panic!("{route:?} is not described"));
            assert!(operation.summary.is_some() && operation.responses.responses.len() > 4, "{route:?}");
            let id = operation.operation_id.clone().unwrap_or_default();
            let is_camel_case = id.starts_with(|c: char| c.is_ascii_lowercase())
                && id.contains(|c: char| c.is_ascii_uppercase())
                && id.chars().all(|c| c.is_ascii_alphanumeric());
            assert!(is_camel_case, "{route:?} needs an operation_id of verb and object, not {id:?}");
            assert!(ids.insert(id), "{route:?} is described twice");
        }
    }

    /// The types of query parameters are not collected, so they must occur elsewhere as well.
    #[test]
    fn every_reference_has_a_component() {
        let document = serde_json::to_value(describe(ROUTES)).unwrap();
        let json = document.to_string();
        for reference in json.split(r##""$ref":"#"##).skip(1) {
            let (pointer, _) = reference.split_once('"').unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
    }

    #[test]
    fn request_bodies_have_one_content_type() {
        for operation in
            describe(ROUTES).paths.paths.into_values().flat_map(|item| [item.post, item.put, item.patch])
        {
            let Some(RefOr::T(body)) = operation.and_then(|operation| operation.request_body) else {
                continue;
            };
            assert_eq!(body.content.len(), 1);
        }
    }

    #[test]
    fn token_is_a_bearer_token() {
        let document = serde_json::to_value(describe(ROUTES)).unwrap();
        let scheme = &document["components"]["securitySchemes"][TOKEN];
        assert_eq!(
            (&scheme["type"], &scheme["scheme"], &scheme["bearerFormat"]),
            (&"http".into(), &"bearer".into(), &"JWT".into())
        );
    }

    #[test]
    fn rustdoc_links_become_plain_names() {
        let text = "See [`check`](crate::check), or [`Other`] (the other).";
        assert_eq!(remove_rustdoc_links(text), "See `check`, or `Other` (the other).");
    }
}
