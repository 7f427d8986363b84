//! The API, over real HTTP and sockets, on a real PostgreSQL.
