//! The schema: up, down, up again, and by several at once.

use backend::db::{self, MIGRATIONS};
use diesel::connection::Connection;
use diesel_async::{AsyncPgConnection, async_connection_wrapper::AsyncConnectionWrapper};
use diesel_migrations::MigrationHarness;
use tokio_postgres::Config;

use crate::database;

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
async fn every_step_goes_up_down_and_up_again() {
    let database = database::empty("steps").await;
    let url = database::url(&database);
    let steps = db::migrate(&url).await.unwrap();
    let up = shape(&database).await;
    assert!(!steps.is_empty() && up.iter().any(|line| line.starts_with("chats.head bigint NO")), "{up:?}");
    assert_eq!(db::migrate(&url).await.unwrap(), Vec::<String>::new(), "there is nothing more to do");
    take_down(&database).await;
    assert_eq!(shape(&database).await, Vec::<String>::new());
    assert_eq!(db::migrate(&url).await.unwrap(), steps);
    assert_eq!(shape(&database).await, up);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_migrate_at_once_each_step_is_done_by_one() {
    let database = database::empty("together").await;
    let url = database::url(&database);
    let migrations = (0..5).map(|_| {
        tokio::spawn({
            let url = url.clone();
            async move { db::migrate(&url).await.unwrap() }
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
async fn a_database_that_is_not_there_is_named() {
    let missing = database::empty("missing").await.dbname("chatire_test_nowhere").clone();
    let error = db::migrate(&database::url(&missing)).await.unwrap_err();
    assert!(format!("{error:#}").contains("DATABASE_URL"), "{error:#}");
}
