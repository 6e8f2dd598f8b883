//! Messages for the operator on standard error: one line each, whatever is quoted in it.

use std::io::{self, IsTerminal as _, Write};

use tracing_subscriber::fmt::MakeWriter;

/// Writes each message as one line: a control character that something in it brought, such as a line end, is shown escaped, so that no request makes a line of its own (THR-55).
struct OneLine<W> {
    out: W,
    colours: bool,
}

/// Starts them. `KOKUIN_LOG` says which.
pub(crate) fn start() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("KOKUIN_LOG")
        .unwrap_or_else(|_| "warn,kokuin=info,kokuin_web=info".into());
    let colours = io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(StandardError { colours }).init();
}

struct StandardError {
    colours: bool,
}

impl<'a> MakeWriter<'a> for StandardError {
    type Writer = OneLine<io::Stderr>;

    fn make_writer(&'a self) -> Self::Writer {
        OneLine { out: io::stderr(), colours: self.colours }
    }
}

impl<W: Write> Write for OneLine<W> {
    /// The library brings a whole message, with its line end, at once.
    fn write(&mut self, message: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(message);
        let mut line = String::with_capacity(text.len());
        for character in text.strip_suffix('\n').unwrap_or(&text).chars() {
            // The escapes of colours are the library's; it shows others itself.
            let is_colour = self.colours && character == '\u{1b}';
            if (character.is_control() && !is_colour) || matches!(character, '\u{2028}' | '\u{2029}') {
                line.extend(character.escape_default());
            } else {
                line.push(character);
            }
        }
        line.push('\n');
        self.out.write_all(line.as_bytes())?;
        Ok(message.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().map_err(|_| io::ErrorKind::Other)?.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_message_is_one_line_whatever_it_quotes_thr_55() {
        let kept = Kept::default();
        let writer = kept.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || OneLine { out: writer.clone(), colours: false })
            .finish();
        let hostile = "a\r\n2026-11-23T00:00:00Z  INFO kokuin: forged\u{1b}[2J\u{85}\u{2028}b\0";
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(error = %hostile, "no {hostile}");
            tracing::warn!(error = ?hostile, "second");
        });
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 2, "{text:?}");
        let plain = |character: char| character == '\n' || !character.is_control();
        assert!(text.chars().all(plain) && !text.contains('\u{2028}'), "{text:?}");
        assert!(text.contains("a\\r\\n2026"), "{text:?}");
    }
}
