//! A TCP connection on which a test writes HTTP by hand.

use std::io;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{HttpClient, TEST_TIMEOUT};

pub struct RawHttp {
    pub stream: TcpStream,
}

impl RawHttp {
    pub async fn open(http: &HttpClient) -> Self {
        Self { stream: TcpStream::connect(&http.address).await.unwrap() }
    }

    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Says that nothing more will be sent.
    pub async fn shut_down_write(&mut self) {
        self.stream.shutdown().await.unwrap();
    }

    /// Reads the head of a response.
    pub async fn read_head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(TEST_TIMEOUT, self.stream.read_u8()).await.expect("a head in time").unwrap());
        }
        String::from_utf8(head).unwrap()
    }

    /// Reads until the server closes the connection; a reset counts if something came before it.
    pub async fn read_to_end(&mut self) -> String {
        let mut bytes = Vec::new();
        let read = timeout(TEST_TIMEOUT, self.stream.read_to_end(&mut bytes)).await;
        let read = read.expect("the server closes the connection");
        assert!(read.is_ok() || !bytes.is_empty(), "{read:?}");
        String::from_utf8(bytes).unwrap()
    }
}
