//! The table of all routes. Every path is answered with and without its slash at the end.

mod accounts;
mod changes;
mod chats;
mod events;
mod messages;
mod pages;
pub mod socket;
mod tickets;
mod tokens;

use actix_web::{
    HttpRequest, HttpResponse, Resource, ResponseError,
    body::MessageBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    http::header,
    middleware::from_fn,
    web::{self, ServiceConfig, get, head, patch, post, put},
};
use shared::problem::ProblemCode;

use crate::{
    deadline,
    problem::{Error, Refusal},
};

pub fn configure(config: &mut ServiceConfig) {
    // Where the client shows something. Messengers fetch these to preview a link, so they change nothing.
    let page = |path| at(path, "GET, HEAD").route(get().to(pages::page)).route(head().to(pages::page));
    config
        .service(at("/healthz", "GET, HEAD").route(get().to(pages::health)).route(head().to(pages::health)))
        .service(
            at("/readyz", "GET, HEAD").route(get().to(pages::readiness)).route(head().to(pages::readiness)),
        )
        .service(at("/auth/users/create", "POST").route(post().to(accounts::create)))
        .service(at("/auth/users/delete", "POST").route(post().to(accounts::delete)))
        .service(at("/auth/jwt/create", "POST").route(post().to(tokens::create)))
        .service(at("/auth/jwt/verify", "POST").route(post().to(tokens::verify)))
        .service(at("/auth/jwt/refresh", "POST").route(post().to(tokens::refresh)))
        .service(at("/this/is/hard/to/find", "POST").route(post().to(tokens::refresh)))
        .service(
            at("/auth/me", "GET, PUT, PATCH")
                .route(get().to(accounts::me))
                .route(put().to(accounts::change_email))
                .route(patch().to(accounts::change_email)),
        )
        .service(at("/auth/password", "POST").route(post().to(accounts::change_password)))
        .service(at("/auth/username", "POST").route(post().to(accounts::change_username)))
        .service(at("/auth/tickets", "POST").route(post().to(tickets::give)))
        .service(at("/api/chats", "POST").route(post().to(chats::start)))
        .service(at("/api/chats/{uri}", "PATCH").route(patch().to(chats::join)))
        .service(
            at("/api/chats/{uri}/messages", "GET, POST")
                .route(get().to(messages::history))
                .route(post().to(messages::post)),
        )
        .service(at("/api/chats/{uri}/changes", "GET").route(get().to(changes::since)))
        .service(at("/api/chats/{uri}/events", "GET").route(get().to(events::follow)))
        .service(at("/api/socket", "GET").route(get().to(socket::open)))
        .service(page("/"))
        .service(page("/auth"))
        .service(page("/chats"))
        .service(page("/chats/{uri}"))
        .default_service(web::to(pages::file));
}

/// A path; other methods than those are answered with the list of those.
fn at(
    path: &str,
    allowed: &'static str,
) -> Resource<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    web::resource(path)
        .wrap(from_fn(deadline::keep))
        .default_service(web::to(move |request| async move { not_allowed(&request, allowed) }))
}

fn not_allowed(request: &HttpRequest, allowed: &'static str) -> HttpResponse {
    let detail = format!("Method \"{}\" not allowed.", request.method());
    let refusal = Error::from(Refusal::new(ProblemCode::MethodNotAllowed).detail(detail));
    let mut response = refusal.error_response();
    response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static(allowed));
    response
}
