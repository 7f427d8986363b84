//! Accounts: usernames, passwords, e-mail addresses and deletion.

use backend::config::RateLimits;
use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::{
    credentials::AccessToken,
    problem::{FieldCode, ProblemCode},
    user::Account,
};

use crate::support::{ApiRequest, ApiResponse, PASSWORD, TestApp, TestUser};

fn sign_up(app: &TestApp, name: &str, password: &str) -> ApiRequest {
    app.http.post("/auth/users/create/").json(&json!({ "username": name, "password": password }))
}

/// Asserts that this field alone is invalid, and returns its code.
#[track_caller]
fn field_error(response: ApiResponse, field: &str) -> FieldCode {
    let listed = response.value();
    let errors = response.assert_problem(ProblemCode::Invalid).errors;
    assert_eq!((errors.len(), errors[0].field.as_str()), (1, field), "{listed}");
    assert_eq!(listed[field], json!([errors[0].detail]));
    errors[0].code
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_up_user_can_sign_in() {
    let app = TestApp::spawn().await;
    let account: Account = sign_up(&app, "Ada", PASSWORD).await.assert_status(201).json();
    assert_eq!((account.username.as_str(), account.email.as_str()), ("Ada", ""));
    let sign_in = json!({ "username": "ada", "password": PASSWORD });
    let AccessToken { token } =
        app.http.post("/auth/jwt/create/").json(&sign_in).await.assert_status(200).json();
    let me = app.http.get("/auth/me/").header("authorization", &format!("JWT {token}")).await;
    assert_eq!(me.assert_status(200).json::<Account>(), account);
}

#[tokio::test(flavor = "multi_thread")]
async fn username_is_unique_in_any_case_and_width() {
    let app = TestApp::spawn().await;
    let brian = app.create_user("brian").await;
    sign_up(&app, "Åsa", PASSWORD).await.assert_status(201);
    for name in ["Åsa", "åsa", "ÅSA", "A\u{30a}sa", "Å\u{ff53}a"] {
        let response = sign_up(&app, name, PASSWORD).await;
        if name.contains('\u{30a}') {
            // Combining marks are not allowed.
            assert_eq!(field_error(response, "username"), FieldCode::InvalidUsername, "{name}");
        } else {
            assert_eq!(response.value()["username"], json!(["A user with that username already exists."]));
            assert_eq!(field_error(response, "username"), FieldCode::UsernameTaken, "{name}");
        }
    }
    let rename = json!({ "new_username": "åSA", "current_password": PASSWORD });
    let response = brian.post("/auth/username/").json(&rename).await;
    assert_eq!(field_error(response, "new_username"), FieldCode::UsernameTaken);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_sign_ups_grant_a_username_once() {
    let app = TestApp::spawn().await;
    let names = ["ada", "Ada", "aDa", "adA", "ADa", "AdA", "aDA", "ADA", "ａda", "ad\u{ff41}"];
    let responses =
        futures_util::future::join_all(names.map(|name| async { sign_up(&app, name, PASSWORD).await })).await;
    let (won, lost): (Vec<_>, Vec<_>) = responses.into_iter().partition(|response| response.status == 201);
    assert_eq!((won.len(), lost.len()), (1, 9));
    for response in lost {
        assert_eq!(field_error(response, "username"), FieldCode::UsernameTaken);
    }
    assert_eq!(app.query_count("SELECT count(*) FROM users").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn username_rules_are_enforced() {
    let app = TestApp::spawn().await;
    let longest = "é".repeat(150);
    for good in ["a", "Ada.Lovelace+1@home_-", "李", &longest] {
        assert_eq!(sign_up(&app, good, PASSWORD).await.assert_status(201).json::<Account>().username, good);
    }
    let bad = [
        ("", FieldCode::Blank),
        (" ", FieldCode::InvalidUsername),
        ("a b", FieldCode::InvalidUsername),
        (" ada", FieldCode::InvalidUsername),
        ("<b>", FieldCode::InvalidUsername),
        ("a\u{200b}b", FieldCode::InvalidUsername),
        ("\u{202e}eve", FieldCode::InvalidUsername),
        ("deleted account", FieldCode::InvalidUsername),
        (&format!("{longest}é"), FieldCode::TooLong),
    ];
    for (name, code) in bad {
        assert_eq!(field_error(sign_up(&app, name, PASSWORD).await, "username"), code, "{name:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn password_rules_apply_to_sign_up_and_change() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let bad = [
        ("", FieldCode::Blank),
        ("k8#vQz!", FieldCode::TooShort),
        (&"k8#vQz!w".repeat(17)[..129], FieldCode::TooLong),
        ("password", FieldCode::CommonPassword),
        ("12345678", FieldCode::CommonPassword),
        ("qwertyuiop", FieldCode::CommonPassword),
    ];
    for (password, code) in bad {
        assert_eq!(field_error(sign_up(&app, "brian", password).await, "password"), code, "{password}");
        let change = json!({ "new_password": password, "current_password": PASSWORD });
        let response = ada.post("/auth/password/").json(&change).await;
        assert_eq!(field_error(response, "new_password"), code, "{password}");
    }
    assert_eq!(
        field_error(sign_up(&app, "lovelace", "lovelace").await, "password"),
        FieldCode::CommonPassword
    );
    sign_up(&app, "brian", &"k8#vQz!w".repeat(16)).await.assert_status(201);
    sign_up(&app, "eve", " k8#vQz ").await.assert_status(201);
    let trimmed = json!({ "username": "eve", "password": "k8#vQz" });
    app.http.post("/auth/jwt/create/").json(&trimmed).await.assert_problem(ProblemCode::WrongCredentials);
}

#[tokio::test(flavor = "multi_thread")]
async fn account_changes_require_the_password() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    for (path, field, value) in [
        ("/auth/password/", "new_password", "green tea at five"),
        ("/auth/username/", "new_username", "brian"),
        ("/auth/users/delete/", "x", ""),
    ] {
        let body = json!({ field: value, "current_password": "wrong" });
        let response = ada.post(path).json(&body).await;
        assert_eq!(response.value()["current_password"], json!(["Invalid password."]));
        assert_eq!(field_error(response, "current_password"), FieldCode::WrongPassword);
    }
    let me: Account = ada.get("/auth/me/").await.assert_status(200).json();
    assert_eq!(me.username, "ada");
}

#[tokio::test(flavor = "multi_thread")]
async fn email_is_validated_shareable_and_removable() {
    let app = TestApp::spawn().await;
    let (ada, brian) = (app.create_user("ada").await, app.create_user("brian").await);
    for bad in ["ada", "ada@", "@example.org", "a b@example.org", "a@b@example.org"] {
        let response = ada.request(&reqwest::Method::PUT, "/auth/me/").json(&json!({ "email": bad })).await;
        assert_eq!(field_error(response, "email"), FieldCode::InvalidEmail, "{bad}");
        let sign_up = json!({ "email": bad, "username": "eve", "password": PASSWORD });
        let response = app.http.post("/auth/users/create/").json(&sign_up).await;
        assert_eq!(field_error(response, "email"), FieldCode::InvalidEmail, "{bad}");
    }
    for email in [&brian.email[..], ""] {
        let response =
            ada.request(&reqwest::Method::PATCH, "/auth/me/").json(&json!({ "email": email })).await;
        assert_eq!(response.assert_status(200).json::<Account>().email, email);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_account_frees_its_name_and_erases_data() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    ada.delete_account().await;
    let sign_in = json!({ "username": "ada", "password": PASSWORD });
    app.http.post("/auth/jwt/create/").json(&sign_in).await.assert_problem(ProblemCode::WrongCredentials);
    let namesake: Account = sign_up(&app, "ada", PASSWORD).await.assert_status(201).json();
    assert_ne!(namesake.id, ada.id);
    let left = format!(
        "SELECT count(*) FROM users WHERE id = {} AND email = '' AND password_hash IS NULL AND username <> 'ada'",
        ada.id
    );
    assert_eq!(app.query_count(&left).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_password_changes_apply_one() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let changes = join_all((0..10).map(async |number| {
        let wanted = format!("violet tea at half past {number}");
        let body = json!({ "new_password": wanted, "current_password": PASSWORD });
        let response = ada.post("/auth/password/").json(&body).await;
        if response.status == 400 {
            let error = &response.assert_problem(ProblemCode::Invalid).errors[0];
            assert_eq!((error.field.as_str(), error.code), ("current_password", FieldCode::WrongPassword));
            return None;
        }
        response.assert_status(204);
        Some(wanted)
    }))
    .await;
    let wanted: Vec<_> = changes.into_iter().flatten().collect();
    let [wanted] = wanted.as_slice() else { panic!("one of them counts: {wanted:?}") };
    let sign_in = json!({ "username": "ada", "password": wanted });
    app.http.post("/auth/jwt/create/").json(&sign_in).await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn display_name_is_folded() {
    let app = TestApp::spawn().await;
    let name = json!({ "email": "", "display_name": "  Ho\u{200b}st \u{3164}\u{2060} " });
    let created = app.http.post("/auth/guest/").json(&name).await.assert_status(201).value();
    assert_eq!(created["user"]["display_name"], "Host");
    let ada = app.create_user("ada").await;
    for method in [reqwest::Method::PATCH, reqwest::Method::PUT] {
        let me = ada.request(&method, "/auth/me/").json(&name).await.assert_status(200).value();
        assert_eq!(me["display_name"], "Host");
    }
    for bad in ["\u{fe0f}\u{e0041}", "two\u{2028}lines"] {
        let request = ada.request(&reqwest::Method::PATCH, "/auth/me/");
        request.json(&json!({ "display_name": bad })).await.assert_status(400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn password_checks_are_limited_per_ip() {
    let app = TestApp::spawn_with(|config| {
        config.limits.rate_limits = RateLimits::On;
        config.limits.limit_sign_ins = "8/h".parse().unwrap();
        config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let users = app.create_users(3).await;
    let bodies = |password: &str| {
        [
            ("/auth/reauthentication/", json!({ "current_password": password })),
            ("/auth/password/", json!({ "current_password": password, "new_password": "mint tea at nine" })),
            ("/auth/username/", json!({ "current_password": password, "new_username": "ada" })),
            ("/auth/users/delete/", json!({ "current_password": password })),
        ]
    };
    let check = |user: &TestUser, ip: &str, (path, body): (&str, Value)| {
        user.post(path).header("x-forwarded-for", ip).json(&body)
    };
    for user in &users[..2] {
        for wrong in bodies("wrong") {
            check(user, "198.51.100.1", wrong).await.assert_problem(ProblemCode::Invalid);
        }
    }
    for right in bodies(PASSWORD) {
        check(&users[2], "198.51.100.1", right).await.assert_problem(ProblemCode::TooManyRequests);
    }
    let [reauthentication, ..] = bodies(PASSWORD);
    check(&users[2], "198.51.100.2", reauthentication).await.assert_status(204);
}
