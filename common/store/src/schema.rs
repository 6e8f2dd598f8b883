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

diesel::table! {
    batch (batch_id) {
        batch_id -> Binary,
        created -> BigInt,
        log -> Text,
        tsu -> Text,
        algorithm -> Text,
        secret -> Binary,
        octets -> BigInt,
        serial -> Nullable<Binary>,
        gen_time -> Nullable<BigInt>,
        token -> Nullable<Binary>,
        failed -> Nullable<Text>,
    }
}

diesel::table! {
    submission (submission_id) {
        submission_id -> Binary,
        batch_id -> Binary,
        request_hash -> Binary,
        idempotency_key -> Nullable<Text>,
        digests -> Binary,
    }
}

diesel::table! {
    noted (log_no, other_no) {
        log_no -> BigInt,
        other_no -> BigInt,
    }
}

diesel::table! {
    tenant (name) {
        name -> Text,
        salt -> Binary,
        created -> BigInt,
    }
}
