//! The RFC 3161 time-stamp service: the way of one request, from bytes to a token that may leave.
