//! What users do with files.

use std::fs::{self, DirEntry};

use backend::jobs::file_cleanup;
use image::DynamicImage;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, header::HeaderMap};
use serde_json::json;
use shared::{
    file::{FileToken, MessageFile},
    id::Seq,
    message::MessagePosted,
};
use uuid::Uuid;

use super::{ApiRequest, RawHttp, TestApp, TestChat, TestUser};

/// What a download returned.
pub struct Download {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Download {
    pub async fn receive(request: ApiRequest) -> Self {
        let response = request.open().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, bytes: response.bytes().await.unwrap().to_vec() }
    }

    /// Value of a header; empty if it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap()
    }

    pub fn image(&self) -> DynamicImage {
        image::load_from_memory(&self.bytes).unwrap()
    }
}

pub fn file_path(uri: &str, id: Uuid, query: &str) -> String {
    format!("/api/chats/{uri}/files/{id}/{query}")
}

impl TestApp {
    /// Deletes unused files, as the background job does.
    pub async fn clean_up_files(&self) {
        file_cleanup::run_once(&self.state.db, &self.state.file_storage).await.unwrap();
    }

    /// Waits until this many uploads are being received. Each has an open file without a name.
    pub async fn wait_for_uploads(&self, count: usize) {
        let folder = self.data_dir.path().join("uploads");
        let is_upload =
            |file: &DirEntry| fs::read_link(file.path()).is_ok_and(|file| file.starts_with(&folder));
        while fs::read_dir("/proc/self/fd").unwrap().flatten().filter(is_upload).count() < count {
            tokio::task::yield_now().await;
        }
    }
}

impl TestUser {
    pub fn try_upload(&self, uri: &str, id: Uuid, name: &str, bytes: impl Into<Vec<u8>>) -> ApiRequest {
        let query = format!("?name={}", utf8_percent_encode(name, NON_ALPHANUMERIC));
        // The content type is ignored.
        self.request(&Method::PUT, &file_path(uri, id, &query)).body("text/html", bytes.into())
    }

    /// Sends the head of an upload.
    pub async fn begin_file_upload(&self, uri: &str, length: &str) -> RawHttp {
        let mut connection = RawHttp::open(&self.http).await;
        let (path, token) = (file_path(uri, Uuid::new_v4(), "?name=a.txt"), &self.token);
        let head = format!(
            "PUT {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: JWT {token}\r\nConnection: close\r\n{length}\r\n\r\n"
        );
        connection.write(head.as_bytes()).await.unwrap();
        connection
    }

    pub async fn upload(&self, chat: &TestChat, name: &str, bytes: impl Into<Vec<u8>>) -> MessageFile {
        self.try_upload(chat, Uuid::new_v4(), name, bytes).await.assert_status(201).json()
    }

    pub fn get_file(&self, uri: &str, id: Uuid, query: &str) -> ApiRequest {
        self.get(&file_path(uri, id, query))
    }

    pub async fn download(&self, chat: &TestChat, id: Uuid, query: &str) -> Download {
        Download::receive(self.get_file(chat, id, query)).await
    }

    pub async fn file_token(&self, chat: &TestChat) -> String {
        let path = format!("/api/chats/{chat}/file_tokens/");
        self.post(&path).await.assert_status(200).json::<FileToken>().token
    }

    pub async fn post_file(&self, chat: &TestChat, id: Uuid) -> Seq {
        let posted = self.post(&format!("/api/chats/{chat}/messages/")).json(&json!({ "files": [id] }));
        posted.await.assert_status(200).json::<MessagePosted>().stored.seq
    }
}
