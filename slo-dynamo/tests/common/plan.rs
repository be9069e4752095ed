//! What goes wrong on a wire, from a seed.

/// What happens to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// It is applied, and the connection closes without an answer; also several in a row.
    Lost,
    /// The connection closes, and it is applied some time later.
    Late,
    /// The connection is reset, and it is never applied.
    Reset,
    /// 400 of either kind, several in a row.
    Throttled,
    /// 500 or 503.
    Failed,
    /// It is applied; the head of the answer comes, and the body does not.
    Stalled,
    /// It is applied; half of the answer's body comes, and the connection closes.
    Half,
    /// It is applied twice and answered once.
    Twice,
    /// A batch is answered for half of its keys.
    Partial,
}

impl Fault {
    pub(crate) const ALL: [Self; 9] = [
        Self::Lost,
        Self::Late,
        Self::Reset,
        Self::Throttled,
        Self::Failed,
        Self::Stalled,
        Self::Half,
        Self::Twice,
        Self::Partial,
    ];
}

/// How many requests in a row are throttled, or lose their answers: more than one call makes.
const BURST: u64 = 8;

/// What happens to the request that arrives as number `place`.
pub(crate) fn planned(seed: u64, place: u64, operation: &str) -> Option<Fault> {
    match draw(seed ^ 0xb0b, place / BURST) % 24 {
        0 => return Some(Fault::Throttled),
        1 => return Some(Fault::Lost),
        _ => {}
    }
    Some(match draw(seed, place) % 100 {
        0..6 => Fault::Lost,
        6..10 => Fault::Late,
        10..13 => Fault::Reset,
        13..16 => Fault::Failed,
        16..18 => Fault::Stalled,
        18..21 => Fault::Half,
        21..26 => Fault::Twice,
        26..60 if operation == "BatchGetItem" => Fault::Partial,
        _ => return None,
    })
}

/// The `place`th number of a sequence (`SplitMix64`, so that it is the same everywhere and for ever).
pub(crate) fn draw(seed: u64, place: u64) -> u64 {
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
    let start = mixed(seed.wrapping_add(STEP));
    mixed(start.wrapping_add(place.wrapping_add(1).wrapping_mul(STEP)))
}

const fn mixed(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
