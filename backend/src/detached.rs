//! Work that is not cancelled with the request that started it.

use crate::error::ApiError;

/// Completes the work even if the client disconnects: subscribers must learn of what was committed.
pub async fn run_detached<T: Send + 'static>(
    work: impl Future<Output = Result<T, ApiError>> + Send + 'static,
) -> Result<T, ApiError> {
    tokio::spawn(work).await.map_err(|error| ApiError::Internal(error.into()))?
}
