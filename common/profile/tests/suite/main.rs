//! Profiles against certificates and CRLs that break one rule each, and against their own documentation.

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod crl;
#[cfg(test)]
mod documentation;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod support;
