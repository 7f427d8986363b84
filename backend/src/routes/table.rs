//! How the tables are read: what is declared once is what the server answers, what it says of other methods, and what the
//! tests walk through.

use actix_web::{
    HttpRequest, HttpResponse, Resource, ResponseError,
    body::MessageBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    http::header::{ALLOW, HeaderValue},
    middleware::from_fn,
    web,
};
use shared::problem::ProblemCode;

use super::ROUTES;
use crate::{
    auth::access::Access,
    deadline,
    problem::{Error, Refusal},
};

/// A method of a path.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    pub method: &'static str,
    pub path: &'static str,
    /// Who answers it: `noun::handler`.
    pub handler: &'static str,
    pub access: Access,
    /// What the handler says of itself, and the types that it speaks of.
    pub described: fn() -> utoipa::openapi::OpenApi,
}

/// A command of the socket, by the `type` of its frame.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    pub name: &'static str,
    pub access: Access,
}

/// Makes [`ROUTES`] and `configure` of rows that say path, methods, handler and who may. A path with several handlers is
/// named once. The last row is for all that is none of these.
macro_rules! routes {
    (
        $($path:literal $($($method:ident)|+ $noun:ident::$handler:ident $who:ident)+)+
        _ _ $other:ident::$otherwise:ident Anyone
    ) => {
        /// Every method of every path.
        pub const ROUTES: &[$crate::routes::table::Route] = &[$($($($crate::routes::table::Route {
            method: stringify!($method),
            path: $path,
            handler: concat!(stringify!($noun), "::", stringify!($handler)),
            access: $crate::auth::access::Access::$who,
            described: {
                #[derive(utoipa::OpenApi)]
                #[openapi(paths($noun::$handler))]
                struct Described;
                <Described as utoipa::OpenApi>::openapi
            },
        },)+)+)+];

        pub fn configure(config: &mut actix_web::web::ServiceConfig) {
            use actix_web::{http::Method, web};
            $(config.service(
                $crate::routes::table::at($path)
                    $($(.route(web::method(Method::$method).to($noun::$handler)))+)+
            );)+
            config.default_service(web::to($other::$otherwise));
        }
    };
}

/// Makes [`COMMANDS`](super::COMMANDS) of rows that say which frame and who may. A frame without a row does not compile.
macro_rules! commands {
    ($($frame:ident $who:ident)+) => {
        /// Every command of the socket.
        pub const COMMANDS: &[$crate::routes::table::Command] = &[$($crate::routes::table::Command {
            name: stringify!($frame),
            access: $crate::auth::access::Access::$who,
        },)+];

        /// Who may say this.
        pub const fn access_of(said: &shared::socket::ClientFrame) -> $crate::auth::access::Access {
            match said {
                $(shared::socket::ClientFrame::$frame { .. } => $crate::auth::access::Access::$who,)+
            }
        }
    };
}

pub(super) use {commands, routes};

/// A path; methods that the table does not give it are answered with the list of those that it does.
pub(super) fn at(
    path: &str,
) -> Resource<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    let allowed = HeaderValue::try_from(methods(path).join(", ")).ok();
    web::resource(path).wrap(from_fn(deadline::keep)).default_service(web::to(move |request| {
        let allowed = allowed.clone();
        async move { not_allowed(&request, allowed) }
    }))
}

fn methods(path: &str) -> Vec<&'static str> {
    ROUTES.iter().filter(|route| route.path == path).map(|route| route.method).collect()
}

fn not_allowed(request: &HttpRequest, allowed: Option<HeaderValue>) -> HttpResponse {
    let detail = format!("Method \"{}\" not allowed.", request.method());
    let refusal = Error::from(Refusal::new(ProblemCode::MethodNotAllowed).detail(detail));
    let mut response = refusal.error_response();
    if let Some(allowed) = allowed {
        response.headers_mut().insert(ALLOW, allowed);
    }
    response
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_method_of_a_path_is_declared_twice() {
        let mut known = HashSet::new();
        for Route { method, path, .. } in ROUTES {
            assert!(known.insert((method, path)), "{method} {path}");
            assert!(path.starts_with('/') && (*path == "/" || !path.ends_with('/')), "{path}");
        }
    }

    #[test]
    fn a_path_stands_in_one_place() {
        let paths: Vec<_> =
            ROUTES.chunk_by(|one, next| one.path == next.path).map(|rows| rows[0].path).collect();
        assert_eq!(paths.iter().collect::<HashSet<_>>().len(), paths.len(), "{paths:?}");
    }
}
