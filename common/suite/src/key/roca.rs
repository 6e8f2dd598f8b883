//! RSA keys of one vendor's library whose primes have so much in common that they can be factored (CVE-2017-15361, "ROCA").
//!
//! Its primes are `k*M + (65537^a mod M)`, with `M` the product of the first primes. So the modulus of such a key is a power of 65537 modulo `M`, which that of
//! another key is by chance about once in 2^150 (Nemec, Sys, Svenda, Klinec, Matyas: The Return of Coppersmith's Attack, CCS 2017, section 2).

/// The primes that divide `M` for every length of key, without 2, in groups whose products fit 56 bits.
const GROUPS: [&[u64]; 5] = [
    &[3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43],
    &[47, 53, 59, 61, 67, 71, 73, 79, 83],
    &[89, 97, 101, 103, 107, 109, 113, 127],
    &[131, 137, 139, 149, 151, 157, 163],
    &[167],
];

/// Whether `modulus`, big-endian, is a power of 65537 modulo all of them.
pub(super) fn is_factorable(modulus: &[u8]) -> bool {
    let mut powers: Vec<Power> = Vec::new();
    for group in GROUPS {
        let rest = remainder(modulus, group.iter().product());
        for &prime in group {
            let Some(power) = Power::of(rest % prime, prime) else { return false };
            if !powers.iter().all(|other| other.agrees(power)) {
                return false;
            }
            powers.push(power);
        }
    }
    true
}

/// A number's exponent to the base 65537 modulo a prime, known modulo the order of 65537 there.
#[derive(Clone, Copy)]
struct Power {
    exponent: u64,
    order: u64,
}

impl Power {
    fn of(number: u64, prime: u64) -> Option<Self> {
        let (mut power, mut order, mut exponent) = (1, 0, None);
        loop {
            if power == number {
                exponent = Some(order);
            }
            power = power * 65537 % prime;
            order += 1;
            if power == 1 {
                return exponent.map(|exponent| Self { exponent, order });
            }
        }
    }

    /// Whether one exponent can be both (Chinese remainder theorem).
    fn agrees(self, other: Self) -> bool {
        let common = common_divisor(self.order, other.order);
        self.exponent % common == other.exponent % common
    }
}

fn common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

/// `modulus` has 56 bits at most, so that a further octet fits.
fn remainder(number: &[u8], modulus: u64) -> u64 {
    number.iter().fold(0, |rest, octet| ((rest << 8) | u64::from(*octet)) % modulus)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_groups_are_the_primes_from_3_to_167_and_fit() {
        let primes: Vec<u64> = GROUPS.concat();
        let expected: Vec<u64> = (3..=167).filter(|n| (2..*n).all(|d| n % d != 0)).collect();
        assert_eq!(primes, expected);
        for group in GROUPS {
            assert!(group.iter().product::<u64>() < 1 << 56);
        }
    }

    // Of the vectors of github.com/crocs-muni/roca (roca/tests/data): cert04, cert05 are of the vendor's library, cert01, cert06 are not.
    const FACTORABLE: [&str; 2] = [
        "025927b52ba5e68c8c9268bb9218f37673614ca65418f4745b143cd4ee53f9491c9a0e1c2f23a9516306affbf38667b871bc0cc82e60f5bb1\
             a9fa15a5671a765c9f21b9587d80115964372a383c883b0dcbf6c775706b31eaff3e3fd488559a08cdea20f9a97c4c59b6b8a8eeca457d4a\
             820d49509f759336302bca1a3690b08091811f858f2e8cea5a62355ad6e041d1935eda59289b597683b73e2657ae74bffc760e4d513cc87d\
             b9355918eaa08d398bbe5f6835dc87125211b9b36b3a0bc70b993a6cb3f7d2cb4061de73db972c942adf9955b6fe4cd90f00d088aec04af1\
             f5eff91f21af5ed44617c7db8093f95366db26580c4af399deb94f9b141305be1",
        "01a9c5a687db8fb2a30f82dff8dda154c291ef27b04b25e185b8ab20c4c6a5f604859fe59ede54a0af7c0e7288800ad7193bb731a5bf1e117\
             0d7a1c66930d41ea3eb21dedf7b8af5d42a91c34f72045b96efd57cb182301ddcc26967e5508e9ab889986d57e837dfe70f99fc37c498f43\
             c17c3b9b064cf704443d7a033e03a821697aabf30fb29ee7d33b3767965a89058e3b39754bd3a1c007d28a23b0cfa79f9d711ac6e4c4b4f7\
             7b0634b1ecd68591af03c7d53b62a5f2d91163d4ef4f8f26831ae461ed85ec5f788c5123ffc12c87420fdcfea1d1b4a52c3521824fb39983\
             48739b62a986d8e76b2289bc2eb8bc06d138147851b83a07183d210559f906321",
    ];
    const OTHERS: [&str; 2] = [
        "9cd30cf05ae52e47b7725d3783b3686330ead735261925e1bdbe35f170922fb7b84b4105aba99e350858ecb12ac468870ba3e375e4e6f3a7\
             6271ba7981601fd7919a9ff3d0786771c8690e9591cffee699e9603c48cc7eca4d7712249d471b5aebb9ec1e37001c9cac7ba705eace4aeb\
             bd41e53698b9cbfd6d3c9668df232a42900c867467c87fa59ab8526114133f65e98287cbdbfa0e56f68689f3853f9786afb0dc1aef6b0d95\
             167dc42ba065b299043675806bac4af31b9049782fa2964f2a20252904c674c0d031cd8f31389516baa833b843f1b11fc3307fa27931133d\
             2d36f8e3fcf2336ab93931c5afc48d0d1d641633aafa8429b6d40bc0d87dc393",
        "9b189d5a3324020a8f029ca37caa98f04d0882b688d82fc6a63555f1f6f39e3deafdda298a617278360fe155557cda909a5c5f38560bdcad\
             ecc7f56c32f6a0086d09807e9d3cd526eb023d1366f59a876ac995596769e599c11951c7357ca9a3abfba035a6bb9c75041e7f5f66693042\
             40d0363e38bd916bdfae58be0a5c0cd838004aff45da20b47e30196a033df21b574346a976a3ff9254120faec15d50a0245b756bfe63e3fa\
             3abc1d6d095d9f51ab75ad75b6127e510bfde374bf44ad64a46d3e2d6c7224e26f84b41fcf7ae82df634c54fa799e242b03fed2600d2460b\
             d8b0669c96777f2006914d48868b01c71ff8478da48b3e736d6e91ef64a6addf",
    ];

    #[test]
    fn knows_the_keys_that_can_be_factored_and_no_others_thr_68() {
        for modulus in FACTORABLE {
            assert!(is_factorable(&hex::decode(modulus).unwrap()), "{modulus}");
        }
        for modulus in OTHERS {
            assert!(!is_factorable(&hex::decode(modulus).unwrap()), "{modulus}");
        }
    }

    /// What is a power modulo each prime alone, as a forged example may be, is not taken for such a key.
    #[test]
    fn exponents_that_contradict_each_other_are_no_sign_thr_68() {
        // 65537 has order 2 modulo 11 and 6 modulo 13, in which exponents 0 and 1 cannot both be.
        let (even, odd) = (Power::of(1, 11).unwrap(), Power::of(65537 % 13, 13).unwrap());
        assert!(!even.agrees(odd) && odd.agrees(odd));
    }
}
