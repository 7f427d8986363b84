//! Data exports.

use std::{
    collections::BTreeMap,
    io::{Cursor, Read},
};

use reqwest::Method;
use serde_json::{Value, json};
use shared::{
    data_export::{DataExport, DataExportsResponse, ExportState},
    member::{MembershipStatus, Role},
    problem::ProblemCode,
};
use tokio::time::timeout;
use uuid::Uuid;

use crate::support::{PASSWORD, TEST_TIMEOUT, TestApp, TestChat, TestUser, assert_security_headers, png};

/// Below are the exports of an account.
const ACCOUNT: &str = "/auth/exports/";

/// Exports of the account, or of a chat: `path` is that of the exports.
impl TestUser {
    pub async fn start_export_at(&self, path: &str) -> DataExport {
        self.post(path).await.assert_status(202).json()
    }

    /// Waits until the export is ready or failed.
    pub async fn wait_for_export_at(&self, path: &str, id: Uuid) -> DataExport {
        let ending = async {
            loop {
                let export: DataExport = self.get(&format!("{path}{id}/")).await.assert_status(200).json();
                assert!(export.done <= export.total, "{export:?}");
                if matches!(export.state, ExportState::Ready | ExportState::Failed) {
                    return export;
                }
            }
        };
        timeout(TEST_TIMEOUT, ending).await.expect("the export ends in time")
    }

    /// Downloads the export and returns its files by name.
    pub async fn download_export_at(&self, path: &str, id: Uuid) -> BTreeMap<String, Vec<u8>> {
        let response = self.get(&format!("{path}{id}/file/")).open().await.unwrap();
        assert_eq!(response.status(), 200);
        unpack(&response.bytes().await.unwrap())
    }

    async fn start_export(&self) -> DataExport {
        self.start_export_at(ACCOUNT).await
    }

    async fn wait_for_export(&self, id: Uuid) -> DataExport {
        self.wait_for_export_at(ACCOUNT, id).await
    }

    async fn download_export(&self, id: Uuid) -> BTreeMap<String, Vec<u8>> {
        self.download_export_at(ACCOUNT, id).await
    }
}

fn unpack(zip: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut zip = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
    let mut files = BTreeMap::new();
    for place in 0..zip.len() {
        let mut file = zip.by_index(place).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        files.insert(file.name().unwrap().into_owned(), bytes);
    }
    files
}

pub fn parse_file(files: &BTreeMap<String, Vec<u8>>, name: &str) -> Value {
    serde_json::from_slice(&files[name]).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn export_contains_own_data_only() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let coffee = brian.create_chat().await;
    ada.join(&coffee).await;
    ada.send_messages(&tea, "Ada's own words", 1_200).await;
    brian.send_message(&tea, "Brian's secret").await;
    let deleted = ada.send_message(&coffee, "taken back").await.stored.seq;
    let edited = ada.send_message(&coffee, "said and lost").await.stored.seq;
    ada.edit_message(&coffee, edited, "said and left").await.assert_status(200);
    ada.react(&coffee, edited, "🫖").await.assert_status(200);
    brian.react(&coffee, edited, "👍").await.assert_status(200);
    ada.delete_message(&coffee, deleted).await.assert_status(204);
    ada.set_role(&tea, &brian, Role::Moderator).await.assert_status(200);
    brian.set_status(&coffee, &ada, MembershipStatus::Removed).await.assert_status(200);
    ada.request(&Method::PUT, "/auth/me/avatar/").body("image/png", png(8)).await.assert_status(200);

    let started = ada.start_export().await;
    let export = ada.wait_for_export(started.id).await;
    assert_eq!((export.state, export.done, export.total), (ExportState::Ready, 1_201, 1_201));
    let files = ada.download_export(started.id).await;
    assert_own_data_only(&files, &tea, &coffee);
    let path = app.data_dir.path().join(format!("exports/{}.zip", started.id));
    assert_eq!(export.bytes, Some(std::fs::metadata(path).unwrap().len()));
    assert_eq!(
        ada.get("/auth/exports/").await.assert_status(200).json::<DataExportsResponse>().exports,
        [export]
    );
}

