//! Whether an SPDX licence expression can be satisfied with the licences that are allowed (SPDX
//! specification, annex D).

/// Whether the licences in `allowed` are enough for the expression. An exception belongs to its
/// licence: `Apache-2.0 WITH LLVM-exception` is allowed by that text alone. The old spelling
/// `MIT/Apache-2.0` means a choice.
pub fn is_satisfied(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let mut words = Words {
        rest: spaced.split_whitespace().collect(),
        allowed,
    };
    words.rest.reverse();
    words.any_of() == Some(true) && words.rest.is_empty()
}

/// The words that are left, last one first. Each rule gives `None` when the expression is broken.
struct Words<'a> {
    rest: Vec<&'a str>,
    allowed: &'a [String],
}

impl Words<'_> {
    fn any_of(&mut self) -> Option<bool> {
        let mut satisfied = self.all_of()?;
        while self.takes("OR") {
            satisfied |= self.all_of()?;
        }
        Some(satisfied)
    }

    fn all_of(&mut self) -> Option<bool> {
        let mut satisfied = self.one()?;
        while self.takes("AND") {
            satisfied &= self.one()?;
        }
        Some(satisfied)
    }

    fn one(&mut self) -> Option<bool> {
        if self.takes("(") {
            let satisfied = self.any_of()?;
            return self.takes(")").then_some(satisfied);
        }
        let mut licence = self.name()?;
        if self.takes("WITH") {
            licence = format!("{licence} WITH {}", self.name()?);
        }
        Some(self.allowed.contains(&licence))
    }

    fn name(&mut self) -> Option<String> {
        self.rest
            .pop()
            .filter(|word| !["(", ")", "AND", "OR", "WITH"].contains(word))
            .map(str::to_owned)
    }

    fn takes(&mut self, word: &str) -> bool {
        self.rest.pop_if(|next| *next == word).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::is_satisfied;

    #[test]
    fn expressions_are_judged_by_their_structure() {
        let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
        let cases = [
            ("MIT", true),
            ("GPL-3.0", false),
            ("GPL-3.0 OR MIT", true),
            ("MIT/Apache-2.0", true),
            ("MIT AND GPL-3.0", false),
            ("ISC AND (GPL-3.0 OR MIT)", true),
            ("(GPL-3.0 OR MIT) AND GPL-2.0", false),
            ("GPL-3.0 OR MIT AND ISC", true),
            ("Apache-2.0", false),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("MIT WITH LLVM-exception", false),
            ("", false),
            ("MIT OR", false),
            ("(MIT", false),
            ("MIT)", false),
            ("MIT MIT", false),
            ("AND", false),
        ];
        for (expression, expected) in cases {
            assert_eq!(
                is_satisfied(expression, &allowed),
                expected,
                "{expression:?}"
            );
        }
    }
}
