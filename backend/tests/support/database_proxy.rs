//! A proxy before the database that counts statements and can cut or stall connections.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream, UnixStream},
    sync::watch,
};
use tokio_postgres::{Config, config::Host};

use super::{TestApp, database};

pub struct DatabaseProxy {
    port: u16,
    database: Config,
    statements: Arc<AtomicUsize>,
    state: watch::Sender<State>,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Open,
    /// Open connections are closed, and new ones at once.
    Cut,
    /// Connections stay open, and no responses pass.
    Stalled,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl TestApp {
    /// Starts a server whose database is behind a proxy.
    pub async fn spawn_behind_proxy() -> (Self, DatabaseProxy) {
        let database = database::create().await;
        let proxy = DatabaseProxy::start(&database).await;
        let app = Self::spawn_without_index(database, proxy.url(), |_| ()).await;
        (app, proxy)
    }
}

impl DatabaseProxy {
    async fn start(database: &Config) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (state, receiver) = watch::channel(State::Open);
        let proxy = Self { port, database: database.clone(), statements: Arc::default(), state };
        let statements = Arc::clone(&proxy.statements);
        database::background_runtime().spawn(accept(listener, database.clone(), statements, receiver));
        proxy
    }

    fn url(&self) -> String {
        let mut config = Config::new();
        config.host("127.0.0.1").port(self.port);
        config.user(self.database.get_user().unwrap()).dbname(self.database.get_dbname().unwrap());
        config.password(self.database.get_password().unwrap_or_default());
        database::url(&config)
    }

    /// Number of statements that were executed so far.
    pub fn statement_count(&self) -> usize {
        self.statements.load(Ordering::SeqCst)
    }

    pub fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    pub fn stall(&self) {
        self.state.send_replace(State::Stalled);
    }

    pub fn restore(&self) {
        self.state.send_replace(State::Open);
    }
}

async fn accept(
    listener: TcpListener,
    database: Config,
    statements: Arc<AtomicUsize>,
    state: watch::Receiver<State>,
) {
    while let Ok((client, _)) = listener.accept().await {
        if *state.borrow() != State::Cut {
            let server = connect(&database).await;
            tokio::spawn(forward(client, server, Arc::clone(&statements), state.clone()));
        }
    }
}

async fn connect(database: &Config) -> Box<dyn Stream> {
    let port = database.get_ports().first().copied().unwrap_or(5432);
    match &database.get_hosts()[0] {
        Host::Unix(folder) => {
            Box::new(UnixStream::connect(folder.join(format!(".s.PGSQL.{port}"))).await.unwrap())
        }
        Host::Tcp(name) => Box::new(TcpStream::connect((name.as_str(), port)).await.unwrap()),
    }
}

async fn forward(
    client: TcpStream,
    server: Box<dyn Stream>,
    statements: Arc<AtomicUsize>,
    mut state: watch::Receiver<State>,
) {
    let (from_client, mut to_client) = client.into_split();
    let (mut from_server, to_server) = tokio::io::split(server);
    let mut stall = state.clone();
    let responses = async {
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from_server.read(&mut bytes).await {
            let may_pass = stall.wait_for(|state| *state != State::Stalled).await.is_ok();
            if !may_pass || to_client.write_all(&bytes[..count]).await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        _ = state.wait_for(|state| *state == State::Cut) => {}
        _ = forward_requests(from_client, to_server, &statements) => {}
        () = responses => {}
    }
}

/// Forwards the client's messages one by one. The first has no type; `E` and `Q` execute statements.
async fn forward_requests(
    mut client: impl AsyncRead + Unpin,
    mut server: impl AsyncWrite + Unpin,
    statements: &AtomicUsize,
) -> std::io::Result<()> {
    let mut is_first = true;
    loop {
        if !is_first {
            let kind = client.read_u8().await?;
            statements.fetch_add(usize::from(matches!(kind, b'E' | b'Q')), Ordering::SeqCst);
            server.write_u8(kind).await?;
        }
        is_first = false;
        let length = client.read_u32().await?;
        server.write_u32(length).await?;
        copy(&mut (&mut client).take(u64::from(length) - 4), &mut server).await?;
        server.flush().await?;
    }
}
