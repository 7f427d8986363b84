//! A way to the database that counts what goes over it, and can be cut.

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

use crate::database::background;

pub struct Proxy {
    port: u16,
    database: Config,
    executed: Arc<AtomicUsize>,
    state: watch::Sender<State>,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Open,
    /// Every connection ends, and new ones do at once.
    Cut,
    /// Connections stay, and nothing comes back.
    Silent,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Proxy {
    pub async fn before(database: &Config) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (state, _) = watch::channel(State::Open);
        let proxy = Self { port, database: database.clone(), executed: Arc::default(), state };
        background().spawn(serve(
            listener,
            database.clone(),
            Arc::clone(&proxy.executed),
            proxy.state.subscribe(),
        ));
        proxy
    }

    pub fn url(&self) -> String {
        let mut config = Config::new();
        config.host("127.0.0.1").port(self.port);
        config.user(self.database.get_user().unwrap()).dbname(self.database.get_dbname().unwrap());
        config.password(self.database.get_password().unwrap_or_default());
        crate::database::url(&config)
    }

    /// How many statements were executed so far.
    pub fn executed(&self) -> usize {
        self.executed.load(Ordering::SeqCst)
    }

    pub fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    pub fn fall_silent(&self) {
        self.state.send_replace(State::Silent);
    }

    pub fn mend(&self) {
        self.state.send_replace(State::Open);
    }
}

async fn serve(
    listener: TcpListener,
    database: Config,
    executed: Arc<AtomicUsize>,
    state: watch::Receiver<State>,
) {
    while let Ok((client, _)) = listener.accept().await {
        if *state.borrow() != State::Cut {
            let server = dial(&database).await;
            tokio::spawn(carry(client, server, Arc::clone(&executed), state.clone()));
        }
    }
}

async fn dial(database: &Config) -> Box<dyn Stream> {
    let port = database.get_ports().first().copied().unwrap_or(5432);
    match &database.get_hosts()[0] {
        Host::Unix(folder) => {
            Box::new(UnixStream::connect(folder.join(format!(".s.PGSQL.{port}"))).await.unwrap())
        }
        Host::Tcp(name) => Box::new(TcpStream::connect((name.as_str(), port)).await.unwrap()),
    }
}

async fn carry(
    client: TcpStream,
    server: Box<dyn Stream>,
    executed: Arc<AtomicUsize>,
    mut state: watch::Receiver<State>,
) {
    let (from_client, mut to_client) = client.into_split();
    let (mut from_server, to_server) = tokio::io::split(server);
    let mut silence = state.clone();
    let back = async {
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from_server.read(&mut bytes).await {
            let heard = silence.wait_for(|state| *state != State::Silent).await.is_ok();
            if !heard || to_client.write_all(&bytes[..count]).await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        _ = state.wait_for(|state| *state == State::Cut) => {}
        _ = count(from_client, to_server, &executed) => {}
        () = back => {}
    }
}

/// Hands on what a client says message by message. The first has no type; `E` and `Q` execute statements.
async fn count(
    mut client: impl AsyncRead + Unpin,
    mut server: impl AsyncWrite + Unpin,
    executed: &AtomicUsize,
) -> std::io::Result<()> {
    let mut first = true;
    loop {
        if !first {
            let kind = client.read_u8().await?;
            executed.fetch_add(usize::from(matches!(kind, b'E' | b'Q')), Ordering::SeqCst);
            server.write_u8(kind).await?;
        }
        first = false;
        let length = client.read_u32().await?;
        server.write_u32(length).await?;
        copy(&mut (&mut client).take(u64::from(length) - 4), &mut server).await?;
        server.flush().await?;
    }
}
