//! The suite that every back end passes, faults included.
