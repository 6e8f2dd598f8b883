//! The e-seal service of a development start has its time-stamps from the same process, over HTTP or HTTPS like anybody else.

use std::net::SocketAddr;

use anyhow::bail;

use crate::config::Config;

/// Keeps the e-seal service's own TSA its own where the listener moves to `to`. Another service's address stays.
pub(crate) fn follow(config: &mut Config, to: SocketAddr) {
    let from = config.listen.tsa;
    if let Some(tsa) = config.eseal.as_mut().and_then(|eseal| eseal.tsa.as_mut())
        && let Some((scheme, path)) = own(&tsa.url, from)
    {
        // A certificate may be for the name and not for the address.
        let named = tsa.url.contains("://localhost:") && from.ip() == to.ip();
        let host = if named { format!("localhost:{}", to.port()) } else { to.to_string() };
        tsa.url = format!("{scheme}://{host}/{path}");
    }
}

/// A listener that speaks HTTPS speaks nothing else, to this process neither.
///
/// # Errors
/// If the e-seal service would ask it by HTTP: no seal could be time-stamped.
pub(crate) fn check(config: &Config) -> anyhow::Result<()> {
    let Some(tsa) = config.eseal.as_ref().and_then(|eseal| eseal.tsa.as_ref()) else { return Ok(()) };
    match own(&tsa.url, config.listen.tsa) {
        Some(("http", _)) if config.listen.tls.is_some() => bail!(
            "eseal.tsa.url is {}, where [listen.tls] lets this process speak HTTPS alone: write https and a name of its certificate, and whom to trust as eseal.tsa.tls_ca",
            tsa.url
        ),
        Some(_) | None => Ok(()),
    }
}

/// Scheme and path of `url`, if it is on the listener at `address`.
fn own(url: &str, address: SocketAddr) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let (host, path) = rest.split_once('/')?;
    let is_own = host == address.to_string() || host == format!("localhost:{}", address.port());
    is_own.then_some((scheme, path))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::SMALLEST;

    fn config(url: &str, tls: bool) -> Config {
        let tls = if tls { "[listen.tls]\ncertificate = \"a\"\nkey_file = \"b\"\n" } else { "" };
        let eseal = format!(
            "[eseal]\ntenant = \"demo\"\ntrust = [\"a\"]\n[eseal.credential]\nname = \"demo\"\nkey = \"soft:a\"\ncertificate = \"a\"\n\
             [eseal.tsa]\nurl = \"{url}\"\ntrust = [\"a\"]\n"
        );
        kokuin_settings::parse(Path::new("kokuin.toml"), &format!("{SMALLEST}{tls}{eseal}")).unwrap()
    }

    #[test]
    fn moves_with_the_listener_and_leaves_others_alone() {
        for (before, after) in [
            ("http://127.0.0.1:3161/tsa", "http://127.0.0.1:4000/tsa"),
            ("https://localhost:3161/tsa/dev", "https://localhost:4000/tsa/dev"),
            ("https://tsa.example/tsa", "https://tsa.example/tsa"),
        ] {
            let mut config = config(before, false);
            follow(&mut config, "127.0.0.1:4000".parse().unwrap());
            assert_eq!(config.eseal.unwrap().tsa.unwrap().url, after);
        }
    }

    #[test]
    fn refuses_to_ask_itself_by_http_where_it_speaks_https_alone() {
        let refused = check(&config("http://127.0.0.1:3161/tsa", true)).unwrap_err().to_string();
        assert!(refused.contains("eseal.tsa.url") && refused.contains("eseal.tsa.tls_ca"), "{refused}");
        for (url, tls) in [
            ("http://127.0.0.1:3161/tsa", false),
            ("https://localhost:3161/tsa", true),
            ("http://127.0.0.1:9/tsa", true),
        ] {
            check(&config(url, tls)).unwrap();
        }
    }
}
