//! The right edge of a growing tree: what must be known to append, and no more.
//!
//! Level `l` holds the hashes of the complete subtrees of 256^l entries that no full tile covers yet, so that it is the partial tile of that
//! level. It is stored beside each checkpoint: a start then hashes only what came after (architecture, section 5).

use crate::{
    hash::{HASH_LEN, Hash},
    tile::{FullTile, TILE_WIDTH, TileId},
};

/// Levels of tiles a log of 2^64 entries needs.
const MAX_LEVELS: usize = 8;

/// The partial tiles of every level at one size.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Frontier {
    size: u64,
    levels: Vec<Vec<Hash>>,
}

impl Frontier {
    /// The edge of a tree without entries.
    #[must_use]
    pub const fn new() -> Self {
        Self { size: 0, levels: Vec::new() }
    }

    /// How many entries have been appended.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The partial tile of `level`; empty if there is none.
    #[must_use]
    pub fn level(&self, level: u8) -> &[Hash] {
        self.levels.get(usize::from(level)).map_or(&[], Vec::as_slice)
    }

    /// Appends an entry's leaf hash; tiles that became full go to `full`.
    pub fn push(&mut self, leaf: Hash, full: &mut Vec<FullTile>) {
        self.size += 1;
        let mut hash = leaf;
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::with_capacity(TILE_WIDTH));
            }
            let tile = &mut self.levels[level];
            tile.push(hash);
            if tile.len() < TILE_WIDTH {
                return;
            }
            let hashes = std::mem::replace(tile, Vec::with_capacity(TILE_WIDTH));
            hash = perfect_root(&hashes);
            let spanned = 8 * (u32::try_from(level).unwrap_or(u32::MAX) + 1);
            let index = self.size.checked_shr(spanned).unwrap_or(0).saturating_sub(1);
            full.push(FullTile::new(TileId::full(u8::try_from(level).unwrap_or(u8::MAX), index), hashes));
        }
    }

    /// The root of the tree (TLOG-01).
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut root: Option<Hash> = None;
        for level in &self.levels {
            // The perfect subtrees of a partial tile, smallest and rightmost first.
            let mut end = level.len();
            while end > 0 {
                let width = 1 << end.trailing_zeros();
                let subtree = perfect_root(&level[end - width..end]);
                root = Some(root.map_or(subtree, |right| Hash::node(&subtree, &right)));
                end -= width;
            }
        }
        root.unwrap_or_else(Hash::empty_root)
    }

    /// The stored form: per level, its number of hashes as two octets (big-endian), then the hashes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for level in &self.levels {
            out.extend_from_slice(&u16::try_from(level.len()).unwrap_or(u16::MAX).to_be_bytes());
            level.iter().for_each(|hash| out.extend_from_slice(hash.as_bytes()));
        }
        out
    }

    /// Reads the stored form of the edge at `size`; `None` if it does not have exactly the hashes that a tree of that size has.
    #[must_use]
    pub fn decode(size: u64, mut stored: &[u8]) -> Option<Self> {
        let mut levels = Vec::new();
        while let Some((count, rest)) = stored.split_first_chunk::<2>() {
            let count = usize::from(u16::from_be_bytes(*count));
            let (hashes, rest) = rest.split_at_checked(count * HASH_LEN)?;
            levels.push(hashes.as_chunks::<HASH_LEN>().0.iter().copied().map(Hash::from_bytes).collect::<Vec<_>>());
            stored = rest;
        }
        let widths_fit = (0..MAX_LEVELS.max(levels.len())).all(|level| {
            let width = u32::try_from(level * 8).ok().and_then(|bits| size.checked_shr(bits)).unwrap_or(0) % 256;
            levels.get(level).map_or(0, |hashes| hashes.len() as u64) == width
        });
        (stored.is_empty() && widths_fit).then_some(Self { size, levels })
    }
}

/// The root of a subtree of 1, 2, 4, ... 256 hashes.
pub(crate) fn perfect_root(hashes: &[Hash]) -> Hash {
    debug_assert!(hashes.len().is_power_of_two());
    let mut layer = hashes.to_vec();
    while layer.len() > 1 {
        layer = layer.as_chunks::<2>().0.iter().map(|[left, right]| Hash::node(left, right)).collect();
    }
    layer[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::naive_root;

    fn leaf(index: u32) -> Hash {
        Hash::leaf(&index.to_be_bytes())
    }

    #[test]
    fn root_equals_the_recursive_definition_at_every_size() {
        let (mut edge, mut leaves, mut full) = (Frontier::new(), Vec::new(), Vec::new());
        assert_eq!(edge.root(), naive_root(&leaves));
        for index in 0..700 {
            leaves.push(leaf(index));
            edge.push(leaf(index), &mut full);
            assert_eq!(edge.root(), naive_root(&leaves), "size {}", index + 1);
        }
        assert_eq!(full.iter().map(FullTile::id).collect::<Vec<_>>(), [TileId::full(0, 0), TileId::full(0, 1)]);
    }

    /// TLOG-14: at 65536 entries the second level becomes full too.
    #[test]
    fn emits_full_tiles_of_every_level() {
        let (mut edge, mut full) = (Frontier::new(), Vec::new());
        (0..70_000).for_each(|index| edge.push(leaf(index), &mut full));
        let of = |level| {
            full.iter().filter(|tile| tile.id().level() == level).map(|tile| tile.id().index()).collect::<Vec<_>>()
        };
        assert_eq!(of(0), (0..273).collect::<Vec<_>>());
        assert_eq!(of(1), [0]);
        assert_eq!([edge.level(0).len(), edge.level(1).len(), edge.level(2).len()], [112, 17, 1]);
    }

    #[test]
    fn stored_form_is_read_back_and_refused_at_another_size() {
        let (mut edge, mut full) = (Frontier::new(), Vec::new());
        (0..777).for_each(|index| edge.push(leaf(index), &mut full));
        assert_eq!(Frontier::decode(777, &edge.encode()), Some(edge.clone()));
        assert_eq!(Frontier::decode(776, &edge.encode()), None);
        assert_eq!(Frontier::decode(777, &edge.encode()[..40]), None);
        assert_eq!(Frontier::decode(0, &[]), Some(Frontier::new()));
    }
}
