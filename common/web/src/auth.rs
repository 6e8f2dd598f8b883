//! Who is asking.

use actix_web::http::header::{AUTHORIZATION, HeaderMap};

use crate::Refused;

/// Tells who sends a request; each service has its own.
pub trait Authenticator: Send + Sync {
    /// Who asked, as the service knows it.
    type Actor;

    /// Decides from the headers alone, so that nobody unknown gets a body parsed.
    ///
    /// # Errors
    /// [`Refused::CredentialsMissing`], [`Refused::CredentialsInvalid`] (401) or [`Refused::Forbidden`] (403).
    fn authenticate(&self, headers: &HeaderMap) -> Result<Self::Actor, Refused>;
}

/// The bearer token of a request (RFC 6750 2.1).
///
/// # Errors
/// [`Refused::CredentialsMissing`] without one; [`Refused::CredentialsInvalid`] if there are several or it has
/// characters or a length that no token has.
pub fn bearer(headers: &HeaderMap) -> Result<&str, Refused> {
    let mut all = headers.get_all(AUTHORIZATION);
    let value = all.next().ok_or(Refused::CredentialsMissing)?;
    if all.next().is_some() {
        return Err(Refused::CredentialsInvalid);
    }
    let value = value.to_str().map_err(|_| Refused::CredentialsInvalid)?;
    let (scheme, token) = value.split_once(' ').ok_or(Refused::CredentialsMissing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refused::CredentialsMissing);
    }
    let token_character = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if token.is_empty() || token.len() > 4_096 || !token.bytes().all(token_character) {
        return Err(Refused::CredentialsInvalid);
    }
    Ok(token)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn of(values: &[&str]) -> Result<String, Refused> {
        let request = values
            .iter()
            .fold(TestRequest::default(), |request, value| request.append_header(("authorization", *value)));
        bearer(request.to_http_request().headers()).map(str::to_owned)
    }

    #[test]
    fn reads_one_bearer_token() {
        assert_eq!(of(&["Bearer kkn_AZaz09-._~+/="]), Ok("kkn_AZaz09-._~+/=".into()));
        assert_eq!(of(&["bearer x"]), Ok("x".into()));
    }

    #[test]
    fn refuses_everything_else() {
        assert_eq!(of(&[]), Err(Refused::CredentialsMissing));
        assert_eq!(of(&["Basic YTpi"]), Err(Refused::CredentialsMissing));
        assert_eq!(of(&["Bearer"]), Err(Refused::CredentialsMissing));
        for wrong in ["Bearer ", "Bearer a b", "Bearer a\tb", "Bearer \"a\""] {
            assert_eq!(of(&[wrong]), Err(Refused::CredentialsInvalid), "{wrong}");
        }
        assert_eq!(of(&["Bearer a", "Bearer b"]), Err(Refused::CredentialsInvalid));
        assert_eq!(of(&[&format!("Bearer {}", "a".repeat(4_097))]), Err(Refused::CredentialsInvalid));
    }
}
