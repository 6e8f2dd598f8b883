//! Fetching the log receipt of what was just issued.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::bail;
use kokuin_fetch::{Client, FetchError, Url};
use kokuin_settings::Secret;

/// A checkpoint covers an entry within a fraction of a second; past this nobody waits for it.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(100);

/// Fetches the receipt at `url`; `None` if the service keeps none.
///
/// # Errors
/// If the service cannot be reached, or no checkpoint covers the entry in time.
pub(crate) fn fetch(client: &Client, url: &Url, bearer: Option<&Secret>) -> anyhow::Result<Option<Vec<u8>>> {
    let begun = Instant::now();
    loop {
        match client.get_as(url, bearer) {
            Ok(answer) => return Ok(Some(answer.body)),
            Err(FetchError::Status { status: 404 | 405, .. }) => return Ok(None),
            Err(FetchError::Status { status: 503, .. }) if begun.elapsed() < PATIENCE => thread::sleep(PAUSE),
            Err(FetchError::Status { status: 503, .. }) => {
                bail!("no checkpoint covers the entry yet; fetch {url} later")
            }
            Err(error) => return Err(error.into()),
        }
    }
}
