//! Takes a connection over from the HTTP server. The application answers the request like any other; if the status is
//! 101, a [`ConnectionTask`] continues with the bare connection, without the HTTP server's buffers.

use std::{sync::Arc, time::Duration};

use actix_codec::Framed;
use actix_http::{
    Request, Response,
    h1::{Codec, Message},
};
use actix_service::Service;
use actix_web::{
    Error, HttpResponse,
    body::{self, BodySize, MessageBody},
    dev::ServiceResponse,
    error::{ErrorInternalServerError, ErrorRequestTimeout},
    http::{
        ConnectionType, StatusCode,
        header::{self, HeaderValue},
    },
    rt::spawn,
};
use futures_util::SinkExt;
use shared::problem::ProblemCode;
use tokio::time::timeout;

use super::{AcceptedUpgrade, connection_task::ConnectionTask, run_loop};
use crate::{
    error::{self, Rejection},
    http::connection::HttpConnection,
    state::AppState,
};

/// How long the client may take to accept the response.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

/// Answers an upgrade request, and starts a connection task if it was accepted.
pub async fn take_over<S, B>(
    app: Arc<AppState>,
    service: &S,
    (request, mut connection): (Request, Framed<HttpConnection, Codec>),
) -> Result<(), Error>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    let response = service.call(request).await?.into_parts().1;
    if let Some(AcceptedUpgrade { claims, permit }) = send_response(response, &mut connection).await? {
        let parts = connection.into_parts();
        let task = ConnectionTask::open(app, parts.io.into_stream(), permit, &claims, &parts.read_buf);
        spawn(run_loop::run(task));
    }
    Ok(())
}

async fn send_response<B: MessageBody>(
    mut response: HttpResponse<B>,
    connection: &mut Framed<HttpConnection, Codec>,
) -> Result<Option<AcceptedUpgrade>, Error> {
    let accepted = response.extensions_mut().remove::<AcceptedUpgrade>();
    let is_upgrade = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    let (response, body) = response.into_parts();
    let is_stream = !is_upgrade && matches!(body.size(), BodySize::Stream);
    let mut head = Response::from(response);
    let body = if is_stream {
        // An event stream never ends, so its body cannot be collected. The other headers of the response are kept.
        let rejection =
            Rejection::new(ProblemCode::Malformed).detail("This resource supports no protocol upgrade.");
        head.head_mut().status = StatusCode::BAD_REQUEST;
        head.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        serde_json::to_vec(&error::ApiError::from(rejection).problem())?.into()
    } else {
        body::to_bytes(body).await.map_err(|_| ErrorInternalServerError("cannot read the response body"))?
    };
    if is_upgrade {
        connection.feed(Message::Item((head, BodySize::Stream))).await?;
    } else {
        head.head_mut().set_connection_type(ConnectionType::Close);
        let size = BodySize::Sized(u64::try_from(body.len()).unwrap_or_default());
        connection.feed(Message::Item((head, size))).await?;
        connection.feed(Message::Chunk(Some(body))).await?;
    }
    let flushed = SinkExt::<Message<(Response<()>, BodySize)>>::flush(connection);
    timeout(RESPONSE_TIMEOUT, flushed).await.map_err(ErrorRequestTimeout)??;
    Ok(accepted)
}
