//! A proxy before the server that can hold or drop what passes, in one direction or both.

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
pub enum Flow {
    Open,
    /// Data wait.
    Held,
    /// Data are discarded.
    Dropped,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flows {
    pub to_server: Flow,
    pub to_client: Flow,
}

pub const OPEN: Flows = Flows { to_server: Flow::Open, to_client: Flow::Open };

pub struct FaultProxy {
    pub address: SocketAddr,
    flows: watch::Sender<Flows>,
    /// Changes whenever all connections are to end.
    cut: watch::Sender<u64>,
    dropped: Arc<Mutex<String>>,
}

/// One direction of one connection.
struct Pump {
    flows: watch::Receiver<Flows>,
    flow: fn(&Flows) -> Flow,
    dropped: Arc<Mutex<String>>,
}

impl FaultProxy {
    pub async fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let proxy = Self {
            address,
            flows: watch::Sender::new(OPEN),
            cut: watch::Sender::new(0),
            dropped: Arc::default(),
        };
        let (flows, cut, dropped) =
            (proxy.flows.subscribe(), proxy.cut.subscribe(), Arc::clone(&proxy.dropped));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let pump = |flow| Pump { flows: flows.clone(), flow, dropped: Arc::clone(&dropped) };
                let (up, down) = (pump(|flows| flows.to_server), pump(|flows| flows.to_client));
                tokio::spawn(forward(client, server, up, down, cut.clone()));
            }
        });
        proxy
    }

    pub fn set(&self, flows: Flows) {
        self.flows.send_replace(flows);
    }

    /// Ends every connection.
    pub fn cut(&self) {
        self.cut.send_modify(|cut| *cut += 1);
    }

    /// Takes the data that were dropped since the last call.
    pub fn take_dropped(&self) -> String {
        std::mem::take(&mut self.dropped.lock().unwrap())
    }

    pub fn dropped(&self) -> String {
        self.dropped.lock().unwrap().clone()
    }
}

async fn forward(client: TcpStream, server: SocketAddr, up: Pump, down: Pump, mut cut: watch::Receiver<u64>) {
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
            let flow = self.flow;
            let open = self.flows.wait_for(|flows| flow(flows) != Flow::Held).await;
            let Ok(flow) = open.map(|flows| flow(&flows)) else { return };
            if flow == Flow::Dropped {
                self.dropped.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
            } else if to.write_all(&bytes[..count]).await.is_err() {
                return;
            }
        }
    }
}
