//! A tar archive (POSIX.1-2001), as much as files of one folder need.

const BLOCK: usize = 512;
/// Octets of a name that stands in a header.
const NAME: usize = 100;

/// Appends a file; a name that is too long for the header stands before it.
pub(super) fn append(out: &mut Vec<u8>, name: &str, content: &[u8], unix_seconds: i64) {
    if name.len() > NAME {
        let line = |length: usize| format!("{length} path={name}\n");
        // The length counts itself.
        let mut length = line(0).len();
        while line(length).len() != length {
            length = line(length).len();
        }
        entry(out, "path", b'x', line(length).as_bytes(), unix_seconds);
    }
    entry(out, &name[..name.len().min(NAME)], b'0', content, unix_seconds);
}

/// Ends the archive.
pub(super) fn end(out: &mut Vec<u8>) {
    out.resize(out.len() + 2 * BLOCK, 0);
}

fn entry(out: &mut Vec<u8>, name: &str, kind: u8, content: &[u8], unix_seconds: i64) {
    let mut header = [0_u8; BLOCK];
    put(&mut header, 0, name);
    put(&mut header, 100, "0000644\0");
    put(&mut header, 108, "0000000\0");
    put(&mut header, 116, "0000000\0");
    put(&mut header, 124, &format!("{:011o}\0", content.len()));
    put(&mut header, 136, &format!("{:011o}\0", unix_seconds.max(0)));
    put(&mut header, 148, "        ");
    header[156] = kind;
    put(&mut header, 257, "ustar\0");
    put(&mut header, 263, "00");
    let sum: u32 = header.iter().map(|octet| u32::from(*octet)).sum();
    put(&mut header, 148, &format!("{sum:06o}\0 "));
    out.extend_from_slice(&header);
    out.extend_from_slice(content);
    out.resize(out.len().next_multiple_of(BLOCK), 0);
}

fn put(header: &mut [u8; BLOCK], at: usize, text: &str) {
    header[at..at + text.len()].copy_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Read by the system's own tar.
    #[test]
    fn is_read_by_tar() {
        let folder = tempfile::tempdir().unwrap();
        let (short, long) = (format!("{}.ers", "a".repeat(96)), format!("{}.ers", "b".repeat(128)));
        let mut archive = Vec::new();
        append(&mut archive, &short, b"first", 1_795_435_200);
        append(&mut archive, &long, &[7; 513], 1_795_435_200);
        end(&mut archive);
        let file = folder.path().join("a.tar");
        std::fs::write(&file, archive).unwrap();
        let status = Command::new("tar").arg("-xf").arg(&file).arg("-C").arg(folder.path()).status().unwrap();
        assert!(status.success());
        assert_eq!(std::fs::read(folder.path().join(short)).unwrap(), b"first");
        assert_eq!(std::fs::read(folder.path().join(long)).unwrap(), [7; 513]);
    }
}
