//! Counters whose cells are looked up once: a request only adds.

use kokuin_web::metrics::{Counter, Label, Registry};

use crate::RefusalClass;

/// What a service counts for operators. Labels are classes, never anything a stranger can choose (THR-86).
#[derive(Debug)]
pub(crate) struct Meter {
    tokens: Counter,
    refusals: [Counter; RefusalClass::ALL.len()],
}

/// The codes of all classes.
const CODES: [&str; RefusalClass::ALL.len()] = {
    let mut codes = [""; RefusalClass::ALL.len()];
    let mut place = 0;
    while place < codes.len() {
        codes[place] = RefusalClass::ALL[place].code();
        place += 1;
    }
    codes
};

impl Meter {
    /// Cells in `registry`.
    pub(crate) fn new(registry: &Registry) -> Self {
        let label = Label { name: "code", values: &CODES };
        let refusals = registry.labelled("kokuin_tsa_refusals_total", "Requests without a token, by rule.", label);
        Self {
            tokens: registry.counter("kokuin_tsa_tokens_total", "Tokens that left."),
            refusals: CODES.map(|code| refusals.cell(code)),
        }
    }

    /// A token left.
    pub(crate) fn token(&self) {
        self.tokens.add(1);
    }

    /// A request was refused.
    pub(crate) fn refusal(&self, class: RefusalClass) {
        self.refusals[class.index()].add(1);
    }
}
