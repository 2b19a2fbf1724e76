//! The only reader of the outside: files, standard input, saved snapshots.
