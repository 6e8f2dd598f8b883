//! The protocol of one validation: every check made, in order, and the first one that did not hold.

use crate::{
    report::{Check, Outcome},
    rule::Rule,
    status::{Status, SubIndication},
};

/// A rule that does not hold, and what follows from it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Conclusion {
    pub(crate) rule: Rule,
    pub(crate) status: Status,
    pub(crate) sub_indication: SubIndication,
    /// One plain sentence.
    pub(crate) reason: String,
}

impl Conclusion {
    /// The status is the one that the standard ties to `sub_indication`.
    pub(crate) fn new(rule: Rule, sub_indication: SubIndication, reason: impl Into<String>) -> Self {
        Self { rule, status: sub_indication.status(), sub_indication, reason: reason.into() }
    }

    /// Not settled, where the standard's own tie would claim more than is known (THR-29: which artefact it is, is unclear).
    pub(crate) fn undetermined(rule: Rule, sub_indication: SubIndication, reason: impl Into<String>) -> Self {
        Self { status: Status::Indeterminate, ..Self::new(rule, sub_indication, reason) }
    }
}

/// Checks in the order they were made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Checks(Vec<Check>);

impl Checks {
    pub(crate) fn passed(&mut self, rule: Rule, detail: impl Into<String>) {
        self.push(rule, Outcome::Passed, detail);
    }

    pub(crate) fn note(&mut self, rule: Rule, detail: impl Into<String>) {
        self.push(rule, Outcome::Note, detail);
    }

    pub(crate) fn not_checked(&mut self, rule: Rule, detail: impl Into<String>) {
        self.push(rule, Outcome::NotChecked, detail);
    }

    /// Records what did not hold; gives it back to be returned.
    pub(crate) fn conclude(&mut self, conclusion: Conclusion) -> Conclusion {
        let outcome = match conclusion.status {
            Status::TotalFailed => Outcome::Failed,
            Status::Indeterminate | Status::TotalPassed => Outcome::Indeterminate,
        };
        self.push(conclusion.rule, outcome, conclusion.reason.clone());
        conclusion
    }

    pub(crate) fn fail(&mut self, rule: Rule, sub_indication: SubIndication, reason: impl Into<String>) -> Conclusion {
        self.conclude(Conclusion::new(rule, sub_indication, reason))
    }

    pub(crate) fn into_vec(self) -> Vec<Check> {
        self.0
    }

    fn push(&mut self, rule: Rule, outcome: Outcome, detail: impl Into<String>) {
        self.0.push(Check { id: rule.code(), clause: rule.clause(), outcome, detail: detail.into() });
    }
}
