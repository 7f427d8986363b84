//! The TCP connection below the HTTP server. Without it the server would decode thousands of pipelined requests while their
//! responses wait, and wait for ever for a client that accepts nothing or sends half a request.

use std::{
    cell::Cell,
    io,
    net::IpAddr,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf, Take},
    net::TcpStream,
    time::{Instant, Sleep, sleep},
};

use crate::concurrency_limit::ConcurrencyPermit;

/// How many bytes are read beyond the request that is served. A decoded request takes up to 150 times as much memory.
const READ_AHEAD: u64 = 4 * 1_024;
/// A client that accepts none of a response for this long is disconnected, as on a WebSocket.
const WRITE_STALL_TIMEOUT: Duration = Duration::from_secs(20);
/// A connection on which no request was served for this long is closed, also if half a request has arrived. It is checked as
/// often, so that it may take twice as long.
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);

/// A connection that reads only what the HTTP server needs now. WebSockets leave it with [`Self::into_stream`].
pub struct HttpConnection {
    /// Limited to the bytes that may still be read ahead.
    stream: Take<TcpStream>,
    requests: Rc<RequestTracker>,
    /// The last read was not ready. The HTTP server decodes and serves what it has before it reads again.
    has_paused: bool,
    idle_timer: Pin<Box<Sleep>>,
    /// Runs while the client accepts nothing.
    write_timer: Option<Pin<Box<Sleep>>>,
    _permit: Option<ConcurrencyPermit<IpAddr>>,
}

impl HttpConnection {
    pub fn new(stream: TcpStream, permit: Option<ConcurrencyPermit<IpAddr>>) -> Self {
        Self {
            stream: stream.take(READ_AHEAD),
            requests: Rc::default(),
            has_paused: false,
            idle_timer: Box::pin(sleep(IDLE_TIMEOUT)),
            write_timer: None,
            _permit: permit,
        }
    }

    /// The requests of this connection. The application must report them, or everything is read at once.
    pub fn requests(&self) -> Rc<RequestTracker> {
        Rc::clone(&self.requests)
    }

    pub fn into_stream(self) -> TcpStream {
        self.stream.into_inner()
    }

    fn poll_read_ahead(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.has_paused && !self.requests.is_in_flight() {
            self.stream.set_limit(READ_AHEAD);
        } else if let Some(wanted) = self.requests.take_body_demand() {
            self.stream.set_limit(wanted);
        }
        if self.stream.limit() == 0 {
            self.requests.wake_after_request(context.waker());
            return Poll::Pending;
        }
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if self.requests.is_in_flight() {
            // The HTTP server may leave these bytes undecoded, and does not look at them again by itself.
            self.requests.wake_after_request(context.waker());
        } else {
            self.requests.has_read.set(true);
        }
        Poll::Ready(Ok(()))
    }

    /// Ready once no request was served for too long.
    fn poll_idle(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while self.idle_timer.as_mut().poll(context).is_ready() {
            if !self.requests.take_activity() {
                return Poll::Ready(());
            }
            self.idle_timer.as_mut().reset(Instant::now() + IDLE_TIMEOUT);
        }
        Poll::Pending
    }
}

impl AsyncRead for HttpConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.write_timer.is_some() {
            // Nothing is read while the client does not accept responses. `poll_write` wakes the task.
            self.has_paused = true;
            return Poll::Pending;
        }
        let read = self.poll_read_ahead(context, buffer);
        self.has_paused = read.is_pending();
        if read.is_pending() && self.poll_idle(context).is_ready() {
            // The end of the stream: the HTTP server closes the connection in order.
            return Poll::Ready(Ok(()));
        }
        read
    }
}

impl AsyncWrite for HttpConnection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(self.stream.get_mut()).poll_write(context, bytes);
        if written.is_pending() {
            let timer = self.write_timer.get_or_insert_with(|| Box::pin(sleep(WRITE_STALL_TIMEOUT)));
            return timer.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()));
        }
        if self.write_timer.take().is_some() {
            // To read what was not read meanwhile.
            context.waker().wake_by_ref();
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.stream.get_mut()).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.stream.get_mut()).poll_shutdown(context)
    }
}

