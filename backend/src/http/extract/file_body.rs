//! The body of a request, received into a file on the disk: it takes no memory however long a slow client needs.

use std::{fs::File, time::Duration};

use actix_web::{HttpRequest, dev::Payload, http::header::CONTENT_LENGTH};
use futures_util::StreamExt;
use sha2::{Digest, Sha256};
use shared::problem::ProblemCode;
use tokio::{
    io::{AsyncWriteExt, BufWriter},
    time::{Instant, timeout_at},
};

use super::{
    body::{check_content_encoding, malformed, too_large},
    config,
};
use crate::{config::limits::LimitSettings, error::ApiError, file_storage::unavailable};

/// The average rate at which a body must arrive after the first half minute. Phones are as slow at times.
const MIN_BYTES_PER_SECOND: u32 = 16 * 1_024;
const BUFFER_SIZE: usize = 64 * 1_024;
/// By which the type of a file is recognized, in bytes.
const START_LENGTH: usize = 8 * 1_024;

/// What the headers say about an upload.
pub struct FileHeader {
    limit: usize,
    length: usize,
    time: Duration,
}

/// A body on the disk.
pub struct ReceivedFile {
    file: File,
    pub size: u64,
    /// SHA-256.
    pub checksum: Vec<u8>,
    /// The first bytes.
    pub start: Vec<u8>,
}

impl ReceivedFile {
    /// The same file, with the same position.
    pub fn try_clone(&self) -> Result<File, ApiError> {
        Ok(self.file.try_clone().map_err(anyhow::Error::from)?)
    }
}

impl FileHeader {
    /// Fails for files that are too large.
    pub fn from_request(request: &HttpRequest) -> Result<Self, ApiError> {
        check_content_encoding(request)?;
        let LimitSettings { limit_file_bytes, limit_body_timeout, .. } = config(request)?.limits;
        let limit = limit_file_bytes.0;
        let length = request.headers().get(CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok()).unwrap_or(limit);
        if length > limit {
            return Err(too_large(limit));
        }
        Ok(Self { limit, length, time: limit_body_timeout.0 })
    }

    /// The declared length; without one, the limit.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Receives the body into an empty file.
    pub async fn receive(&self, mut payload: Payload, file: File) -> Result<ReceivedFile, ApiError> {
        let mut file = BufWriter::with_capacity(BUFFER_SIZE, tokio::fs::File::from_std(file));
        let (mut size, mut start, mut hash) = (0, Vec::new(), Sha256::new());
        let began = Instant::now();
        loop {
            // Neither may it stop for long.
            let deadline = (began + self.time + time_for(size)).min(Instant::now() + self.time);
            let chunk = timeout_at(deadline, payload.next()).await.map_err(|_| ProblemCode::BodyTimeout)?;
            let Some(chunk) = chunk else { break };
            let chunk = chunk.map_err(|error| malformed(&error))?;
            size += chunk.len();
            if size > self.limit {
                return Err(too_large(self.limit));
            }
            hash.update(&chunk);
            start.extend(chunk.iter().take(START_LENGTH - start.len()));
            file.write_all(&chunk).await.map_err(|error| unavailable(&error))?;
        }
        let file = finish(file).await.map_err(|error| unavailable(&error))?;
        let size = u64::try_from(size).unwrap_or(u64::MAX);
        Ok(ReceivedFile { file, size, checksum: hash.finalize().to_vec(), start })
    }
}

async fn finish(mut file: BufWriter<tokio::fs::File>) -> std::io::Result<File> {
    file.flush().await?;
    Ok(file.into_inner().into_std().await)
}

/// How long a slow body of this length takes.
pub fn time_for(bytes: usize) -> Duration {
    Duration::from_secs(1) * u32::try_from(bytes).unwrap_or(u32::MAX) / MIN_BYTES_PER_SECOND
}

#[cfg(test)]
mod tests {
    use actix_web::{error::PayloadError, web::Bytes};
    use futures_util::stream;
    use tokio::time::sleep;

    use super::*;

    const HEADER: FileHeader = FileHeader { limit: 1_000_000, length: 0, time: Duration::from_secs(30) };

    /// Receives a body of parts that arrive at a distance of some seconds; returns the result and how long it took.
    async fn receive_parts(
        bytes: usize,
        parts: usize,
        distance: u64,
    ) -> (Result<ReceivedFile, ApiError>, u64) {
        let parts = stream::iter(0..parts).then(move |_| async move {
            sleep(Duration::from_secs(distance)).await;
            Ok::<_, PayloadError>(Bytes::from(vec![7; bytes]))
        });
        let start = Instant::now();
        let payload: Payload = Payload::Stream { payload: Box::pin(parts) };
        let received = HEADER.receive(payload, tempfile::tempfile().unwrap()).await;
        (received, start.elapsed().as_secs())
    }

    fn code(received: Result<ReceivedFile, ApiError>) -> Option<ProblemCode> {
        received.err().map(|error| error.code())
    }

    #[tokio::test(start_paused = true)]
    async fn time_grows_with_received_bytes() {
        let (received, seconds) = receive_parts(20_000, 50, 1).await;
        let received = received.unwrap();
        assert_eq!((received.size, received.start.len(), seconds), (1_000_000, START_LENGTH, 50));
        assert_eq!(received.checksum, Sha256::digest(vec![7; 1_000_000]).to_vec());
        // Slower than the minimum.
        let (received, seconds) = receive_parts(1_000, 900, 1).await;
        assert_eq!(code(received), Some(ProblemCode::BodyTimeout));
        assert!((30..40).contains(&seconds), "{seconds}");
        // Fast, but it stops.
        let (received, seconds) = receive_parts(400_000, 2, 40).await;
        assert_eq!((code(received), seconds), (Some(ProblemCode::BodyTimeout), 30));
    }

    #[tokio::test(start_paused = true)]
    async fn body_beyond_limit_is_rejected() {
        let (received, seconds) = receive_parts(300_000, 1_000, 1).await;
        assert_eq!((code(received), seconds), (Some(ProblemCode::TooLarge), 4));
    }
}
