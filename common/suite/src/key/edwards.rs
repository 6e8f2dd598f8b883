//! Ed25519 points that prove nothing: encodings that are not canonical, and points of small order (THR-10).

/// y-coordinates of the points of order 1, 2, 4 and 8, little-endian and canonical: 1, p-1, 0, and the two of order 8.
const SMALL_ORDER_Y: [[u8; 32]; 5] = [
    hex32(b"0100000000000000000000000000000000000000000000000000000000000000"),
    hex32(b"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    hex32(b"0000000000000000000000000000000000000000000000000000000000000000"),
    hex32(b"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    hex32(b"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
];

const fn hex32(digits: &[u8; 64]) -> [u8; 32] {
    const fn digit(octet: u8) -> u8 {
        if octet.is_ascii_digit() { octet - b'0' } else { octet - b'a' + 10 }
    }
    let mut out = [0; 32];
    let mut i = 0;
    while i < 32 {
        out[i] = digit(digits[2 * i]) << 4 | digit(digits[2 * i + 1]);
        i += 1;
    }
    out
}

/// Whether 32 octets encode a y below p = 2^255 - 19 that is not one of the small orders'.
pub(crate) fn is_strong_edwards_point(encoded: &[u8; 32]) -> bool {
    let mut y = *encoded;
    y[31] &= 0x7f;
    let canonical = y[0] < 0xed || y[31] != 0x7f || y[1..31].iter().any(|octet| *octet != 0xff);
    canonical && !SMALL_ORDER_Y.contains(&y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_small_order_and_non_canonical_points() {
        let hex = |digits: &str| -> [u8; 32] { hex::decode(digits).unwrap().try_into().unwrap() };
        // Order 1, 2, 4, 8 with either sign, and y >= p (RFC 8032 8.9; the published lists of small-order points).
        for weak in [
            "0100000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000080",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0000000000000000000000000000000000000000000000000000000000000080",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "f5ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        ] {
            assert!(!is_strong_edwards_point(&hex(weak)), "{weak}");
        }
        // RFC 8032 section 7.1, test 1.
        assert!(is_strong_edwards_point(&hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")));
    }
}