/// What the application serves on a connection.
#[derive(Default)]
pub struct RequestTracker {
    in_flight: Cell<usize>,
    /// A request began since this was last asked.
    has_begun: Cell<bool>,
    /// Something was read while no request was served. Otherwise the next request was read behind another one.
    has_read: Cell<bool>,
    is_pipelined: Cell<bool>,
    /// How many bytes of a request body the application waits for.
    wanted_body: Cell<Option<u64>>,
    /// Wakes the task of the connection.
    reader: Cell<Option<Waker>>,
}

/// A request that is being served, until its response has been sent to the connection.
pub struct RequestInFlight(Rc<RequestTracker>);

impl RequestTracker {
    pub fn begin(self: &Rc<Self>) -> RequestInFlight {
        self.in_flight.set(self.in_flight.get() + 1);
        self.has_begun.set(true);
        self.is_pipelined.set(!self.has_read.take());
        RequestInFlight(Rc::clone(self))
    }

    /// Tells how many bytes of the request body the application waits for, if it does.
    pub fn set_body_demand(&self, wanted: Option<u64>) {
        if self.wanted_body.replace(wanted).is_none() && wanted.is_some() {
            self.wake_reader();
        }
    }

    /// How many bytes to read for the application: no part of a next request, because actix closes the connection if the
    /// body of one has begun when it responds to another. Behind a pipelined request, it must see the next one to go on.
    fn take_body_demand(&self) -> Option<u64> {
        let wanted = self.wanted_body.take()?;
        Some(if self.is_pipelined.get() { READ_AHEAD } else { wanted.min(READ_AHEAD) })
    }

    fn take_activity(&self) -> bool {
        self.has_begun.replace(self.is_in_flight())
    }

    fn is_in_flight(&self) -> bool {
        self.in_flight.get() > 0
    }

    /// Wakes once the request in flight is served or wants more of its body; without one, now.
    fn wake_after_request(&self, waker: &Waker) {
        if self.is_in_flight() {
            self.reader.set(Some(waker.clone()));
        } else {
            waker.wake_by_ref();
        }
    }

