//! Building proofs from tiles.

use crate::{
    frontier::perfect_root,
    hash::Hash,
    name::{LeafIndex, TreeSize},
    tile::TileId,
};

/// Where the hashes of a tree are found.
pub trait NodeSource {
    /// What may go wrong in finding them.
    type Error;

    /// At least the first `id.width()` hashes of a tile.
    ///
    /// # Errors
    /// If they cannot be had.
    fn hashes(&self, id: TileId) -> Result<Vec<Hash>, Self::Error>;
}

/// The root of the first `size` entries.
///
/// # Errors
/// What the source returns.
pub fn root_at<S: NodeSource>(source: &S, size: TreeSize) -> Result<Hash, S::Error> {
    if size.0 == 0 { Ok(Hash::empty_root()) } else { range_root(source, 0, size.0) }
}

/// The hashes that lead from entry `index` to the root of the first `size` entries, leaf side first. Empty if the tree has no such entry.
///
/// # Errors
/// What the source returns.
pub fn inclusion_proof<S: NodeSource>(source: &S, index: LeafIndex, size: TreeSize) -> Result<Vec<Hash>, S::Error> {
    let (mut start, mut end, mut path) = (0, size.0, Vec::new());
    while end - start > 1 && size.covers(index) {
        let middle = start + split(end - start);
        if index.0 < middle {
            path.push((middle, end));
            end = middle;
        } else {
            path.push((start, middle));
            start = middle;
        }
    }
    path.iter().rev().map(|&(start, end)| range_root(source, start, end)).collect()
}

/// The hashes that show that the first `later` entries begin with the first `earlier` ones. Empty if there is nothing to show.
///
/// # Errors
/// What the source returns.
pub fn consistency_proof<S: NodeSource>(source: &S, earlier: TreeSize, later: TreeSize) -> Result<Vec<Hash>, S::Error> {
    if earlier.0 == 0 || earlier >= later {
        return Ok(Vec::new());
    }
    let (mut start, mut end, mut whole, mut path) = (0, later.0, true, Vec::new());
    while end != earlier.0 {
        let middle = start + split(end - start);
        if earlier.0 <= middle {
            path.push((middle, end));
            end = middle;
        } else {
            path.push((start, middle));
            start = middle;
            whole = false;
        }
    }
    if !whole {
        path.push((start, end));
    }
    path.iter().rev().map(|&(start, end)| range_root(source, start, end)).collect()
}

/// The largest power of two below `count` (TLOG-01).
const fn split(count: u64) -> u64 {
    1 << (63 - (count - 1).leading_zeros())
}

/// The root of entries `start..end`, where `start` is a multiple of the largest power of two that fits.
fn range_root<S: NodeSource>(source: &S, start: u64, end: u64) -> Result<Hash, S::Error> {
    let mut subtrees = Vec::new();
    let mut at = start;
    while at < end {
        let bits = 63 - (end - at).leading_zeros();
        subtrees.push(subtree_root(source, bits, at >> bits)?);
        at += 1 << bits;
    }
    let mut root: Option<Hash> = None;
    for subtree in subtrees.iter().rev() {
        root = Some(root.map_or(*subtree, |right| Hash::node(subtree, &right)));
    }
    Ok(root.unwrap_or_else(Hash::empty_root))
}

/// The root of the `place`th subtree of 2^`bits` entries.
fn subtree_root<S: NodeSource>(source: &S, bits: u32, place: u64) -> Result<Hash, S::Error> {
    let (level, depth) = (u8::try_from(bits / 8).unwrap_or(u8::MAX), bits % 8);
    let first = place << depth;
    let (from, to) =
        (usize::try_from(first % 256).unwrap_or(0), usize::try_from(first % 256 + (1 << depth)).unwrap_or(256));
    let width = u16::try_from(to).unwrap_or(256);
    let id = TileId::new(level, first / 256, width).unwrap_or_else(|| TileId::full(level, first / 256));
    Ok(perfect_root(&source.hashes(id)?[from..to]))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        frontier::Frontier,
        merkle::{check_consistency, check_inclusion, naive_root},
        tile::FullTile,
    };

    struct Grown {
        edge: Frontier,
        full: Vec<FullTile>,
    }

    impl Grown {
        fn to(size: u64) -> (Self, Vec<Hash>) {
            let mut grown = Self { edge: Frontier::new(), full: Vec::new() };
            let leaves: Vec<Hash> = (0..size).map(|n| Hash::leaf(&n.to_be_bytes())).collect();
            leaves.iter().for_each(|leaf| grown.edge.push(*leaf, &mut grown.full));
            (grown, leaves)
        }
    }

    impl NodeSource for Grown {
        type Error = Infallible;

        fn hashes(&self, id: TileId) -> Result<Vec<Hash>, Infallible> {
            let stored =
                self.full.iter().find(|tile| (tile.id().level(), tile.id().index()) == (id.level(), id.index()));
            Ok(stored.map_or_else(|| self.edge.level(id.level()).to_vec(), |tile| tile.hashes().to_vec()))
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn proofs_from_tiles_hold_at_every_size(size in 1_u64..1500, cut: u64, pick: u64) {
            let (grown, leaves) = Grown::to(size);
            let earlier = TreeSize(cut % size + 1);
            let index = LeafIndex(pick % earlier.0);
            let at = |size: TreeSize| naive_root(&leaves[..usize::try_from(size.0).unwrap()]);

            prop_assert_eq!(root_at(&grown, earlier).unwrap(), at(earlier));
            let proof = inclusion_proof(&grown, index, earlier).unwrap();
            let leaf = leaves[usize::try_from(index.0).unwrap()];
            prop_assert_eq!(check_inclusion(index, earlier, leaf, &proof, at(earlier)), Ok(()));
            let proof = consistency_proof(&grown, earlier, TreeSize(size)).unwrap();
            prop_assert_eq!(check_consistency(earlier, TreeSize(size), &proof, at(earlier), at(TreeSize(size))), Ok(()));
        }
    }
}
