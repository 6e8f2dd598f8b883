//! Tiles: the tree cut into pieces that are served as files (C2SP tlog-tiles, TLOG-14, TLOG-15).

use std::fmt;

use crate::{
    hash::{HASH_LEN, Hash},
    name::LeafIndex,
};

/// Hashes of a full tile, entries of a full bundle.
pub const TILE_WIDTH: usize = 256;
/// Longest entry that a bundle can carry.
pub const MAX_ENTRY: usize = 65_535;
/// Highest level of a tile.
pub const MAX_LEVEL: u8 = 63;

/// Which piece of the tree: level, place in the level, and how many hashes of it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TileId {
    level: u8,
    index: u64,
    /// 1 to 256.
    width: u16,
}

impl TileId {
    /// A tile of 256 hashes.
    #[must_use]
    pub const fn full(level: u8, index: u64) -> Self {
        Self { level, index, width: 256 }
    }

    /// A tile of `width` hashes; `None` unless 1 to 256, or above level 63.
    #[must_use]
    pub fn new(level: u8, index: u64, width: u16) -> Option<Self> {
        ((1..=256).contains(&width) && level <= MAX_LEVEL).then_some(Self { level, index, width })
    }

    /// The level: one hash of it spans 256^level entries.
    #[must_use]
    pub const fn level(self) -> u8 {
        self.level
    }

    /// The place in its level, from zero.
    #[must_use]
    pub const fn index(self) -> u64 {
        self.index
    }

    /// How many hashes, 1 to 256.
    #[must_use]
    pub const fn width(self) -> u16 {
        self.width
    }

    /// How many hashes of this tile a tree of `size` has, at most 256.
    #[must_use]
    pub fn available(self, size: u64) -> u16 {
        let hashes = size.checked_shr(u32::from(self.level) * 8).unwrap_or(0);
        let before = self.index.saturating_mul(256);
        u16::try_from(hashes.saturating_sub(before).min(256)).unwrap_or(256)
    }

    /// The path below a log's prefix, as `tile/1/x001/067.p/9`.
    #[must_use]
    pub fn path(self) -> String {
        format!("tile/{}/{}", self.level, tail_path(self.index, self.width))
    }

    /// Reads what follows `tile/`, as `1/x001/067.p/9`; `None` if it is not exactly the form that [`Self::path`] makes.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let (level, tail) = path.split_once('/')?;
        let (index, width) = parse_tail(tail)?;
        let id = Self::new(level.parse().ok()?, index, width)?;
        (id.path().strip_prefix("tile/") == Some(path)).then_some(id)
    }
}

impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path())
    }
}

/// Which run of 256 entries, and how many of it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct BundleId {
    index: u64,
    width: u16,
}

impl BundleId {
    /// A bundle of `width` entries; `None` unless 1 to 256.
    #[must_use]
    pub fn new(index: u64, width: u16) -> Option<Self> {
        ((1..=256).contains(&width) && index < 1 << 56).then_some(Self { index, width })
    }

    /// The level-0 tile with the leaf hashes of these entries.
    #[must_use]
    pub const fn tile(self) -> TileId {
        TileId { level: 0, index: self.index, width: self.width }
    }

    /// The first entry of the bundle.
    #[must_use]
    pub const fn first(self) -> LeafIndex {
        LeafIndex(self.index << 8)
    }

    /// How many entries, 1 to 256.
    #[must_use]
    pub const fn width(self) -> u16 {
        self.width
    }

    /// The path below a log's prefix, as `tile/entries/x001/067.p/9`.
    #[must_use]
    pub fn path(self) -> String {
        format!("tile/entries/{}", tail_path(self.index, self.width))
    }

    /// Reads what follows `tile/entries/`; `None` if it is not exactly the form that [`Self::path`] makes.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let (index, width) = parse_tail(path)?;
        let id = Self::new(index, width)?;
        (id.path().strip_prefix("tile/entries/") == Some(path)).then_some(id)
    }
}

fn tail_path(index: u64, width: u16) -> String {
    let mut path = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1000);
        rest /= 1000;
    }
    if width < 256 { format!("{path}.p/{width}") } else { path }
}

