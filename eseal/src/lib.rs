//! The e-seal service: the way of one document, from submission to a sealed object that may leave.
