//! Migrations: up, down, up again, and concurrently.

use backend::store::{self, Db, MIGRATIONS, StoreError, members};
use diesel::connection::Connection;
use diesel_async::{AsyncPgConnection, async_connection_wrapper::AsyncConnectionWrapper};
use diesel_migrations::MigrationHarness;
use shared::id::{ChatId, UserId};
use tokio_postgres::Config;

use crate::support::database;

/// Every column, constraint and index, as text.
async fn shape(database: &Config) -> Vec<String> {
    let client = database::connect(database).await;
    let statement = "SELECT format('%s.%s %s %s', table_name, column_name, data_type, is_nullable) AS line \
           FROM information_schema.columns WHERE table_schema = 'public' \
         UNION SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint \
           WHERE connamespace = 'public'::regnamespace \
         UNION SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY line";
    let lines = client.query(statement, &[]).await.unwrap();
    let lines: Vec<String> = lines.iter().map(|line| line.get(0)).collect();
    lines.into_iter().filter(|line| !line.contains("__diesel_schema_migrations")).collect()
}

async fn take_down(database: &Config) {
    let url = database::url(database);
    let down = tokio::task::spawn_blocking(move || {
        let mut connection = AsyncConnectionWrapper::<AsyncPgConnection>::establish(&url).unwrap();
        connection.revert_all_migrations(MIGRATIONS).unwrap().len()
    });
    assert!(down.await.unwrap() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_run_up_down_and_up() {
    let database = database::create_empty("steps").await;
    let url = database::url(&database);
    let steps = store::migrate(&url).await.unwrap();
    let up = shape(&database).await;
    assert!(!steps.is_empty() && up.iter().any(|line| line.starts_with("chats.head bigint NO")), "{up:?}");
    assert_eq!(store::migrate(&url).await.unwrap(), Vec::<String>::new(), "no migration is left");
    take_down(&database).await;
    assert_eq!(shape(&database).await, Vec::<String>::new());
    assert_eq!(store::migrate(&url).await.unwrap(), steps);
    assert_eq!(shape(&database).await, up);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_migrations_run_each_step_once() {
    let database = database::create_empty("together").await;
    let url = database::url(&database);
    let migrations = (0..5).map(|_| {
        tokio::spawn({
            let url = url.clone();
            async move { store::migrate(&url).await.unwrap() }
        })
    });
    let mut done = Vec::new();
    for migration in migrations.collect::<Vec<_>>() {
        done.extend(migration.await.unwrap());
    }
    let steps = done.len();
    done.dedup();
    assert_eq!((done.len() == steps, steps > 0), (true, true), "{done:?}");
    let client = database::connect(&database).await;
    let count: i64 =
        client.query_one("SELECT count(*) FROM __diesel_schema_migrations", &[]).await.unwrap().get(0);
    assert_eq!(usize::try_from(count).unwrap(), steps);
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_database_error_names_setting() {
    let missing = database::create_empty("missing").await.dbname("chatire_test_nowhere").clone();
    let error = store::migrate(&database::url(&missing)).await.unwrap_err();
    assert!(format!("{error:#}").contains("DATABASE_URL"), "{error:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn database_with_older_unknown_step_is_refused() {
    let database = database::create_empty("unknown_step").await;
    let (url, client) = (database::url(&database), database::connect(&database).await);
    let applied = "CREATE TABLE __diesel_schema_migrations \
                     (version varchar(50) PRIMARY KEY, run_on timestamp NOT NULL DEFAULT now()); \
                   INSERT INTO __diesel_schema_migrations (version) VALUES ('20261122000000')";
    client.batch_execute(applied).await.unwrap();
    let error = store::migrate(&url).await.unwrap_err().to_string();
    assert!(error.contains("20261122000000") && error.contains("DATABASE_URL"), "{error}");
    let tables: i64 = client
        .query_one("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(tables, 1, "nothing was created");
}

#[tokio::test(flavor = "multi_thread")]
async fn database_with_newer_unknown_step_is_accepted() {
    let database = database::create_empty("newer_step").await;
    let url = database::url(&database);
    store::migrate(&url).await.unwrap();
    let client = database::connect(&database).await;
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')";
    client.batch_execute(newer).await.unwrap();
    assert_eq!(store::migrate(&url).await.unwrap(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_role_in_database_is_an_error() {
    let database = database::create_empty("unknown_role").await;
    let url = database::url(&database);
    store::migrate(&url).await.unwrap();
    let rows = "ALTER TABLE members DROP CONSTRAINT members_role_check; \
                INSERT INTO users (username) VALUES ('ada'); \
                INSERT INTO chats (uri, head, revision) VALUES ('tea', 1, 1); \
                INSERT INTO members (chat_id, user_id, role, seq, revision, created_at) \
                  SELECT chats.id, users.id, 'admin', 1, 1, now() FROM chats, users";
    database::connect(&database).await.batch_execute(rows).await.unwrap();
    let db = Db::new(&url, 1).unwrap();
    let (chat_id, user_id) = (ChatId::new(1), UserId::new(1));
    let error = members::find_role(&mut db.get().await.unwrap(), chat_id, user_id).await.unwrap_err();
    assert!(matches!(error, StoreError::Internal(_)) && error.to_string().contains("admin"), "{error}");
}