fn parse_tail(path: &str) -> Option<(u64, u16)> {
    let (number, width) = match path.split_once(".p/") {
        Some((number, width)) => (number, width.parse().ok()?),
        None => (path, 256),
    };
    let mut index: u64 = 0;
    for group in number.split('/') {
        let digits = group.strip_prefix('x').unwrap_or(group);
        if digits.len() != 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
    }
    Some((index, width))
}

/// A tile that will never change again.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FullTile {
    id: TileId,
    hashes: Vec<Hash>,
}

impl FullTile {
    pub(crate) fn new(id: TileId, hashes: Vec<Hash>) -> Self {
        debug_assert_eq!(hashes.len(), TILE_WIDTH);
        Self { id, hashes }
    }

    /// Which tile.
    #[must_use]
    pub const fn id(&self) -> TileId {
        self.id
    }

    /// Its 256 hashes.
    #[must_use]
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// The served and stored form, 8192 octets.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        hashes_to_bytes(&self.hashes)
    }
}

/// Hashes one after the other, as tiles are served.
#[must_use]
pub fn hashes_to_bytes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

/// Reads a tile's bytes; `None` if they are no whole number of hashes.
#[must_use]
pub fn hashes_from_bytes(bytes: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<HASH_LEN>();
    rest.is_empty().then(|| hashes.iter().copied().map(Hash::from_bytes).collect())
}

/// Entries one after the other, each with its length in two octets (TLOG-15); `None` if one is longer than that can say.
#[must_use]
pub fn bundle_to_bytes<B: AsRef<[u8]>>(entries: &[B]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(entries.iter().map(|entry| entry.as_ref().len() + 2).sum());
    for entry in entries {
        out.extend_from_slice(&u16::try_from(entry.as_ref().len()).ok()?.to_be_bytes());
        out.extend_from_slice(entry.as_ref());
    }
    Some(out)
}

/// Reads a bundle; `None` if it is cut off or holds more than 256 entries.
#[must_use]
pub fn bundle_from_bytes(mut bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk::<2>()?;
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry.to_vec());
        bytes = rest;
    }
    (entries.len() <= TILE_WIDTH).then_some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// TLOG-14's own example.
    #[test]
    fn paths_are_those_of_tlog_tiles() {
        assert_eq!(TileId::full(0, 1_234_067).path(), "tile/0/x001/x234/067");
        assert_eq!(TileId::new(1, 0, 17).map(TileId::path), Some("tile/1/000.p/17".to_owned()));
        assert_eq!(BundleId::new(1067, 9).map(BundleId::path), Some("tile/entries/x001/067.p/9".to_owned()));
        for path in ["0/x001/x234/067", "1/000.p/17", "63/000"] {
            assert_eq!(TileId::parse(path).map(TileId::path), Some(format!("tile/{path}")));
        }
    }

    #[test]
    fn refuses_second_spellings_of_a_path() {
        let bad = [
            "0/x000/000",
            "0/67",
            "00/067",
            "0/067.p/256",
            "0/067.p/0",
            "0/067.p/09",
            "64/000",
            "0/001/067",
            "0/x01/067",
            "-1/000",
            "0/+67",
        ];
        for path in bad {
            assert_eq!(TileId::parse(path), None, "{path}");
        }
        assert_eq!(BundleId::parse("x999/x999/x999/x999/x999/x999/999"), None);
    }

    /// TLOG-14: 70000 entries have 273 full and one tile of 112 on level 0, one full and one of 17 on level 1, one of 1 on level 2.
    #[test]
    fn widths_follow_the_size_of_the_tree() {
        let width = |level, index| TileId::full(level, index).available(70_000);
        assert_eq!([width(0, 272), width(0, 273), width(0, 274)], [256, 112, 0]);
        assert_eq!([width(1, 0), width(1, 1), width(2, 0), width(3, 0), width(63, 0)], [256, 17, 1, 0, 0]);
    }

    #[test]
    fn refuses_bundles_cut_off() {
        let bundle = bundle_to_bytes(&[b"one".to_vec(), Vec::new(), vec![7; 300]]).unwrap();
        assert_eq!(bundle_from_bytes(&bundle), Some(vec![b"one".to_vec(), Vec::new(), vec![7; 300]]));
        assert_eq!(bundle_from_bytes(&bundle[..bundle.len() - 1]), None);
        assert_eq!(bundle_to_bytes(&[vec![0; MAX_ENTRY + 1]]), None);
    }
}
