//! What the development CA makes, checked with real keys and another reader's eyes.

#[cfg(test)]
mod authority;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod support;
