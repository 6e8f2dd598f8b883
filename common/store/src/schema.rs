//! Tables as diesel sees them; `migrations/` makes them.

diesel::table! {
    log (log_no) {
        log_no -> BigInt,
        name -> Text,
        origin -> Text,
        vkey -> Text,
        state -> Text,
        created -> BigInt,
    }
}

diesel::table! {
    entry (key) {
        key -> BigInt,
        serial -> Nullable<Binary>,
        body -> Binary,
    }
}

diesel::table! {
    tile (log_no, level, n) {
        log_no -> BigInt,
        level -> Integer,
        n -> BigInt,
        hashes -> Binary,
    }
}

diesel::table! {
    checkpoint (log_no) {
        log_no -> BigInt,
        size -> BigInt,
        note -> Text,
        frontier -> Binary,
        last_time -> Nullable<BigInt>,
    }
}

diesel::table! {
    seal (seal_id) {
        seal_id -> Binary,
        tenant -> Text,
        created -> BigInt,
        format -> Text,
        level -> Text,
        digest -> Binary,
        log_serial -> Binary,
        idempotency_key -> Nullable<Text>,
        request_hash -> Binary,
    }
}

diesel::table! {
    api_token (token_id) {
        token_id -> Text,
        hash -> Binary,
        tenant -> Text,
        actor -> Text,
        scopes -> Text,
        created -> BigInt,
        expires -> Nullable<BigInt>,
        revoked -> Nullable<BigInt>,
    }
}
