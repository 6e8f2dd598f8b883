//! RFC 4998 hash trees and evidence records.
