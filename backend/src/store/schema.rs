//! The tables created by `migrations/`.

diesel::table! {
    instance (singleton) {
        singleton -> Bool,
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
        display_name -> Text,
        guest -> Bool,
        claimed_at -> Nullable<Timestamptz>,
        recovery_email -> Nullable<Text>,
        passkey_handle -> Nullable<Uuid>,
        avatar -> Text,
        credentials_version -> BigInt,
    }
}

diesel::table! {
    sessions (id) {
        id -> Uuid,
        user_id -> BigInt,
        refresh_hash -> Bytea,
        browser_id -> Nullable<Uuid>,
        created_at -> Timestamptz,
        used_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
        user_agent -> Text,
        os -> Text,
        reauthenticated_at -> Timestamptz,
        refreshed_at -> Nullable<Timestamptz>,
        refresh_delivered -> Bool,
    }
}

diesel::table! {
    spent_refresh_tokens (refresh_hash) {
        refresh_hash -> Bytea,
        session_id -> Uuid,
        salt -> Bytea,
        spent_at -> Timestamptz,
    }
}

diesel::table! {
    avatars (id) {
        id -> Text,
        user_id -> BigInt,
        jpeg -> Bytea,
    }
}

diesel::table! {
    data_exports (id) {
        id -> Uuid,
        user_id -> BigInt,
        chat_id -> Nullable<BigInt>,
        created_at -> Timestamptz,
        state -> crate::store::enum_columns::ExportStateColumn,
        done -> BigInt,
        total -> BigInt,
        bytes -> Nullable<BigInt>,
        ended_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    password_resets (secret_hash) {
        secret_hash -> Bytea,
        user_id -> BigInt,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    password_reset_emails (id) {
        id -> BigInt,
        mailbox_hash -> Bytea,
        sent_at -> Timestamptz,
    }
}

diesel::table! {
    second_factors (user_id) {
        user_id -> BigInt,
        encrypted_secret -> Bytea,
        confirmed_at -> Nullable<Timestamptz>,
        last_step -> BigInt,
    }
}

diesel::table! {
    recovery_codes (user_id, code_hash) {
        user_id -> BigInt,
        code_hash -> Bytea,
    }
}

diesel::table! {
    passkeys (id) {
        id -> Uuid,
        user_id -> BigInt,
        credential_id -> Bytea,
        credential -> Jsonb,
        label -> Text,
        created_at -> Timestamptz,
        used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    chats (id) {
        id -> BigInt,
        uri -> Text,
        head -> BigInt,
        revision -> BigInt,
        created_at -> Timestamptz,
        name -> Text,
        topic -> Text,
        closed -> Bool,
        link_open -> Bool,
        guests_allowed -> Bool,
        approval_required -> Bool,
        slow_mode_seconds -> Integer,
        edit_window -> crate::store::enum_columns::EditWindowColumn,
        export_allowed -> Bool,
        retention_days -> Nullable<Integer>,
        expires_at -> Nullable<Timestamptz>,
        first_retained_seq -> BigInt,
        pins -> Array<BigInt>,
        deleted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    former_uris (uri) {
        uri -> Text,
        chat_id -> BigInt,
        ended_at -> Timestamptz,
    }
}

diesel::table! {
    invite_links (id) {
        id -> BigInt,
        chat_id -> BigInt,
        secret_hash -> Bytea,
        label -> Text,
        role -> crate::store::enum_columns::RoleColumn,
        created_by -> BigInt,
        created_at -> Timestamptz,
        expires_at -> Nullable<Timestamptz>,
        max_uses -> Nullable<Integer>,
        uses -> Integer,
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    invite_link_uses (link_id, user_id) {
        link_id -> BigInt,
        user_id -> BigInt,
    }
}

diesel::table! {
    members (chat_id, user_id) {
        chat_id -> BigInt,
        user_id -> BigInt,
        role -> crate::store::enum_columns::RoleColumn,
        seq -> BigInt,
        revision -> BigInt,
        created_at -> Timestamptz,
        status -> crate::store::enum_columns::MembershipStatusColumn,
        status_changed_at -> Timestamptz,
        link_role_max -> Nullable<crate::store::enum_columns::RoleColumn>,
        read_seq -> BigInt,
        muted -> Bool,
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
        event -> Nullable<Jsonb>,
        deleted_at -> Nullable<Timestamptz>,
        text_checksum -> Nullable<Integer>,
        reply_to -> Nullable<BigInt>,
        edit_id -> Nullable<Uuid>,
        edited_at -> Nullable<Timestamptz>,
        reactions -> Nullable<Jsonb>,
        mentions -> Nullable<Array<BigInt>>,
        files -> Nullable<Jsonb>,
    }
}

diesel::table! {
    files (id) {
        id -> Uuid,
        chat_id -> BigInt,
        user_id -> BigInt,
        object_key -> Uuid,
        name -> Text,
        media_type -> Text,
        stored_size -> BigInt,
        size -> BigInt,
        width -> Nullable<Integer>,
        height -> Nullable<Integer>,
        checksum -> Binary,
        created_at -> Timestamptz,
        posted -> Bool,
        message_id -> Nullable<BigInt>,
        preview_media_type -> Nullable<Text>,
    }
}

diesel::table! {
    message_mentions (chat_id, seq, user_id) {
        chat_id -> BigInt,
        seq -> BigInt,
        user_id -> BigInt,
        author_id -> BigInt,
    }
}

diesel::table! {
    message_reactions (chat_id, seq, emoji, user_id) {
        chat_id -> BigInt,
        seq -> BigInt,
        emoji -> Text,
        user_id -> BigInt,
        revision -> BigInt,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    message_versions (chat_id, seq, revision) {
        chat_id -> BigInt,
        seq -> BigInt,
        revision -> BigInt,
        edit_id -> Nullable<Uuid>,
        message -> Text,
        created_at -> Timestamptz,
        mentions -> Nullable<Array<BigInt>>,
    }
}

diesel::table! {
    audit_log (id) {
        id -> BigInt,
        chat_id -> BigInt,
        user_id -> Nullable<BigInt>,
        action -> Jsonb,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    unowned_objects (object_key) {
        object_key -> Uuid,
        delete_at -> Timestamptz,
    }
}

diesel::joinable!(audit_log -> users (user_id));
diesel::joinable!(files -> messages (message_id));
diesel::joinable!(invite_links -> chats (chat_id));
diesel::joinable!(invite_links -> users (created_by));
diesel::joinable!(members -> chats (chat_id));
diesel::joinable!(members -> users (user_id));
diesel::joinable!(messages -> chats (chat_id));
diesel::joinable!(messages -> users (user_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(spent_refresh_tokens -> sessions (session_id));
diesel::allow_tables_to_appear_in_same_query!(
    audit_log,
    avatars,
    chats,
    data_exports,
    files,
    former_uris,
    invite_link_uses,
    invite_links,
    members,
    message_mentions,
    message_reactions,
    message_versions,
    messages,
    passkeys,
    password_reset_emails,
    password_resets,
    recovery_codes,
    second_factors,
    sessions,
    spent_refresh_tokens,
    users,
);
