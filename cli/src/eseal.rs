//! `kokuin eseal`: what an operator does for the e-seal service. API tokens are made here, shown once, and kept as keyed hashes.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use clap::Subcommand;
use kokuin_audit::entry::LogTime;
use kokuin_eseal::{SCOPE_READ, SCOPE_SEAL};
use kokuin_store::{TokenKey, TokenRecord, TokenRepository};
use serde_json::json;
use zeroize::Zeroizing;

use crate::{config::Config, hardening, serve::token_key, spool::Spool};

const DAY_US: i64 = 86_400_000_000;
/// Longest name of an actor.
const MAX_NAME: usize = 128;

/// What to do for it.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// API tokens: who may seal, and who may read
    #[command(subcommand)]
    Token(Token),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Make a token, and print it: it is shown once and kept nowhere
    Create(Create),
    /// List tokens by name; the tokens themselves are known to nobody here
    List(List),
    /// Refuse a token from now on
    Revoke(Revoke),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// Configuration file of the service
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Whose token: the tenant that the service seals for
    #[arg(long, value_name = "NAME")]
    tenant: String,
    /// Who acts with it
    #[arg(long, value_name = "NAME")]
    actor: String,
    /// What it allows; may be repeated
    #[arg(long = "scope", value_name = "SCOPE", default_value = "seal")]
    scopes: Vec<Scope>,
    /// Days until it ends by itself; without it, it is valid until it is revoked
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    days: Option<u32>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Configuration file of the service
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// One JSON object a token
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Revoke {
    /// Configuration file of the service
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Name of the token, as `list` shows it
    #[arg(value_name = "TOKEN-NAME")]
    id: String,
}

/// What a token allows.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum Scope {
    /// Seal documents, and read what was sealed
    Seal,
    /// Read what was sealed
    Read,
}

impl Scope {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Seal => SCOPE_SEAL,
            Self::Read => SCOPE_READ,
        }
    }
}

/// Runs the action.
///
/// # Errors
/// If configuration or database cannot be used, or there is no such tenant or token.
pub(crate) fn run(action: &Action) -> anyhow::Result<()> {
    hardening::apply().require()?;
    let Action::Token(action) = action;
    match action {
        Token::Create(args) => {
            let (id, token) = Place::open(&args.config)?.create(args)?;
            eprintln!("{id}: this token is shown once; give it to its holder on a safe way");
            println!("{}", token.as_str());
        }
        Token::List(args) => {
            let now = LogTime::system_now();
            for token in Place::open(&args.config)?.tokens.list()? {
                println!("{}", if args.json { as_json(&token, now) } else { line(&token, now) });
            }
        }
        Token::Revoke(args) => {
            Place::open(&args.config)?.revoke(&args.id)?;
            println!("{}: revoked; the service refuses it from now on", args.id);
        }
    }
    Ok(())
}

/// Where tokens are kept.
struct Place {
    tenant: String,
    tokens: TokenRepository,
    key: TokenKey,
    spool: Spool,
}

impl Place {
    fn open(path: &Path) -> anyhow::Result<Self> {
        let config = Config::load(path)?;
        let eseal = config.eseal.as_ref().context("the configuration has no [eseal]")?;
        let place = config.log.place()?;
        if !place.exists() {
            bail!("there is no database yet: start the service once");
        }
        Ok(Self {
            tenant: eseal.tenant.clone(),
            tokens: TokenRepository::new(place.open()?),
            key: token_key(config.keys.token_secret_file.as_deref())?,
            spool: Spool::new(&config.keys.directory),
        })
    }

    /// Records first: no token without a trace. The log, which anyone may read, gets the token's name and what it allows, never whose it is.
    fn create(&self, args: &Create) -> anyhow::Result<(String, Zeroizing<String>)> {
        if args.tenant != self.tenant {
            bail!("the service seals for one tenant, {:?}; {:?} is another", self.tenant, args.tenant);
        }
        if !(1..=MAX_NAME).contains(&args.actor.len()) || args.actor.contains(char::is_control) {
            bail!("the name of an actor is 1 to {MAX_NAME} octets without control characters");
        }
        let (mut name, mut secret) = ([0_u8; 6], Zeroizing::new([0_u8; 32]));
        getrandom::fill(&mut name)
            .and_then(|()| getrandom::fill(secret.as_mut()))
            .map_err(|error| anyhow::anyhow!("no random octets: {error}"))?;
        let id = format!("token-{}", hex::encode(name));
        let token = Zeroizing::new(URL_SAFE_NO_PAD.encode(secret.as_ref()));
        let created = LogTime::system_now();
        let mut scopes: Vec<String> = args.scopes.iter().map(|scope| scope.as_str().to_owned()).collect();
        scopes.sort_unstable();
        scopes.dedup();
        let expires = args.days.map(|days| LogTime::from_unix_micros(created.unix_micros() + i64::from(days) * DAY_US));
        let until = expires.map_or_else(|| "until revoked".to_owned(), |expires| format!("until {expires}"));
        self.spool.leave("api-token-create", &id, Some(&format!("{} {until}", scopes.join(" "))))?;
        let record = TokenRecord {
            id: id.clone(),
            tenant: args.tenant.clone(),
            actor: args.actor.clone(),
            scopes,
            created,
            expires,
            revoked: None,
        };
        let entered = self.tokens.insert(&self.key.hash(token.as_bytes()), &record);
        entered.with_context(|| format!("the log will say that {id} was made, and it was not"))?;
        Ok((id, token))
    }

