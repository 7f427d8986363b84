//! Hand-written SQL whose statement is prepared once per connection. Diesel does not do that for `sql_query`, inserts and updates,
//! and to plan a statement anew can cost more than to run it.

use std::{borrow::Cow, marker::PhantomData};

use diesel::{
    dsl::{AsSelect, SqlTypeOf},
    expression::{AsExpression, TypedExpressionType},
    pg::Pg,
    prelude::*,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::SqlType,
};

/// The SQL type of the columns of a row.
pub type Columns<T> = SqlTypeOf<AsSelect<T, Pg>>;

/// A query that returns rows of the SQL type `T`. Each `?` in its text stands for the next bind or list of columns.
pub struct StaticQuery<'a, T> {
    sql: Cow<'static, str>,
    parts: Vec<Box<dyn QueryFragment<Pg> + Send + 'a>>,
    rows: PhantomData<fn() -> T>,
}

impl<'a, T> StaticQuery<'a, T> {
    pub fn new(sql: impl Into<Cow<'static, str>>) -> Self {
        Self { sql: sql.into(), parts: Vec::new(), rows: PhantomData }
    }

    pub fn bind<S, V>(self, value: V) -> Self
    where
        S: SqlType + TypedExpressionType,
        V: AsExpression<S>,
        V::Expression: QueryFragment<Pg> + Send + 'a,
    {
        self.columns(value.as_expression())
    }

    pub fn columns(mut self, columns: impl QueryFragment<Pg> + Send + 'a) -> Self {
        self.parts.push(Box::new(columns));
        self
    }
}

impl<T> Query for StaticQuery<'_, T> {
    type SqlType = T;
}

// Diesel finds the prepared statement by its text.
impl<T> QueryId for StaticQuery<'_, T> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<T> QueryFragment<Pg> for StaticQuery<'_, T> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut parts = self.parts.iter();
        for (index, text) in self.sql.split('?').enumerate() {
            if index > 0
                && let Some(part) = parts.next()
            {
                part.walk_ast(out.reborrow())?;
            }
            out.push_sql(text);
        }
        Ok(())
    }
}
