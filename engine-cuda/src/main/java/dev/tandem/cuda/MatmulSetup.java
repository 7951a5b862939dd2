package dev.tandem.cuda;

import java.nio.file.Path;

/// A library of matrix products and what the settings say of it.
///
/// @param tunes whether algorithms are timed and kept; otherwise the library's first that is right is taken
/// @param cache folder for the algorithms that were chosen
record MatmulSetup(MatmulLibrary library, boolean tunes, Path cache) {}
