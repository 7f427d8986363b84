//! The tables, as `migrations/` makes them.

diesel::table! {
    instance (only_row) {
        only_row -> Bool,
        epoch -> Uuid,
    }
}

diesel::table! {
    users (id) {
        id -> BigInt,
        username -> Text,
        username_key -> Nullable<Text>,
        email -> Text,
        password_hash -> Nullable<Text>,
        first_name -> Text,
        last_name -> Text,
        created_at -> Timestamptz,
        deleted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    chats (id) {
        id -> BigInt,
        uri -> Text,
        head -> BigInt,
        revision -> BigInt,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    members (chat_id, user_id) {
        chat_id -> BigInt,
        user_id -> BigInt,
        role -> Text,
        seq -> BigInt,
        revision -> BigInt,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    messages (id) {
        id -> BigInt,
        chat_id -> BigInt,
        seq -> BigInt,
        revision -> BigInt,
        user_id -> BigInt,
        client_id -> Uuid,
        message -> Text,
        created_at -> Timestamptz,
    }
}

diesel::joinable!(members -> chats (chat_id));
diesel::joinable!(members -> users (user_id));
diesel::joinable!(messages -> chats (chat_id));
diesel::joinable!(messages -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(chats, members, messages, users);
