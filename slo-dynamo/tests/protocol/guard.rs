//! What the protocol relies on, each part by a name, so that it can be left out.

/// A condition of a request, or the order of two steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    /// W1: a slot is replaced by a higher revision only.
    Revision,
    /// A replay performs the day step too.
    ReplayRepeatsDay,
    /// W2: a digest is replaced by that of a later image only.
    LaterImage,
    /// W2: a day with a mark is not written.
    Unmarked,
    /// W3 after W2 created the day.
    BumpAfterCreation,
    /// W3 after W2 found a day without a mark, in a process that does not know the source.
    BumpWhenUnknown,
    /// W3 after W2 found a day with a mark that has the image, in a process that does not know the source.
    BumpWhenMarked,
    /// A process knows a source after W3, not before.
    KnownAfterBump,
    /// W2u before W2m.
    UnsealBeforeUnmark,
    /// W2u whatever the generation is; without it, only if it is the mark that W2 met.
    UnsealAlways,
    /// W2m: the mark is still the one that W2 met.
    SameMark,
    /// W2m: a digest is replaced by that of a later image only.
    LaterImageUnmarked,
    /// S1 before S2.
    FenceBeforeQuery,
    /// S3: a mark is replaced by a higher one only.
    HigherMark,
    /// S4: the hours are read after the marks are set.
    HoursAfterMarks,
    /// S4: every hour has reached its marked digest.
    HoursReachDigests,
    /// S4: a pack is replaced by that of a later generation only.
    LaterPack,
    /// S5: the sum has still the sealer's generation.
    SameGeneration,
    /// A reader by the minute takes the pack of the sum's generation only.
    PackOfSum,
}

impl Guard {
    pub(crate) const ALL: [Self; 19] = [
        Self::Revision,
        Self::ReplayRepeatsDay,
        Self::LaterImage,
        Self::Unmarked,
        Self::BumpAfterCreation,
        Self::BumpWhenUnknown,
        Self::BumpWhenMarked,
        Self::KnownAfterBump,
        Self::UnsealBeforeUnmark,
        Self::UnsealAlways,
        Self::SameMark,
        Self::LaterImageUnmarked,
        Self::FenceBeforeQuery,
        Self::HigherMark,
        Self::HoursAfterMarks,
        Self::HoursReachDigests,
        Self::LaterPack,
        Self::SameGeneration,
        Self::PackOfSum,
    ];
}
