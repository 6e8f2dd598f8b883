//! Where a PostgreSQL is: an address with a password in it, shown to nobody.

use std::fmt;

use crate::error::StoreError;

/// What is added to an address that does not say it: no attempt hangs, a machine that has vanished is noticed, a cluster's standbys are passed over.
const DEFAULTS: [(&str, &str); 7] = [
    ("application_name", "kokuin"),
    ("connect_timeout", "3"),
    ("keepalives_idle", "3"),
    ("keepalives_interval", "1"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "5000"),
    ("target_session_attrs", "read-write"),
];

/// A connection URI of libpq: `postgresql://user:password@host:port,host:port/database?sslmode=verify-full`. It comes from a file, and neither
/// it nor libpq's own words about it, which may quote it, are ever printed.
#[derive(Clone, Eq, PartialEq)]
pub struct PostgresUrl(String);

impl PostgresUrl {
    /// Takes an address.
    ///
    /// # Errors
    /// [`StoreError::Url`] if it is none of the kind.
    pub fn new(text: &str) -> Result<Self, StoreError> {
        let text = text.trim();
        let rest = text.strip_prefix("postgresql://").or_else(|| text.strip_prefix("postgres://"));
        let rest = rest.ok_or(StoreError::Url { rule: "begins with postgresql://" })?;
        if rest.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(StoreError::Url { rule: "is one line without white space" });
        }
        let query = rest.split_once('?').map_or("", |(_, query)| query);
        let names: Vec<&str> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
        let mut whole = text.to_owned();
        let mut sign = if rest.contains('?') { '&' } else { '?' };
        for (name, value) in DEFAULTS.into_iter().filter(|(name, _)| !names.contains(name)) {
            whole.push_str(&format!("{sign}{name}={value}"));
            sign = '&';
        }
        Ok(Self(whole))
    }

    /// For libpq alone.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostgresUrl(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_what_is_not_said() {
        let url = PostgresUrl::new("postgres://a:b@h/d?connect_timeout=9\n").unwrap();
        assert!(
            url.expose().starts_with("postgres://a:b@h/d?connect_timeout=9&application_name=kokuin&keepalives_idle=3&")
        );
        let url = PostgresUrl::new("postgresql://h/d").unwrap();
        assert!(url.expose().starts_with("postgresql://h/d?application_name=kokuin&connect_timeout=3&"));
        assert!(PostgresUrl::new("host=h password=b").is_err());
        assert!(PostgresUrl::new("postgres://h/d password=b").is_err());
    }

    #[test]
    fn shows_nothing_of_the_password_thr_104() {
        let url = PostgresUrl::new("postgres://a:hunter2@h/d").unwrap();
        assert!(!format!("{url:?}").contains("hunter2"));
        let error = PostgresUrl::new("a:hunter2@h").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
