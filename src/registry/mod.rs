//! The basic information registry's files: accounts and review records in, accounts out.
