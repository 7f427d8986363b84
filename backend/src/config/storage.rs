//! Where files are stored.

use std::path::PathBuf;

/// A folder, or a bucket if one is named.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct StorageSettings {
    /// Directory for the files of messages; by default `files` in the data directory
    #[arg(long, env = "CHATIRE_FILES_DIR")]
    pub files_dir: Option<PathBuf>,
    /// Bucket of an S3-compatible service for the files of messages, in place of a directory
    #[arg(long, env = "CHATIRE_S3_BUCKET")]
    pub s3_bucket: Option<String>,
    /// URL of the S3-compatible service; by default that of Amazon for the region
    #[arg(long, env = "CHATIRE_S3_ENDPOINT")]
    pub s3_endpoint: Option<String>,
    /// Region of the bucket
    #[arg(long, env = "CHATIRE_S3_REGION", default_value = "us-east-1")]
    pub s3_region: String,
    /// Access key for the bucket; without it, that of the machine's role at Amazon
    #[arg(long, env = "CHATIRE_S3_ACCESS_KEY_ID", requires = "s3_secret_access_key")]
    pub s3_access_key_id: Option<String>,
    /// Secret of the access key
    #[arg(long, env = "CHATIRE_S3_SECRET_ACCESS_KEY", hide_env_values = true)]
    pub s3_secret_access_key: Option<String>,
}
