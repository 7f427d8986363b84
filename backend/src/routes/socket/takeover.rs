//! Takes a connection over from the HTTP server: the application answers the request as any other, and if the answer is
//! 101, what comes after it is a conversation. Nothing of the HTTP server's buffers stays with an open socket.

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

use super::{Admitted, conversation::Conversation};
use crate::{
    app::App,
    problem::{self, Refusal},
    wire::Wire,
};

/// Who does not take an answer for so long does not want it.
const TAKEN_WITHIN: Duration = Duration::from_secs(10);

/// Answers a request that asks for another protocol, and hands its connection over if it was admitted.
pub async fn take_over<S, B>(
    app: Arc<App>,
    service: &S,
    (request, mut connection): (Request, Framed<Wire, Codec>),
) -> Result<(), Error>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    let response = service.call(request).await?.into_parts().1;
    if let Some(Admitted { claims, seat }) = answer(response, &mut connection).await? {
        let parts = connection.into_parts();
        let conversation = Conversation::open(app, parts.io.into_stream(), seat, &claims, &parts.read_buf);
        spawn(conversation.run());
    }
    Ok(())
}

async fn answer<B: MessageBody>(
    mut response: HttpResponse<B>,
    connection: &mut Framed<Wire, Codec>,
) -> Result<Option<Admitted>, Error> {
    let admitted = response.extensions_mut().remove::<Admitted>();
    let is_upgrade = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    let (response, body) = response.into_parts();
    let is_endless = !is_upgrade && matches!(body.size(), BodySize::Stream);
    let mut head = Response::from(response);
    let body = if is_endless {
        // It would be gathered here for ever. Its headers are as good as any.
        let refusal = Refusal::new(ProblemCode::Malformed).detail("This is told in no other protocol.");
        head.head_mut().status = StatusCode::BAD_REQUEST;
        head.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        serde_json::to_vec(&problem::Error::from(refusal).problem())?.into()
    } else {
        body::to_bytes(body).await.map_err(|_| ErrorInternalServerError("a body failed"))?
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
    timeout(TAKEN_WITHIN, flushed).await.map_err(ErrorRequestTimeout)??;
    Ok(admitted)
}
