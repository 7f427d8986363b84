//! Accounts: their names, passwords and e-mails, and their end.

use futures_util::future::join_all;
use serde_json::json;
use shared::{
    credentials::Token,
    problem::{FieldCode, ProblemCode},
    user::Account,
};

use crate::app::{Answer, Call, PASSWORD, TestApp};

fn sign_up(app: &TestApp, name: &str, password: &str) -> Call {
    app.web.post("/auth/users/create/").json(&json!({ "username": name, "password": password }))
}

/// The one field that is wrong.
#[track_caller]
fn wrong(answer: Answer, field: &str) -> FieldCode {
    let listed = answer.value();
    let errors = answer.refused(ProblemCode::Invalid).errors;
    assert_eq!((errors.len(), errors[0].field.as_str()), (1, field), "{listed}");
    assert_eq!(listed[field], json!([errors[0].detail]));
    errors[0].code
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_up_can_sign_in() {
    let app = TestApp::start().await;
    let account: Account = sign_up(&app, "Ada", PASSWORD).await.is(201).read();
    assert_eq!((account.username.as_str(), account.email.as_str()), ("Ada", ""));
    let sign_in = json!({ "username": "ada", "password": PASSWORD });
    let Token { token } = app.web.post("/auth/jwt/create/").json(&sign_in).await.is(200).read();
    let me = app.web.get("/auth/me/").header("authorization", &format!("JWT {token}")).await;
    assert_eq!(me.is(200).read::<Account>(), account);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_taken_in_any_case_and_any_width() {
    let app = TestApp::start().await;
    let brian = app.person("brian").await;
    sign_up(&app, "Åsa", PASSWORD).await.is(201);
    for name in ["Åsa", "åsa", "ÅSA", "A\u{30a}sa", "Å\u{ff53}a"] {
        let answer = sign_up(&app, name, PASSWORD).await;
        if name.contains('\u{30a}') {
            // A combining mark alone is not a letter.
            assert_eq!(wrong(answer, "username"), FieldCode::BadUsername, "{name}");
        } else {
            assert_eq!(answer.value()["username"], json!(["A user with that username already exists."]));
            assert_eq!(wrong(answer, "username"), FieldCode::UsernameTaken, "{name}");
        }
    }
    let rename = json!({ "new_username": "åSA", "current_password": PASSWORD });
    let answer = brian.post("/auth/username/").json(&rename).await;
    assert_eq!(wrong(answer, "new_username"), FieldCode::UsernameTaken);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_ten_who_want_one_name_at_once_exactly_one_gets_it() {
    let app = TestApp::start().await;
    let names = ["ada", "Ada", "aDa", "adA", "ADa", "AdA", "aDA", "ADA", "ａda", "ad\u{ff41}"];
    let answers =
        futures_util::future::join_all(names.map(|name| async { sign_up(&app, name, PASSWORD).await })).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((won.len(), lost.len()), (1, 9));
    for answer in lost {
        assert_eq!(wrong(answer, "username"), FieldCode::UsernameTaken);
    }
    assert_eq!(app.count("SELECT count(*) FROM users").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_follow_the_rules() {
    let app = TestApp::start().await;
    let longest = "é".repeat(150);
    for good in ["a", "Ada.Lovelace+1@home_-", "李", &longest] {
        assert_eq!(sign_up(&app, good, PASSWORD).await.is(201).read::<Account>().username, good);
    }
    let bad = [
        ("", FieldCode::Blank),
        (" ", FieldCode::BadUsername),
        ("a b", FieldCode::BadUsername),
        (" ada", FieldCode::BadUsername),
        ("<b>", FieldCode::BadUsername),
        ("a\u{200b}b", FieldCode::BadUsername),
        ("\u{202e}eve", FieldCode::BadUsername),
        ("deleted account", FieldCode::BadUsername),
        (&format!("{longest}é"), FieldCode::TooLong),
    ];
    for (name, code) in bad {
        assert_eq!(wrong(sign_up(&app, name, PASSWORD).await, "username"), code, "{name:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_follow_the_rules_at_sign_up_and_at_every_change() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let bad = [
        ("", FieldCode::Blank),
        ("k8#vQz!", FieldCode::TooShort),
        (&"k8#vQz!w".repeat(17)[..129], FieldCode::TooLong),
        ("password", FieldCode::CommonPassword),
        ("12345678", FieldCode::CommonPassword),
        ("qwertyuiop", FieldCode::CommonPassword),
    ];
    for (password, code) in bad {
        assert_eq!(wrong(sign_up(&app, "brian", password).await, "password"), code, "{password}");
        let change = json!({ "new_password": password, "current_password": PASSWORD });
        let answer = ada.post("/auth/password/").json(&change).await;
        assert_eq!(wrong(answer, "new_password"), code, "{password}");
    }
    assert_eq!(wrong(sign_up(&app, "lovelace", "lovelace").await, "password"), FieldCode::CommonPassword);
    sign_up(&app, "brian", &"k8#vQz!w".repeat(16)).await.is(201);
    sign_up(&app, "eve", " k8#vQz ").await.is(201);
    let trimmed = json!({ "username": "eve", "password": "k8#vQz" });
    app.web.post("/auth/jwt/create/").json(&trimmed).await.refused(ProblemCode::WrongCredentials);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_matters_asks_for_the_password_again() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    for (path, field, value) in [
        ("/auth/password/", "new_password", "green tea at five"),
        ("/auth/username/", "new_username", "brian"),
        ("/auth/users/delete/", "x", ""),
    ] {
        let body = json!({ field: value, "current_password": "wrong" });
        let answer = ada.post(path).json(&body).await;
        assert_eq!(answer.value()["current_password"], json!(["Invalid password."]));
        assert_eq!(wrong(answer, "current_password"), FieldCode::WrongPassword);
    }
    let me: Account = ada.get("/auth/me/").await.is(200).read();
    assert_eq!(me.username, "ada");
}

#[tokio::test(flavor = "multi_thread")]
async fn e_mails_follow_the_rules_and_may_be_shared_and_forgotten() {
    let app = TestApp::start().await;
    let (ada, brian) = (app.person("ada").await, app.person("brian").await);
    for bad in ["ada", "ada@", "@example.org", "a b@example.org", "a@b@example.org"] {
        let answer = ada.call(&reqwest::Method::PUT, "/auth/me/").json(&json!({ "email": bad })).await;
        assert_eq!(wrong(answer, "email"), FieldCode::BadEmail, "{bad}");
        let sign_up = json!({ "email": bad, "username": "eve", "password": PASSWORD });
        let answer = app.web.post("/auth/users/create/").json(&sign_up).await;
        assert_eq!(wrong(answer, "email"), FieldCode::BadEmail, "{bad}");
    }
    for email in [&brian.email[..], ""] {
        let answer = ada.call(&reqwest::Method::PATCH, "/auth/me/").json(&json!({ "email": email })).await;
        assert_eq!(answer.is(200).read::<Account>().email, email);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_account_leaves_its_name_to_others_and_nothing_of_itself() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    ada.leaves_for_good().await;
    let sign_in = json!({ "username": "ada", "password": PASSWORD });
    app.web.post("/auth/jwt/create/").json(&sign_in).await.refused(ProblemCode::WrongCredentials);
    let namesake: Account = sign_up(&app, "ada", PASSWORD).await.is(201).read();
    assert_ne!(namesake.id, ada.id);
    let left = format!(
        "SELECT count(*) FROM users WHERE id = {} AND email = '' AND password_hash IS NULL AND username <> 'ada'",
        ada.id
    );
    assert_eq!(app.count(&left).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_ten_who_change_one_password_at_once_one_does() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let changes = join_all((0..10).map(async |number| {
        let wanted = format!("violet tea at half past {number}");
        let body = json!({ "new_password": wanted, "current_password": PASSWORD });
        let answer = ada.post("/auth/password/").json(&body).await;
        if answer.status == 400 {
            let error = &answer.refused(ProblemCode::Invalid).errors[0];
            assert_eq!((error.field.as_str(), error.code), ("current_password", FieldCode::WrongPassword));
            return None;
        }
        answer.is(204);
        Some(wanted)
    }))
    .await;
    let wanted: Vec<_> = changes.into_iter().flatten().collect();
    let [wanted] = wanted.as_slice() else { panic!("one of them counts: {wanted:?}") };
    let sign_in = json!({ "username": "ada", "password": wanted });
    app.web.post("/auth/jwt/create/").json(&sign_in).await.is(200);
}
