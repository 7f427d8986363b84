//! Sign-ins that are in progress while the credentials change.

use backend::store::{
    self, StoreError,
    accounts::{change_password, delete},
    second_factors, sessions,
};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use futures_util::{FutureExt, future::BoxFuture};
use shared::{id::UserId, problem::ProblemCode};

use crate::support::{ApiRequest, ApiResponse, TestApp};

/// Sends the sign-in while a change is not committed yet, commits the change once the sign-in waits for it, and returns the
/// response to the sign-in.
pub async fn sign_in_during(
    app: &TestApp,
    sign_in: ApiRequest,
    change: impl for<'r> FnOnce(&'r mut AsyncPgConnection) -> BoxFuture<'r, Result<(), StoreError>> + Send,
) -> ApiResponse {
    let mut connection = app.state.db.get().await.unwrap();
    let committed = connection.transaction(async |connection| {
        change(connection).await?;
        let response = tokio::spawn(sign_in.into_future());
        app.wait_for_lock_waiter().await;
        Ok::<_, StoreError>(response)
    });
    committed.await.unwrap().await.unwrap()
}

/// The session that the test began with is no sign-in.
async fn assert_no_sign_in(app: &TestApp, user_id: UserId) {
    let sessions =
        format!("SELECT count(*) FROM sessions WHERE user_id = {user_id} AND user_agent <> 'test'");
    assert_eq!(app.query_count(&sessions).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_during_password_change_fails() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let id = ada.id;
    let mut connection = app.state.db.get().await.unwrap();
    let old = store::users::find_password_hash(&mut connection, id).await.unwrap().unwrap();
    let session = ada.list_sessions().await[0].id;
    let response = sign_in_during(&app, app.sign_in("ada"), |connection| {
        async move { change_password(connection, id, [old.as_str(), "other"], session).await.map(drop) }
            .boxed()
    });
    response.await.assert_problem(ProblemCode::WrongCredentials);
    assert_no_sign_in(&app, id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_while_second_factor_is_enabled_fails() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let id = ada.id;
    ada.post("/auth/second_factor/").await.assert_status(200);
    let response = sign_in_during(&app, app.sign_in("ada"), |connection| {
        async move { second_factors::confirm(connection, id, &[]).await.map(|confirmed| assert!(confirmed)) }
            .boxed()
    });
    response.await.assert_problem(ProblemCode::WrongCredentials);
    assert_no_sign_in(&app, id).await;
    app.sign_in("ada").await.assert_problem(ProblemCode::SecondFactorRequired);
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_while_all_sessions_are_ended_fails() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let id = ada.id;
    let response = sign_in_during(&app, app.sign_in("ada"), |connection| {
        async move { sessions::end_all(connection, id).await.map(|ended| assert_eq!(ended.len(), 1)) }.boxed()
    });
    response.await.assert_problem(ProblemCode::WrongCredentials);
    assert_no_sign_in(&app, id).await;
    app.sign_in("ada").await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_during_account_deletion_fails() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let id = ada.id;
    let response = sign_in_during(&app, app.sign_in("ada"), |connection| {
        async move { delete(connection, id).await.map(drop) }.boxed()
    });
    response.await.assert_problem(ProblemCode::WrongCredentials);
    assert_no_sign_in(&app, id).await;
}
