//! How much of a document aliases may repeat: as much as kubectl lets them.
//!
//! The rule is that of the Go library by which kubectl reads YAML: the more values a document
//! comes to, the smaller a part of them may be copies.
//! <https://github.com/yaml/go-yaml/blob/v2/decode.go>

/// The values of a document so far.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Aliases {
    all: usize,
    copies: usize,
}

/// Up to so many values, nearly all may be copies.
const FEW: usize = 400_000;

/// From so many values on, a tenth may be copies.
const MANY: usize = 4_000_000;

impl Aliases {
    /// Counts a value that is written.
    pub(crate) fn written(&mut self) {
        self.all = self.all.saturating_add(1);
    }

    /// Counts the values that a copy is of.
    pub(crate) fn copied(&mut self, values: usize) {
        self.all = self.all.saturating_add(values);
        self.copies = self.copies.saturating_add(values);
    }

    /// Whether more are copies than kubectl lets be.
    pub(crate) fn are_too_many(self) -> bool {
        if self.copies <= 100 || self.all <= 1000 {
            return false;
        }
        // Percent, so that the comparison is in whole numbers: 99 up to the few, 10 from the many.
        let above = self.all.clamp(FEW, MANY).saturating_sub(FEW) as u128;
        let span = (MANY - FEW) as u128;
        let (copies, all) = (self.copies as u128, self.all as u128);
        copies * 100 * span > all * (99 * span - 89 * above)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_a_document_the_fewer_of_its_values_may_be_copies() {
        for (all, copies, too_many) in [
            (1000, 1000, false),
            (1001, 100, false),
            (1001, 1000, true),
            (400_000, 396_000, false),
            (400_000, 396_001, true),
            (2_200_000, 1_199_000, false),
            (2_200_000, 1_199_001, true),
            (4_000_000, 400_000, false),
            (4_000_000, 400_001, true),
            (40_000_000, 4_000_001, true),
        ] {
            let aliases = Aliases { all, copies };
            assert_eq!(aliases.are_too_many(), too_many, "{copies} of {all}");
        }
    }
}
