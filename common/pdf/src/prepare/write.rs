//! Objects and cross-reference sections as bytes.

use lopdf::{Dictionary, Object, ObjectId, Writer};

use crate::error::PdfError;

/// New bytes after the original, and where each object of the new revision lies.
#[derive(Debug)]
pub(super) struct Appender {
    bytes: Vec<u8>,
    placed: Vec<(ObjectId, usize)>,
}

impl Appender {
    /// Begins a revision on a line of its own.
    pub(super) fn new(original: &[u8], reserve: usize) -> Self {
        let mut bytes = Vec::with_capacity(original.len() + reserve);
        bytes.extend_from_slice(original);
        if !matches!(original.last(), Some(b'\n' | b'\r')) {
            bytes.push(b'\n');
        }
        Self { bytes, placed: Vec::new() }
    }

    pub(super) fn at(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Opens an object; what is pushed next is its value.
    pub(super) fn open(&mut self, id: ObjectId) {
        self.placed.push((id, self.bytes.len()));
        self.push(format!("{} {} obj\n", id.0, id.1).as_bytes());
    }

    /// Closes the object that is open.
    pub(super) fn close(&mut self) {
        self.push(b"\nendobj\n");
    }

    /// A whole object.
    pub(super) fn object(&mut self, id: ObjectId, value: &Object) {
        self.open(id);
        self.push(&value_bytes(value));
        self.close();
    }

    /// A cross-reference table, its trailer and `startxref`.
    pub(super) fn table(&mut self, trailer: Dictionary) {
        let start = self.at();
        self.push(b"xref\n");
        self.placed.sort_unstable();
        let placed = std::mem::take(&mut self.placed);
        for run in placed.chunk_by(|left, right| left.0.0 + 1 == right.0.0) {
            let first = run.first().map_or(0, |(id, _)| id.0);
            self.push(format!("{first} {}\n", run.len()).as_bytes());
            for ((_, generation), offset) in run {
                self.push(format!("{offset:010} {generation:05} n\r\n").as_bytes());
            }
        }
        self.push(b"trailer\n");
        self.push(&value_bytes(&Object::Dictionary(trailer)));
        self.end(start);
    }

    /// A cross-reference stream, which is an object itself, and `startxref`.
    pub(super) fn stream(&mut self, id: ObjectId, mut trailer: Dictionary) -> Result<(), PdfError> {
        let start = self.at();
        self.placed.push((id, start));
        self.placed.sort_unstable();
        let mut index = Vec::new();
        let mut content = Vec::with_capacity(self.placed.len() * 7);
        for run in self.placed.chunk_by(|left, right| left.0.0 + 1 == right.0.0) {
            let first = run.first().map_or(0, |(id, _)| id.0);
            index.extend([Object::Integer(first.into()), integer(run.len())]);
            for ((_, generation), offset) in run {
                let offset = u32::try_from(*offset)
                    .map_err(|_| PdfError::TooLarge { found: *offset, limit: u32::MAX as usize })?;
                content.push(1);
                content.extend_from_slice(&offset.to_be_bytes());
                content.extend_from_slice(&generation.to_be_bytes());
            }
        }
        trailer.set("Type", Object::Name(b"XRef".to_vec()));
        trailer.set("Index", Object::Array(index));
        trailer.set("W", Object::Array(vec![Object::Integer(1), Object::Integer(4), Object::Integer(2)]));
        trailer.set("Length", integer(content.len()));
        self.push(format!("{} {} obj\n", id.0, id.1).as_bytes());
        self.push(&value_bytes(&Object::Dictionary(trailer)));
        self.push(b"\nstream\n");
        self.push(&content);
        self.push(b"\nendstream\nendobj");
        self.end(start);
        Ok(())
    }

    fn end(&mut self, xref_start: usize) {
        self.push(format!("\nstartxref\n{xref_start}\n%%EOF\n").as_bytes());
    }
}

/// A count as a PDF integer.
pub(super) fn integer(count: usize) -> Object {
    Object::Integer(i64::try_from(count).expect("a length in memory fits into 63 bits"))
}

/// One value as bytes.
pub(super) fn value_bytes(value: &Object) -> Vec<u8> {
    let mut bytes = Vec::new();
    Writer::write_object(&mut bytes, value).expect("writing to memory does not fail");
    bytes
}