    /// Stops first and records then: a full disk keeps nobody from stopping a token.
    fn revoke(&self, id: &str) -> anyhow::Result<()> {
        if !self.tokens.revoke(id, LogTime::system_now())? {
            bail!("there is no token {id:?} that opens anything");
        }
        let recorded = self.spool.leave("api-token-revoke", id, None);
        recorded.context("revoked, but the log will not have it: no record could be left")
    }
}

fn state(token: &TokenRecord, now: LogTime) -> &'static str {
    match token {
        TokenRecord { revoked: Some(_), .. } => "revoked",
        token if token.is_valid(now) => "valid",
        _ => "expired",
    }
}

fn line(token: &TokenRecord, now: LogTime) -> String {
    let ends = token.revoked.or(token.expires).map_or_else(|| "-".to_owned(), |end| end.to_string());
    let scopes = token.scopes.join(",");
    let state = state(token, now);
    format!("{}  {state}  {scopes}  {}  {ends}  {:?}  {:?}", token.id, token.created, token.tenant, token.actor)
}

fn as_json(token: &TokenRecord, now: LogTime) -> String {
    let time = |time: Option<LogTime>| time.map(|time| time.to_string());
    json!({
        "name": token.id, "state": state(token, now), "tenant": token.tenant, "actor": token.actor, "scopes": token.scopes,
        "created": token.created.to_string(), "expires": time(token.expires), "revoked": time(token.revoked),
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use kokuin_audit::Entry;
    use kokuin_store::Database;

    use super::*;

    fn place(folder: &Path) -> Place {
        Place {
            tenant: "acme-corporation".to_owned(),
            tokens: TokenRepository::new(Database::open(&folder.join("kokuin.db")).unwrap()),
            key: TokenKey::new([7; 32]),
            spool: Spool::new(folder),
        }
    }

    fn wanted(tenant: &str, actor: &str) -> Create {
        let (tenant, actor) = (tenant.to_owned(), actor.to_owned());
        Create {
            config: PathBuf::new(),
            tenant,
            actor,
            scopes: vec![Scope::Read, Scope::Seal, Scope::Read],
            days: Some(30),
        }
    }

    fn recorded(place: &Place) -> Vec<String> {
        let entries = place.spool.waiting().unwrap().into_iter().map(|record| record.entry.unwrap());
        entries.map(|entry| String::from_utf8(entry.encode().unwrap().body().to_vec()).unwrap()).collect()
    }

    /// THR-49: whose token it is stands in the database, not in the log.
    #[test]
    fn a_token_opens_until_it_is_revoked_and_both_are_recorded_without_names_thr_49() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(folder.path());
        let (id, token) = place.create(&wanted("acme-corporation", "invoice-robot")).unwrap();
        let now = LogTime::system_now();
        let hash = place.key.hash(token.as_bytes());
        let found = place.tokens.find_valid(&hash, now).unwrap().unwrap();
        assert_eq!((found.id.as_str(), found.actor.as_str()), (id.as_str(), "invoice-robot"));
        assert_eq!(found.scopes, ["read", "seal"]);
        let in_31_days = LogTime::from_unix_micros(now.unix_micros() + 31 * DAY_US);
        assert!(place.tokens.find_valid(&hash, in_31_days).unwrap().is_none());
        place.revoke(&id).unwrap();
        assert!(place.tokens.find_valid(&hash, now).unwrap().is_none());
        assert!(place.revoke(&id).is_err(), "nobody is told that a token was stopped which was not");
        let recorded = recorded(&place);
        assert_eq!(recorded.len(), 2);
        assert!(recorded[0].contains("api-token-create") && recorded[1].contains("api-token-revoke"), "{recorded:?}");
        for secret in ["acme-corporation", "invoice-robot", token.as_str()] {
            assert!(!recorded.iter().any(|entry| entry.contains(secret)), "{secret} is in {recorded:?}");
        }
        let file = std::fs::read(folder.path().join("kokuin.db")).unwrap();
        let wal = std::fs::read(folder.path().join("kokuin.db-wal")).unwrap_or_default();
        let holds = |octets: &[u8]| octets.windows(token.len()).any(|part| part == token.as_bytes());
        assert!(!holds(&file) && !holds(&wal), "the token itself is kept nowhere");
        assert!(matches!(place.spool.waiting().unwrap()[0].entry, Ok(Entry::Admin(_))));
    }

    #[test]
    fn another_tenant_and_names_that_move_the_cursor_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(folder.path());
        assert!(place.create(&wanted("other", "robot")).is_err());
        assert!(place.create(&wanted("acme-corporation", "\u{1b}[2J")).is_err());
        assert!(place.create(&wanted("acme-corporation", "")).is_err());
        assert!(recorded(&place).is_empty() && place.tokens.list().unwrap().is_empty());
    }

    #[test]
    fn lists_say_what_a_token_is_worth_now() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(folder.path());
        let (id, _) = place.create(&wanted("acme-corporation", "robot")).unwrap();
        let [token] = &place.tokens.list().unwrap()[..] else { panic!() };
        let later = LogTime::from_unix_micros(token.created.unix_micros() + 31 * DAY_US);
        assert_eq!((state(token, token.created), state(token, later)), ("valid", "expired"));
        assert!(line(token, later).starts_with(&format!("{id}  expired  read,seal  ")));
        assert!(as_json(token, later).contains(r#""state":"expired""#));
    }
}
