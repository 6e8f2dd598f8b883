//! One revision through the PDF library, inside limits.
//!
//! The library bounds nesting at 100 levels and what one stream inflates to. What it does not bound is the sum: values, which are
//! counted before it starts, objects that overlap, a thousand entries for one object. The filter it calls for each object it has
//! read is where that sum is kept, and where loading is left by unwinding when a bound is met. Strict loading repairs nothing.

use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    time::Instant,
};

use lopdf::{Document, LoadOptions, Object, ObjectId};

use crate::{chain::Chain, cost::Survey, error::PdfError, limit::Limits, listed::keep_listed};

/// What loading one revision has cost so far.
#[derive(Debug)]
struct Work {
    objects: usize,
    streamed: usize,
    /// Absent where there is no clock (WebAssembly).
    started: Option<Instant>,
    file_len: usize,
    limits: Limits,
}

thread_local! {
    static WORK: RefCell<Option<Work>> = const { RefCell::new(None) };
}

/// Reads the revision that ends with the last byte of `bytes`.
pub(crate) fn load(bytes: &[u8], chain: &Chain, limits: &Limits) -> Result<Document, PdfError> {
    load_surveyed(bytes, chain, limits).map(|(document, _)| document)
}

/// [`load`] with what was found before.
pub(crate) fn load_surveyed(bytes: &[u8], chain: &Chain, limits: &Limits) -> Result<(Document, Survey), PdfError> {
    if chain.sections.iter().any(|section| section.encrypted) {
        return Err(PdfError::Encrypted);
    }
    let survey = Survey::of(bytes, limits)?;
    let started = (!cfg!(target_arch = "wasm32")).then(Instant::now);
    let work = Work { objects: 0, streamed: 0, started, file_len: bytes.len(), limits: *limits };
    WORK.set(Some(work));
    let options = LoadOptions {
        filter: Some(watch),
        strict: true,
        max_decompressed_size: Some(limits.inflated_len),
        ..LoadOptions::default()
    };
    let loaded = catch_unwind(AssertUnwindSafe(|| Document::load_mem_with_options(bytes, options)));
    WORK.set(None);
    let mut document = match loaded {
        Ok(Ok(document)) => document,
        Ok(Err(error)) => return Err(PdfError::Unreadable(error.to_string())),
        Err(panic) => {
            let error = panic
                .downcast::<PdfError>()
                .map_or_else(|_| PdfError::Unreadable("it makes the reader fail".into()), |error| *error);
            return Err(error);
        }
    };
    keep_listed(&mut document, bytes, limits)?;
    Ok((document, survey))
}

/// Called for each object that the library has read.
fn watch(id: ObjectId, object: &mut Object) -> Option<(ObjectId, Object)> {
    let verdict = WORK.with_borrow_mut(|work| work.as_mut().map_or(Ok(()), |work| work.count(object)));
    if let Err(error) = verdict {
        // Unwinding is the only way out of the library's loop; no panic hook runs.
        resume_unwind(Box::new(error));
    }
    // What is handed back counts for members of object streams only, and those are no streams: no need to copy one.
    let kept = if matches!(object, Object::Stream(_)) { Object::Null } else { object.clone() };
    Some((id, kept))
}

impl Work {
    fn count(&mut self, object: &Object) -> Result<(), PdfError> {
        self.objects += 1;
        if self.objects > self.limits.objects {
            return Err(PdfError::TooManyObjects { limit: self.limits.objects });
        }
        if self.started.is_some_and(|started| started.elapsed() > self.limits.load_time) {
            return Err(PdfError::TooCostly { what: "time to read the objects" });
        }
        let Object::Stream(stream) = object else { return Ok(()) };
        self.streamed += stream.content.len();
        if self.streamed > self.file_len {
            return Err(PdfError::TooCostly { what: "streams overlap" });
        }
        Ok(())
    }
}
