//! A way to the server that can be held up, in one direction or both, and that can swallow what goes over it.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Open,
    /// What is said waits.
    Held,
    /// What is said is never heard.
    Swallowed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ways {
    pub to_server: Way,
    pub to_client: Way,
}

pub const OPEN: Ways = Ways { to_server: Way::Open, to_client: Way::Open };

pub struct Proxy {
    pub address: SocketAddr,
    ways: watch::Sender<Ways>,
    /// Rises whenever all connections are to end.
    cut: watch::Sender<u64>,
    swallowed: Arc<Mutex<String>>,
}

/// One direction of one connection.
struct Pump {
    ways: watch::Receiver<Ways>,
    way: fn(&Ways) -> Way,
    swallowed: Arc<Mutex<String>>,
}

impl Proxy {
    pub async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let proxy = Self {
            address,
            ways: watch::Sender::new(OPEN),
            cut: watch::Sender::new(0),
            swallowed: Arc::default(),
        };
        let (ways, cut, swallowed) =
            (proxy.ways.subscribe(), proxy.cut.subscribe(), Arc::clone(&proxy.swallowed));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let pump = |way| Pump { ways: ways.clone(), way, swallowed: Arc::clone(&swallowed) };
                let (up, down) = (pump(|ways| ways.to_server), pump(|ways| ways.to_client));
                tokio::spawn(carry(client, server, up, down, cut.clone()));
            }
        });
        proxy
    }

    pub fn set(&self, ways: Ways) {
        self.ways.send_replace(ways);
    }

    /// Ends every connection.
    pub fn cut(&self) {
        self.cut.send_modify(|cut| *cut += 1);
    }

    /// What was swallowed since it was asked for last.
    pub fn take_swallowed(&self) -> String {
        std::mem::take(&mut self.swallowed.lock().unwrap())
    }

    pub fn swallowed(&self) -> String {
        self.swallowed.lock().unwrap().clone()
    }
}

async fn carry(client: TcpStream, server: SocketAddr, up: Pump, down: Pump, mut cut: watch::Receiver<u64>) {
    cut.mark_unchanged();
    let Ok(server) = TcpStream::connect(server).await else { return };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        _ = cut.changed() => {}
        () = up.run(from_client, to_server) => {}
        () = down.run(from_server, to_client) => {}
    }
}

impl Pump {
    async fn run(mut self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from.read(&mut bytes).await {
            let way = self.way;
            let Ok(way) = self.ways.wait_for(|ways| way(ways) != Way::Held).await.map(|ways| way(&ways))
            else {
                return;
            };
            if way == Way::Swallowed {
                self.swallowed.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
            } else if to.write_all(&bytes[..count]).await.is_err() {
                return;
            }
        }
    }
}
