package dev.tandem.bench.peer;

/// What a contestant has to keep to.
///
/// @param backend of Tandem, by name
/// @param threads that may compute
record Setting(String backend, int threads) {}