    fn wake_reader(&self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

impl Drop for RequestInFlight {
    fn drop(&mut self) {
        self.0.in_flight.set(self.0.in_flight.get() - 1);
        self.0.wanted_body.set(None);
        self.0.wake_reader();
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, net::Ipv4Addr};

    use tokio::{io::AsyncWriteExt, net::TcpListener};

    use super::*;

    /// A connection and its client.
    async fn connect() -> (HttpConnection, TcpStream) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (HttpConnection::new(listener.accept().await.unwrap().0, None), client)
    }

    /// Reads until nothing more can be read now, as the HTTP server does each time it is polled.
    async fn read_available(connection: &mut HttpConnection) -> usize {
        let mut total = 0;
        poll_fn(|context| {
            loop {
                let mut space = [0; 1_024];
                let mut buffer = ReadBuf::new(&mut space);
                match Pin::new(&mut *connection).poll_read(context, &mut buffer) {
                    Poll::Ready(read) => {
                        read.unwrap();
                        assert!(!buffer.filled().is_empty(), "the connection ended");
                        total += buffer.filled().len();
                    }
                    Poll::Pending if total == 0 => return Poll::Pending,
                    Poll::Pending => return Poll::Ready(()),
                }
            }
        })
        .await;
        total
    }

    /// Whether the task of the connection was woken to read more; if so, what it then reads.
    async fn poll_read_once(connection: &mut HttpConnection) -> Option<usize> {
        let mut space = [0; 1_024];
        poll_fn(|context| {
            let mut buffer = ReadBuf::new(&mut space);
            let read = Pin::new(&mut *connection).poll_read(context, &mut buffer);
            Poll::Ready(read.map(Result::unwrap).is_ready().then(|| buffer.filled().len()))
        })
        .await
    }

    /// Writes until the client's buffers are full.
    async fn fill(connection: &mut HttpConnection) {
        let bytes = vec![0; 64 * 1_024];
        poll_fn(|context| {
            while let Poll::Ready(written) = Pin::new(&mut *connection).poll_write(context, &bytes) {
                written.unwrap();
            }
            Poll::Ready(())
        })
        .await;
        assert!(connection.write_timer.is_some());
    }

    #[tokio::test]
    async fn request_in_flight_bounds_read_ahead() {
        let (mut connection, mut client) = connect().await;
        client.write_all(&vec![b'x'; 60_000]).await.unwrap();
        let ahead = usize::try_from(READ_AHEAD).unwrap();
        assert_eq!(read_available(&mut connection).await, ahead);
        let requests = connection.requests();
        let request = requests.begin();
        assert_eq!(poll_read_once(&mut connection).await, None);
        // Its body is wanted, once.
        requests.set_body_demand(Some(10_000));
        assert_eq!(read_available(&mut connection).await, ahead);
        requests.set_body_demand(None);
        assert_eq!(poll_read_once(&mut connection).await, None);
        // No further than its end.
        requests.set_body_demand(Some(10));
        assert_eq!(read_available(&mut connection).await, 10);
        assert_eq!(poll_read_once(&mut connection).await, None);
        // The next request was queued.
        let next = requests.begin();
        drop(request);
        assert_eq!(poll_read_once(&mut connection).await, None);
        drop(next);
        assert_eq!(read_available(&mut connection).await, ahead);
    }

    #[tokio::test]
    async fn end_of_request_wakes_paused_reader() {
        let (mut connection, mut client) = connect().await;
        client.write_all(&vec![b'x'; 60_000]).await.unwrap();
        read_available(&mut connection).await;
        let requests = connection.requests();
        let request = requests.begin();
        let reading = read_available(&mut connection);
        let (read, ()) = tokio::join!(reading, async { drop(request) });
        assert!(read > 0);
        let request = requests.begin();
        let (read, ()) =
            tokio::join!(read_available(&mut connection), async { requests.set_body_demand(Some(1)) });
        assert!(read > 0);
        drop(request);
    }

    #[tokio::test]
    async fn nothing_is_read_while_client_accepts_nothing() {
        let (mut connection, mut client) = connect().await;
        fill(&mut connection).await;
        client.write_all(b"next request").await.unwrap();
        assert_eq!(poll_read_once(&mut connection).await, None);
        let mut space = vec![0; 1_024 * 1_024];
        let accepting = async { while client.read(&mut space).await.unwrap() > 0 {} };
        let writing = async {
            connection.write_all(b"response").await.unwrap();
            read_available(&mut connection).await
        };
        tokio::select! {
            () = accepting => unreachable!("the connection stays open"),
            read = writing => assert_eq!(read, "next request".len()),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn client_that_accepts_nothing_is_disconnected() {
        let (mut connection, _client) = connect().await;
        fill(&mut connection).await;
        let start = Instant::now();
        let error = connection.write_all(b"x").await.unwrap_err();
        assert_eq!((error.kind(), start.elapsed()), (io::ErrorKind::TimedOut, WRITE_STALL_TIMEOUT));
    }

    #[tokio::test(start_paused = true)]
    async fn connection_without_request_ends() {
        let (mut connection, mut client) = connect().await;
        let requests = connection.requests();
        let start = Instant::now();
        let request = requests.begin();
        let finishing = async {
            sleep(IDLE_TIMEOUT * 5).await;
            drop(request);
            // Half a request does not count.
            client.write_all(b"GET / HT").await.unwrap();
        };
        let mut received = Vec::new();
        let (read, ()) = tokio::join!(connection.read_to_end(&mut received), finishing);
        assert_eq!(read.unwrap(), "GET / HT".len());
        assert!((IDLE_TIMEOUT * 6..=IDLE_TIMEOUT * 7).contains(&start.elapsed()), "{:?}", start.elapsed());
    }
}
