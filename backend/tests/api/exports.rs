//! Everything of one's own in a file.

use std::{
    collections::BTreeMap,
    io::{Cursor, Read},
};

use backend::exports;
use reqwest::Method;
use serde_json::{Value, json};
use shared::{
    export::{Export, Exports, State},
    member::{Role, Standing},
    problem::ProblemCode,
};
use tokio::time::timeout;
use uuid::Uuid;

use crate::{
    app::{PASSWORD, Person, TestApp},
    avatars::png,
    listener::BOUND,
};

impl Person {
    async fn begins_export(&self) -> Export {
        self.post("/auth/exports/").await.is(202).read()
    }

    async fn export(&self, id: Uuid) -> Export {
        self.get(&format!("/auth/exports/{id}/")).await.is(200).read()
    }

    /// Waits until it is over.
    async fn exported(&self, id: Uuid) -> Export {
        let ending = async {
            loop {
                let export = self.export(id).await;
                assert!(export.done <= export.total, "{export:?}");
                if matches!(export.state, State::Ready | State::Failed) {
                    return export;
                }
            }
        };
        timeout(BOUND, ending).await.expect("an end in time")
    }

    /// The files by their names.
    async fn fetches(&self, id: Uuid) -> BTreeMap<String, Vec<u8>> {
        let answer = self.get(&format!("/auth/exports/{id}/file/")).open().await.unwrap();
        assert_eq!(answer.status(), 200);
        unpack(&answer.bytes().await.unwrap())
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

fn json_of(files: &BTreeMap<String, Vec<u8>>, name: &str) -> Value {
    serde_json::from_slice(&files[name]).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_of_ones_own_is_in_it_and_nothing_of_others() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.joiner("brian", &tea).await;
    let coffee = brian.starts().await;
    ada.joins(&coffee).await;
    ada.says_often(&tea, "Ada's own words", 1_200).await;
    brian.says(&tea, "Brian's secret").await;
    let deleted = ada.says(&coffee, "taken back").await.stored.seq;
    ada.says(&coffee, "said and left").await;
    ada.delete_message(&coffee, deleted).await.is(204);
    ada.give_role(&tea, &brian, Role::Moderator).await.is(200);
    brian.put_out(&coffee, &ada, Standing::Removed).await.is(200);
    ada.call(&Method::PUT, "/auth/me/avatar/").body("image/png", png(8)).await.is(200);

    let begun = ada.begins_export().await;
    let export = ada.exported(begun.id).await;
    assert_eq!((export.state, export.done, export.total), (State::Ready, 1_201, 1_201));
    let files = ada.fetches(begun.id).await;
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    assert_eq!(names.len(), 5, "{names:?}");
    let account = json_of(&files, "account.json");
    assert_eq!((&account["username"], &account["email"]), (&json!("ada"), &json!("ada@example.org")));
    assert!(image::load_from_memory(&files["avatar.jpg"]).is_ok());
    let chats = json_of(&files, "chats.json");
    assert_eq!(chats[0]["uri"], json!(tea));
    assert_eq!(chats[0]["acts"][0]["act"]["kind"], "role");
    assert_eq!((&chats[1]["uri"], &chats[1]["standing"]), (&Value::Null, &json!("removed")));
    let said =
        |chat: &Value| json_of(&files, &format!("messages/{}.json", chat["id"])).as_array().unwrap().clone();
    assert_eq!(said(&chats[0]).len(), 1_200);
    let left = said(&chats[1]);
    assert_eq!((left.len(), &left[0]["message"]), (1, &json!("said and left")));
    let everything: Vec<u8> = files.values().flatten().copied().collect();
    let everything = String::from_utf8_lossy(&everything);
    for foreign in ["Brian", "brian", "taken back", "$argon2id", &coffee] {
        assert!(!everything.contains(foreign), "{foreign}");
    }
    let size =
        std::fs::metadata(app.data.path().join("exports").join(format!("{}.zip", begun.id))).unwrap().len();
    assert_eq!(export.bytes, Some(size));
    assert_eq!(ada.get("/auth/exports/").await.is(200).read::<Exports>().exports, [export]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_is_for_its_owner_and_a_browser_gets_it_by_a_ticket() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.person("ada").await, app.person("eve").await);
    let id = ada.begins_export().await.id;
    ada.exported(id).await;
    let path = format!("/auth/exports/{id}/file/");
    for path in [&path, &format!("/auth/exports/{id}/"), "/auth/exports/1/", "/auth/exports/1/file/"] {
        eve.get(path).await.refused(ProblemCode::NotFound);
    }
    app.web.get(&path).await.refused(ProblemCode::NotAuthenticated);
    let by = |ticket: &str| app.web.get(&format!("{path}?ticket={ticket}"));
    by(&eve.ticket().await).await.refused(ProblemCode::NotFound);
    let ticket = ada.ticket().await;
    let answer = by(&ticket).open().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/zip");
    assert_eq!(answer.headers()["content-disposition"], "attachment; filename=\"chatire.zip\"");
    assert_eq!(answer.headers()["content-security-policy"], "sandbox");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert!(!unpack(&answer.bytes().await.unwrap()).is_empty());
    by(&ticket).await.refused(ProblemCode::NotAuthenticated);
    let late = ada.ticket().await;
    ada.post("/auth/jwt/end/").await.is(204);
    by(&late).await.refused(ProblemCode::SessionEnded);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_takes_a_proof_and_one_at_a_time() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    app.run("UPDATE sessions SET proven_at = now() - interval '11 minutes'").await;
    ada.post("/auth/exports/").await.refused(ProblemCode::ProofNeeded);
    ada.post("/auth/proof/").json(&json!({ "current_password": PASSWORD })).await.is(204);
    app.run(&format!("INSERT INTO exports (id, user_id) VALUES (gen_random_uuid(), {})", ada.id)).await;
    ada.post("/auth/exports/").await.refused(ProblemCode::Conflict);
    // A guest has nothing else to show.
    let guest = app.guest("").await;
    app.run("UPDATE sessions SET proven_at = now() - interval '11 minutes'").await;
    let id = guest.begins_export().await.id;
    assert_eq!(guest.exported(id).await.state, State::Ready);
    assert_eq!(json_of(&guest.fetches(id).await, "account.json")["guest"], json!(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_starts_goes_on_where_the_last_one_ended() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    ada.says(&tea, "tea?").await;
    let id = Uuid::new_v4();
    app.run(&format!(
        "INSERT INTO exports (id, user_id, state, done, total) VALUES ('{id}', {}, 'running', 1, 2)",
        ada.id
    ))
    .await;
    exports::resume(&app.app).await.unwrap();
    let export = ada.exported(id).await;
    assert_eq!((export.state, export.done), (State::Ready, 1));
    assert_eq!(ada.fetches(id).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_goes_after_a_day_and_with_its_account() {
    let app = TestApp::start().await;
    let (ada, brian) = (app.person("ada").await, app.person("brian").await);
    let (first, second) = (ada.begins_export().await.id, brian.begins_export().await.id);
    ada.exported(first).await;
    brian.exported(second).await;
    let folder = app.data.path().join("exports");
    std::fs::write(folder.join("left-by-a-crash.zip"), "x").unwrap();
    let files = || std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(files(), 3);
    exports::sweep(&app.app).await.unwrap();
    assert_eq!(files(), 2);
    app.run(&format!("UPDATE exports SET ended_at = now() - interval '25 hours' WHERE id = '{first}'")).await;
    exports::sweep(&app.app).await.unwrap();
    assert_eq!(files(), 1);
    ada.get(&format!("/auth/exports/{first}/file/")).await.refused(ProblemCode::NotFound);
    brian.leaves_for_good().await;
    assert_eq!(app.count("SELECT count(*) FROM exports").await, 0);
    assert_eq!(files(), 0, "at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_written_says_so_and_may_be_tried_again() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let folder = app.data.path().join("exports");
    std::fs::write(&folder, "in the way").unwrap();
    let id = ada.begins_export().await.id;
    assert_eq!(ada.exported(id).await.state, State::Failed);
    ada.get(&format!("/auth/exports/{id}/file/")).await.refused(ProblemCode::NotFound);
    std::fs::remove_file(&folder).unwrap();
    let id = ada.begins_export().await.id;
    assert_eq!(ada.exported(id).await.state, State::Ready);
}
