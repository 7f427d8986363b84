//! The macros of the route table. A route is declared once for the server, the `Allow` header, the OpenAPI document and the
//! tests.

use actix_web::{
    HttpRequest, HttpResponse, Resource, ResponseError,
    body::MessageBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    guard::fn_guard,
    http::{
        Method,
        header::{ALLOW, HeaderValue},
    },
    middleware::from_fn,
    web,
};
use shared::problem::ProblemCode;

use crate::{
    auth::policy::access::Policy,
    error::{ApiError, Rejection},
    http::middleware::request_timeout,
};

/// One method of a path. HEAD belongs to GET.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    pub method: &'static str,
    /// Without a trailing slash.
    pub path: &'static str,
    /// As in `shared::paths`.
    pub documented_path: &'static str,
    /// `module::function`.
    pub handler: &'static str,
    pub policy: Policy,
    /// The OpenAPI description of the handler and its types.
    pub openapi: fn() -> utoipa::openapi::OpenApi,
}

/// A command of the WebSocket, by the `type` of its frame.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    pub name: &'static str,
    pub policy: Policy,
}

/// Defines `ROUTES` and `configure` from rows of path, methods, handler and policy. The path is a constant of
/// `shared::paths`, and is named once for all its handlers. The last row is the fallback.
macro_rules! routes {
    (
        $([$path:ident] $($($method:ident)|+ $module:ident::$handler:ident $policy:ident)+)+
        _ _ $fallback_module:ident::$fallback:ident Anyone
    ) => {
        /// Every method of every path.
        pub const ROUTES: &[$crate::api::route_table::Route] = &[$($($($crate::api::route_table::Route {
            method: stringify!($method),
            path: $crate::api::route_table::without_trailing_slash(shared::paths::$path),
            documented_path: shared::paths::$path,
            handler: concat!(stringify!($module), "::", stringify!($handler)),
            policy: $crate::auth::policy::access::Policy::$policy,
            openapi: {
                #[derive(utoipa::OpenApi)]
                #[openapi(paths($module::$handler))]
                struct Described;
                <Described as utoipa::OpenApi>::openapi
            },
        },)+)+)+];

        pub fn configure(config: &mut actix_web::web::ServiceConfig) {
            use actix_web::{http::Method, web};
            use $crate::api::route_table;
            $(config.service(
                route_table::resource(shared::paths::$path, &[$($(stringify!($method)),+),+])
                    $($(.route(route_table::route(Method::$method).to($module::$handler)))+)+
            );)+
            config.default_service(web::to($fallback_module::$fallback));
        }
    };
}

/// Defines `COMMANDS` and `policy_for` from rows of frame and policy. A frame without a row does not compile.
macro_rules! commands {
    ($($frame:ident $policy:ident)+) => {
        /// Every command of the WebSocket.
        pub const COMMANDS: &[$crate::api::route_table::Command] = &[$($crate::api::route_table::Command {
            name: stringify!($frame),
            policy: $crate::auth::policy::access::Policy::$policy,
        },)+];

        pub const fn policy_for(frame: &shared::socket::ClientFrame) -> $crate::auth::policy::access::Policy {
            match frame {
                $(shared::socket::ClientFrame::$frame { .. } => $crate::auth::policy::access::Policy::$policy,)+
            }
        }
    };
}

pub(super) use {commands, routes};

pub(super) const fn without_trailing_slash(path: &'static str) -> &'static str {
    match path.as_bytes() {
        [_, .., b'/'] => path.split_at(path.len() - 1).0,
        _ => path,
    }
}

/// A route for a method. GET includes HEAD (RFC 9110, section 9.1): the server leaves the body out.
pub(super) fn route(method: Method) -> actix_web::Route {
    web::route().guard(fn_guard(move |context| {
        let requested = &context.head().method;
        *requested == method || (*requested == Method::HEAD && method == Method::GET)
    }))
}

/// A resource that answers OPTIONS with the list of the allowed methods, and other methods with 405 and that list.
pub(super) fn resource(
    path: &'static str,
    methods: &[&str],
) -> Resource<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    let allowed = HeaderValue::try_from(methods.join(", ").replace("GET", "GET, HEAD") + ", OPTIONS").ok();
    let resource = web::resource(without_trailing_slash(path)).wrap(from_fn(request_timeout::enforce));
    resource.default_service(web::to(move |request| {
        let allowed = allowed.clone();
        async move { other_method(&request, allowed) }
    }))
}

fn other_method(request: &HttpRequest, allowed: Option<HeaderValue>) -> HttpResponse {
    let mut response = if *request.method() == Method::OPTIONS {
        HttpResponse::NoContent().finish()
    } else {
        let detail = format!("Method \"{}\" not allowed.", request.method());
        ApiError::from(Rejection::new(ProblemCode::MethodNotAllowed).detail(detail)).error_response()
    };
    if let Some(allowed) = allowed {
        response.headers_mut().insert(ALLOW, allowed);
    }
    response
}
