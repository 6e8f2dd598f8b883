//! Key back ends. `soft` holds encrypted PKCS#8 keys, for development and tests.
