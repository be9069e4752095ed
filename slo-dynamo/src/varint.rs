//! Numbers in few bytes: two codes.
//!
//! Counts are LEB128: seven bits a byte, the lowest first; the high bit says that another byte follows.
//!
//! What DynamoDB compares has an order. Its code is that of SQLite4: the first byte says how long it is.
//!
//! | First byte | Length | Numbers |
//! |---|---|---|
//! | 0 to 240 | 1 | itself |
//! | 241 to 248 | 2 | up to 2,287 |
//! | 249 | 3 | up to 67,823 |
//! | 250 to 255 | 4 to 9 | the bytes that follow, big endian |
//!
//! Two properties carry the conditions of the counts table, which compare binaries as unsigned
//! bytes. Order: of two codes the greater one is that of the greater number. No code begins with
//! another one: so a stored `code ‖ payload` is below the bare code of every greater number, and
//! above the bare code of its own.

/// The largest number of two bytes, plus one.
const TWO: u64 = 240 + 8 * 256;
/// The largest number of three bytes, plus one.
const THREE: u64 = TWO + 65_536;

/// Appends a count.
pub(crate) fn push_count(bytes: &mut Vec<u8>, mut count: u128) {
    loop {
        let [low, ..] = count.to_le_bytes();
        count >>= 7;
        if count == 0 {
            return bytes.push(low & 0x7f);
        }
        bytes.push(low | 0x80);
    }
}

/// Takes a count from the front; `None` when the bytes end before it does, or it has more than 128 bits.
pub(crate) fn take_count(bytes: &mut &[u8]) -> Option<u128> {
    let mut count = 0;
    for shift in (0..128).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let part = u128::from(byte & 0x7f);
        count |= part << shift;
        if byte & 0x80 == 0 {
            return (count >> shift == part).then_some(count);
        }
    }
    None
}

/// Appends a number in the order that DynamoDB compares.
pub(crate) fn push(bytes: &mut Vec<u8>, number: u64) {
    let [.., b2, b1, b0] = number.to_be_bytes();
    match number {
        0..=240 => bytes.push(b0),
        241..TWO => {
            let [.., high, low] = (number - 240).to_be_bytes();
            bytes.extend([241 + high, low]);
        }
        TWO..THREE => {
            let [.., high, low] = (number - TWO).to_be_bytes();
            bytes.extend([249, high, low]);
        }
        THREE..0x100_0000 => bytes.extend([250, b2, b1, b0]),
        _ => {
            let wide = number.to_be_bytes();
            let zeros = wide.iter().take_while(|byte| **byte == 0).count();
            // 4 bytes are said by 251, 8 by 255.
            let length = [255, 254, 253, 252, 251][zeros];
            bytes.push(length);
            bytes.extend(&wide[zeros..]);
        }
    }
}

/// The code of one number.
pub(crate) fn code(number: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(9);
    push(&mut bytes, number);
    bytes
}

/// Takes a number from the front; `None` when the bytes end before it does.
pub(crate) fn take(bytes: &mut &[u8]) -> Option<u64> {
    let (&first, rest) = bytes.split_first()?;
    let length = match first {
        0..=240 => 0,
        241..=248 => 1,
        249 => 2,
        250..=255 => usize::from(first) - 247,
    };
    let (digits, rest) = rest.split_at_checked(length)?;
    let tail = digits.iter().fold(0, |number, digit| number << 8 | u64::from(*digit));
    *bytes = rest;
    Some(match first {
        0..=240 => u64::from(first),
        241..=248 => 240 + 256 * (u64::from(first) - 241) + tail,
        249 => TWO + tail,
        250..=255 => tail,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn round_trip(number: u64) -> Vec<u8> {
        let bytes = code(number);
        let mut rest = &bytes[..];
        assert_eq!(take(&mut rest), Some(number));
        assert!(rest.is_empty(), "{number}: {bytes:?}");
        bytes
    }

    /// What a condition sees: the bare code of a number against a stored code with a payload.
    fn separates(lower: &[u8], higher: &[u8]) {
        for payload in [&[][..], &[0], &[255; 20]] {
            assert!(*[lower, payload].concat() < *higher, "{lower:?} {higher:?}");
            assert!(*[higher, payload].concat() >= *higher);
        }
    }

    #[test]
    fn the_bytes_are_fixed() {
        for (number, bytes) in [
            (0, &[0][..]),
            (240, &[240]),
            (241, &[241, 1]),
            (2_287, &[248, 255]),
            (2_288, &[249, 0, 0]),
            (67_823, &[249, 255, 255]),
            (67_824, &[250, 1, 8, 240]),
            (0xff_ffff, &[250, 255, 255, 255]),
            (0x100_0000, &[251, 1, 0, 0, 0]),
            (0xffff_ffff, &[251, 255, 255, 255, 255]),
            ((1 << 53) - 1, &[254, 31, 255, 255, 255, 255, 255, 255]),
            (u64::MAX, &[255, 255, 255, 255, 255, 255, 255, 255, 255]),
        ] {
            assert_eq!(code(number), bytes, "{number}");
        }
    }

    #[test]
    fn neighbours_keep_their_order_across_every_length() {
        let mut below = round_trip(0);
        for number in 1..=200_000 {
            let bytes = round_trip(number);
            separates(&below, &bytes);
            below = bytes;
        }
        for power in (16..64).map(|bit| 1_u64 << bit) {
            for number in power - 3..power + 3 {
                separates(&round_trip(number), &round_trip(number + 1));
            }
        }
    }

    #[test]
    fn what_ends_early_is_no_number() {
        for number in [241, 2_288, 67_824, 1 << 24, u64::MAX] {
            let bytes = code(number);
            for end in 0..bytes.len() {
                assert_eq!(take(&mut &bytes[..end]), None);
            }
        }
    }

    #[test]
    fn the_bytes_of_a_count_are_fixed() {
        for (count, bytes) in [
            (0, &[0][..]),
            (127, &[127]),
            (128, &[128, 1]),
            (60_000, &[224, 212, 3]),
            (u128::MAX, &[&[255; 18][..], &[3]].concat()),
        ] {
            let mut coded = Vec::new();
            push_count(&mut coded, count);
            assert_eq!(coded, bytes, "{count}");
            assert_eq!(take_count(&mut &coded[..]), Some(count));
            for end in 0..coded.len() {
                assert_eq!(take_count(&mut &coded[..end]), None);
            }
        }
        // Beyond 128 bits.
        for last in [4, 0x83] {
            assert_eq!(take_count(&mut &[&[255; 18][..], &[last, 0]].concat()[..]), None);
        }
    }

    proptest! {
        #[test]
        fn any_count_is_read_back(count: u128, shift in 0_u32..128) {
            let mut bytes = Vec::new();
            push_count(&mut bytes, count >> shift);
            bytes.push(9);
            let mut rest = &bytes[..];
            prop_assert_eq!(take_count(&mut rest), Some(count >> shift));
            prop_assert_eq!(rest, [9]);
        }

        #[test]
        fn any_two_numbers_keep_their_order(a: u64, b: u64, shift in 0_u32..64) {
            let (a, b) = (a >> shift, b >> (shift / 2));
            let (bytes_a, bytes_b) = (round_trip(a), round_trip(b));
            prop_assert_eq!(a.cmp(&b), bytes_a.cmp(&bytes_b));
            if a < b {
                separates(&bytes_a, &bytes_b);
            }
        }
    }
}
