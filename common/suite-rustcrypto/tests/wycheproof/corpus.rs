//! Reading the vectors.

use std::fmt;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use serde_json::Value;

/// One test, with its group and file.
pub(crate) struct Vector<'a> {
    pub(crate) file: &'a str,
    pub(crate) group: &'a Value,
    pub(crate) test: &'a Value,
    pub(crate) result: &'a str,
}

impl Vector<'_> {
    pub(crate) fn flags(&self) -> impl Iterator<Item = &str> {
        self.test["flags"].as_array().into_iter().flatten().filter_map(Value::as_str)
    }
}

impl fmt::Display for Vector<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tcId {} ({}, {})", self.file, self.test["tcId"], self.result, self.test["comment"])
    }
}

/// The folder of the vectors, or `None`, said loudly, if there is no corpus.
fn folder() -> Option<PathBuf> {
    let corpus = std::env::var_os("KOKUIN_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"), PathBuf::from);
    let folder = corpus.join("sigvec/wycheproof");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("NOT TRIED: no Wycheproof vectors at {}; set KOKUIN_CORPUS", folder.display());
    None
}

/// Calls `check` with every test of the files whose names begin and go on as given, and counts those it says it judged.
pub(crate) fn for_each(prefix: &str, part: &str, mut check: impl FnMut(&Vector<'_>) -> bool) -> Option<usize> {
    let mut count = 0;
    let mut files: Vec<_> = fs::read_dir(folder()?).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for path in files {
        let file = path.file_name().unwrap().to_str().unwrap();
        if !file.starts_with(prefix) || !file.contains(part) {
            continue;
        }
        let mut text = String::new();
        GzDecoder::new(fs::File::open(&path).unwrap()).read_to_string(&mut text).unwrap();
        let vectors: Value = serde_json::from_str(&text).unwrap();
        for group in vectors["testGroups"].as_array().unwrap() {
            for test in group["tests"].as_array().unwrap() {
                let result = test["result"].as_str().unwrap();
                count += usize::from(check(&Vector { file, group, test, result }));
            }
        }
    }
    Some(count)
}

pub(crate) fn hex_of(object: &Value, field: &str) -> Vec<u8> {
    hex::decode(object[field].as_str().unwrap()).unwrap()
}

pub(crate) fn text_of(object: &Value, field: &str) -> String {
    object[field].as_str().unwrap().to_owned()
}