fn assert_own_data_only(files: &BTreeMap<String, Vec<u8>>, tea: &TestChat, coffee: &TestChat) {
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    assert_eq!(names.len(), 5, "{names:?}");
    let account = parse_file(files, "account.json");
    assert_eq!((&account["username"], &account["email"]), (&json!("ada"), &json!("ada@example.org")));
    assert!(image::load_from_memory(&files["avatar.jpg"]).is_ok());
    let chats = parse_file(files, "chats.json");
    assert_eq!(chats[0]["uri"], json!(tea.uri));
    assert_eq!(chats[0]["audit_log"][0]["action"]["kind"], "role");
    assert_eq!((&chats[1]["uri"], &chats[1]["status"]), (&Value::Null, &json!("removed")));
    let messages = |chat: &Value| {
        parse_file(files, &format!("messages/{}.json", chat["id"])).as_array().unwrap().clone()
    };
    assert_eq!(chats[0]["reactions"], json!([]));
    let reactions = chats[1]["reactions"].as_array().unwrap();
    assert_eq!((reactions.len(), &reactions[0]["emoji"]), (1, &json!("🫖")));
    assert_eq!(messages(&chats[0]).len(), 1_200);
    let left = messages(&chats[1]);
    assert_eq!((left.len(), &left[0]["message"]), (1, &json!("said and left")));
    assert_eq!(left[0]["former_texts"][0]["message"], "said and lost");
    let everything: Vec<u8> = files.values().flatten().copied().collect();
    let everything = String::from_utf8_lossy(&everything);
    for foreign in ["Brian", "brian", "taken back", "$argon2id", &coffee.uri] {
        assert!(!everything.contains(foreign), "{foreign}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn export_download_requires_owner_or_ticket() {
    let app = TestApp::spawn().await;
    let (ada, eve) = (app.create_user("ada").await, app.create_user("eve").await);
    let id = ada.start_export().await.id;
    ada.wait_for_export(id).await;
    let path = format!("/auth/exports/{id}/file/");
    for path in [&path, &format!("/auth/exports/{id}/"), "/auth/exports/1/", "/auth/exports/1/file/"] {
        eve.get(path).await.assert_problem(ProblemCode::NotFound);
    }
    app.http.get(&path).await.assert_problem(ProblemCode::NotAuthenticated);
    let by = |ticket: &str| app.http.get(&format!("{path}?ticket={ticket}"));
    by(&eve.create_ticket().await).await.assert_problem(ProblemCode::NotFound);
    let ticket = ada.create_ticket().await;
    let response = by(&ticket).open().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/zip");
    assert_eq!(response.headers()["content-disposition"], "attachment; filename=\"chatire.zip\"");
    assert_security_headers(&path, response.headers());
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert!(!unpack(&response.bytes().await.unwrap()).is_empty());
    by(&ticket).await.assert_problem(ProblemCode::NotAuthenticated);
    let late = ada.create_ticket().await;
    ada.post("/auth/jwt/end/").await.assert_status(204);
    by(&late).await.assert_problem(ProblemCode::SessionEnded);
}

#[tokio::test(flavor = "multi_thread")]
async fn export_requires_reauthentication_and_is_single() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    app.execute_sql("UPDATE sessions SET reauthenticated_at = now() - interval '11 minutes'").await;
    ada.post("/auth/exports/").await.assert_problem(ProblemCode::ReauthenticationRequired);
    ada.post("/auth/reauthentication/")
        .json(&json!({ "current_password": PASSWORD }))
        .await
        .assert_status(204);
    app.execute_sql(&format!(
        "INSERT INTO data_exports (id, user_id) VALUES (gen_random_uuid(), {})",
        ada.id
    ))
    .await;
    ada.post("/auth/exports/").await.assert_problem(ProblemCode::Conflict);
    // Guests cannot re-authenticate.
    let guest = app.create_guest("").await;
    app.execute_sql("UPDATE sessions SET reauthenticated_at = now() - interval '11 minutes'").await;
    let id = guest.start_export().await.id;
    assert_eq!(guest.wait_for_export(id).await.state, ExportState::Ready);
    assert_eq!(parse_file(&guest.download_export(id).await, "account.json")["guest"], json!(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn restarted_server_resumes_exports() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    ada.send_message(&tea, "tea?").await;
    let id = Uuid::new_v4();
    app.execute_sql(&format!(
        "INSERT INTO data_exports (id, user_id, state, done, total) VALUES ('{id}', {}, 'running', 1, 2)",
        ada.id
    ))
    .await;
    app.state.data_exporter.resume_unfinished().await.unwrap();
    let export = ada.wait_for_export(id).await;
    assert_eq!((export.state, export.done), (ExportState::Ready, 1));
    assert_eq!(ada.download_export(id).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn export_file_expires_and_goes_with_account() {
    let app = TestApp::spawn().await;
    let (ada, brian) = (app.create_user("ada").await, app.create_user("brian").await);
    let (first, second) = (ada.start_export().await.id, brian.start_export().await.id);
    ada.wait_for_export(first).await;
    brian.wait_for_export(second).await;
    let folder = app.data_dir.path().join("exports");
    std::fs::write(folder.join("left-by-a-crash.zip"), "x").unwrap();
    let files = || std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(files(), 3);
    app.state.data_exporter.run_once().await.unwrap();
    assert_eq!(files(), 2);
    app.execute_sql(&format!(
        "UPDATE data_exports SET ended_at = now() - interval '25 hours' WHERE id = '{first}'"
    ))
    .await;
    app.state.data_exporter.run_once().await.unwrap();
    assert_eq!(files(), 1);
    ada.get(&format!("/auth/exports/{first}/file/")).await.assert_problem(ProblemCode::NotFound);
    brian.delete_account().await;
    assert_eq!(app.query_count("SELECT count(*) FROM data_exports").await, 0);
    assert_eq!(files(), 0, "files are deleted with the account");
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_export_is_reported_and_retryable() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let folder = app.data_dir.path().join("exports");
    std::fs::write(&folder, "in the way").unwrap();
    let id = ada.start_export().await.id;
    assert_eq!(ada.wait_for_export(id).await.state, ExportState::Failed);
    ada.get(&format!("/auth/exports/{id}/file/")).await.assert_problem(ProblemCode::NotFound);
    std::fs::remove_file(&folder).unwrap();
    let id = ada.start_export().await.id;
    assert_eq!(ada.wait_for_export(id).await.state, ExportState::Ready);
}

#[tokio::test(flavor = "multi_thread")]
async fn export_names_mentioned_users() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let text = |word: &str| format!("{word} <@{}> <@here> `<@{}>`", brian.id, brian.id);
    let seq = ada.send_message(&tea, &text("green")).await.stored.seq;
    ada.edit_message(&tea, seq, &text("black")).await.assert_status(200);
    ada.send_message(&tea, "<@999>").await;
    let export = ada.start_export().await;
    ada.wait_for_export(export.id).await;
    let files = ada.download_export(export.id).await;
    let messages = parse_file(&files, &format!("messages/{}.json", tea.id));
    let named = |word: &str| format!("{word} @brian @here `<@{}>`", brian.id);
    assert_eq!(messages[0]["message"], named("black"));
    assert_eq!(messages[0]["former_texts"][0]["message"], named("green"));
    assert!(messages[0]["former_texts"][0].get("mentions").is_none());
    assert_eq!(messages[1]["message"], "<@999>");
}
